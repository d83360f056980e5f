"""What waits for a decision about people's pay: proposals to refuse it, appeals, and objections."""

from collections.abc import Mapping
from enum import Enum

import flask
from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required
from pydantic import BaseModel, ConfigDict
from sqlalchemy.orm import Session

from labeler import database
from labeler.errors import Forbidden, Invalid, NotFound
from labeler.pay import money
from labeler.people import accounts
from labeler.people.memberships import Role
from labeler.progress import refused
from labeler.quality import brakes, disputes, refusals
from labeler.quality.disputes import Dispute, Finding
from labeler.quality.explained import About
from labeler.quality.refusals import ReasonCode, Refusal
from labeler.said import say, say_number
from labeler.web import forms, readings, visitors
from labeler.web.filters import gettext as _
from labeler.web.rights import words
from labeler.work import comparisons, projects
from labeler.work.comparisons import Comparison
from labeler.work.judgments import Judgment
from labeler.work.projects import Project

pages = Blueprint("disputes", __name__, url_prefix="/projects/<slug>")

OUTCOME_WORDS = [("pay", say("It is paid")), ("refuse", say("It is not paid"))]


class Outcome(Enum):
    """What somebody decides of a proposal."""

    pay = "pay"
    refuse = "refuse"


class ProposalForm(BaseModel):
    """Why a judgment should not be paid."""

    model_config = ConfigDict(extra="forbid")

    code: ReasonCode
    evidence: str


class DecisionForm(BaseModel):
    """Whether it is paid, and why."""

    model_config = ConfigDict(extra="forbid")

    outcome: Outcome
    reasons: str


class AnswerForm(BaseModel):
    """What is answered to an objection; an amount puts it right in money."""

    model_config = ConfigDict(extra="forbid")

    finding: Finding
    answer: str
    amount: str = ""


@pages.get("/disputes")
@login_required
def index(slug: str) -> ResponseReturnValue:
    session, rex = database.session(), visitors.person()
    project = projects.find(session, slug, by=rex, role=Role.reviewer)
    waiting = refusals.open_in(session, project.id)
    objections = disputes.open_in(session, project.id)
    people = [n for each in waiting for n in (each.person_id, each.proposed_by)]
    people += [each.person_id for each in objections]
    return render_template(
        "disputes/index.html",
        project=project,
        role=projects.role_in(session, project, rex),
        waiting=waiting,
        lot=sum(each.proposed_by != rex.id for each in brakes.unreleased(session, project.id)),
        objections=objections,
        pay=refusals.pay_of(session, waiting),
        people=accounts.by_id(session, people),
        places=refused.by_place(session, project.id),
        languages=refused.by_language(session, project.id),
        median=refused.median_time(session, project.id),
        least=refused.LEAST,
        **words(),
    )


@pages.get("/judgments/<int:judgment_id>/refuse")
@login_required
def consider(slug: str, judgment_id: int) -> ResponseReturnValue:
    return _proposal(slug, judgment_id, {}, {})


@pages.post("/judgments/<int:judgment_id>/refuse")
@login_required
def propose(slug: str, judgment_id: int) -> ResponseReturnValue:
    session, rex = database.session(), visitors.person()
    project = projects.find(session, slug, by=rex, role=Role.reviewer)
    judgment = _judgment(session, project, judgment_id)
    try:
        form = forms.read(ProposalForm)
        refusal = brakes.propose(session, judgment, form.code, form.evidence, by=rex)
    except Invalid as fault:
        database.reread()
        return _proposal(slug, judgment_id, request.form, fault.fields), fault.status
    session.commit()
    flask.flash(
        _("Proposed. The money is kept apart, and its owner reads why.")
        if refusal.notified_at
        else _("Proposed. With so many at once, another owner looks first; nothing is held yet.")
    )
    return redirect(url_for("disputes.show", slug=slug, refusal_id=refusal.id))


@pages.post("/refusals/release")
@login_required
def release(slug: str) -> ResponseReturnValue:
    session, olga = database.session(), visitors.person()
    project = projects.find(session, slug, by=olga, role=Role.owner)
    number = brakes.release(session, project, by=olga)
    session.commit()
    flask.flash(_(say_number("%(num)s was released.", "%(num)s were released.", number)))
    return redirect(url_for("disputes.index", slug=slug))


@pages.get("/refusals/<int:refusal_id>")
@login_required
def show(slug: str, refusal_id: int) -> ResponseReturnValue:
    return _refusal(slug, refusal_id, {}, {})


@pages.post("/refusals/<int:refusal_id>/decide")
@login_required
def decide(slug: str, refusal_id: int) -> ResponseReturnValue:
    session, sam = database.session(), visitors.person()
    project = projects.find(session, slug, by=sam, role=Role.reviewer)
    refusal = refusals.find(session, project.id, refusal_id)
    try:
        form = forms.read(DecisionForm)
        verb = refusals.pay if form.outcome is Outcome.pay else refusals.refuse
        verb(session, refusal, form.reasons, by=sam)
    except Invalid as fault:
        database.reread()
        return _refusal(slug, refusal_id, request.form, fault.fields), fault.status
    session.commit()
    flask.flash(_("Decided. The person reads your reasons."))
    return redirect(url_for("disputes.index", slug=slug))


@pages.post("/refusals/<int:refusal_id>/take-back")
@login_required
def take_back(slug: str, refusal_id: int) -> ResponseReturnValue:
    session, rex = database.session(), visitors.person()
    project = projects.find(session, slug, by=rex, role=Role.reviewer)
    refusals.take_back(session, refusals.find(session, project.id, refusal_id), by=rex)
    session.commit()
    flask.flash(_("Taken back. It is paid."))
    return redirect(url_for("disputes.index", slug=slug))


@pages.get("/disputes/<int:dispute_id>")
@login_required
def hear(slug: str, dispute_id: int) -> ResponseReturnValue:
    return _dispute(slug, dispute_id, {}, {})


@pages.post("/disputes/<int:dispute_id>")
@login_required
def answer(slug: str, dispute_id: int) -> ResponseReturnValue:
    session, sam = database.session(), visitors.person()
    project = projects.find(session, slug, by=sam, role=Role.reviewer)
    dispute = disputes.find(session, project.id, dispute_id)
    try:
        form = forms.read(AnswerForm)
        minor = _amount(session, dispute, form.amount)
        if minor and projects.role_in(session, project, sam) is not Role.owner:
            raise Forbidden("Only an owner can pay what was missing.")
        disputes.answer(session, dispute, form.answer, form.finding, amount_minor=minor, by=sam)
    except Invalid as fault:
        database.reread()
        faults = fault.fields or {"amount": fault.message}
        return _dispute(slug, dispute_id, request.form, faults), fault.status
    session.commit()
    flask.flash(_("Answered. The person reads it."))
    return redirect(url_for("disputes.index", slug=slug))


def _amount(session: Session, dispute: Dispute, text: str) -> int:
    if not text.strip():
        return 0
    try:
        return money.minor(text, disputes.currency(session, dispute))
    except Invalid as fault:
        raise Invalid(fault.message, fields={"amount": fault.message}) from None


def _judgment(session: Session, project: Project, judgment_id: int) -> Judgment:
    judgment = session.get(Judgment, judgment_id)
    if judgment is None or judgment.project_id != project.id:
        raise NotFound("There is no such judgment.")
    return judgment


def _proposal(
    slug: str, judgment_id: int, values: Mapping[str, str], faults: Mapping[str, str]
) -> str:
    session, rex = database.session(), visitors.person()
    project = projects.find(session, slug, by=rex, role=Role.reviewer)
    judgment = _judgment(session, project, judgment_id)
    comparison = comparisons.find(session, project.id, judgment.comparison_id)
    return render_template(
        "disputes/propose.html",
        project=project,
        role=projects.role_in(session, project, rex),
        judgment=judgment,
        person=accounts.by_id(session, [judgment.person_id])[judgment.person_id],
        days=refusals.TO_ANSWER.days,
        values=values,
        faults=faults,
        **readings.reading(session, comparison),
        **words(),
    )


def _refusal(
    slug: str, refusal_id: int, values: Mapping[str, str], faults: Mapping[str, str]
) -> str:
    session, rex = database.session(), visitors.person()
    project = projects.find(session, slug, by=rex, role=Role.reviewer)
    refusal = refusals.find(session, project.id, refusal_id)
    judgment = session.get_one(Judgment, refusal.judgment_id)
    return render_template(
        "disputes/show.html",
        project=project,
        role=projects.role_in(session, project, rex),
        refusal=refusal,
        judgment=judgment,
        comparison=session.get_one(Comparison, judgment.comparison_id),
        earned=refusals.pay_of(session, [refusal])[refusal.transfer_id],
        people=accounts.by_id(session, _named(refusal)),
        outcomes=OUTCOME_WORDS,
        values=values,
        faults=faults,
        **words(),
    )


def _named(refusal: Refusal) -> list[int]:
    named = (refusal.person_id, refusal.proposed_by, refusal.released_by, refusal.decided_by)
    return [number for number in named if number is not None]


def _dispute(
    slug: str, dispute_id: int, values: Mapping[str, str], faults: Mapping[str, str]
) -> str:
    session, rex = database.session(), visitors.person()
    project = projects.find(session, slug, by=rex, role=Role.reviewer)
    dispute = disputes.find(session, project.id, dispute_id)
    named = [n for n in (dispute.person_id, dispute.answered_by) if n is not None]
    return render_template(
        "disputes/hear.html",
        project=project,
        role=projects.role_in(session, project, rex),
        dispute=dispute,
        refers_to_refusal=dispute.about is About.refusal,
        may_answer=rex.id not in disputes.deciders(session, dispute),
        currency=disputes.currency(session, dispute),
        people=accounts.by_id(session, named),
        values=values,
        faults=faults,
        **words(),
    )
