"""Decisions about oneself: who made them, when and why, and what one objects to."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import flask
from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from labeler import database
from labeler.errors import Invalid
from labeler.people.accounts import Person
from labeler.people.memberships import Role
from labeler.quality import disputes, explained, refusals
from labeler.quality.disputes import Finding
from labeler.quality.explained import About, Act
from labeler.quality.refusals import ReasonCode, Refusal, RefusalState
from labeler.said import say
from labeler.text import markdown
from labeler.web import forms, visitors
from labeler.web.filters import gettext as _
from labeler.work import comparisons
from labeler.work.projects import Project

pages = Blueprint("rights", __name__, url_prefix="/decisions")

CODE_WORDS = {
    ReasonCode.not_done: say("The task was not done"),
    ReasonCode.copied: say("It was copied"),
    ReasonCode.by_machine: say("A program made it"),
    ReasonCode.somebody_else: say("Somebody else did it"),
    ReasonCode.other: say("Another reason"),
}
STATE_WORDS = {
    RefusalState.unreleased: say("Waits for a second owner"),
    RefusalState.proposed: say("Proposed; they may appeal"),
    RefusalState.appealed: say("Appealed; waits for a decision"),
    RefusalState.refused: say("Not paid"),
    RefusalState.paid: say("Paid"),
    RefusalState.lapsed: say("Paid: nobody decided in time"),
    RefusalState.dropped: say("Paid: the proposal was taken back"),
}
ABOUT_WORDS = {
    About.exclusion: say("A judgment was left out of the data"),
    About.refusal: say("Whether a judgment is paid"),
    About.sent_back: say("A judgment was sent back to you"),
    About.qualification: say("The questions before the work were not passed"),
    About.removal: say("Your part in the project was ended"),
    About.pay: say("Pay"),
    About.time: say("Working time"),
    About.statement: say("A statement"),
    About.other: say("Something else"),
}
ROLE_WORDS = {
    Role.annotator: say("an annotator"),
    Role.reviewer: say("a reviewer"),
    Role.owner: say("an owner"),
}
FINDING_WORDS = {
    Finding.upheld: say("You are right"),
    Finding.stands: say("It stays as it was"),
}
BY_ITSELF = (About.pay, About.time, About.statement, About.other)
"""What can be contested without naming a decision."""
NAMELESS = (About.pay, About.time, About.other)


class ContestForm(BaseModel):
    """What somebody objects to."""

    model_config = ConfigDict(extra="forbid")

    project: str
    about: About
    subject: int | None = Field(None, ge=0, le=forms.LARGEST_ID)
    text: str


@pages.get("")
@login_required
def index() -> ResponseReturnValue:
    return _page({})


@pages.post("/refusals/<int:refusal_id>/appeal")
@login_required
def appeal(refusal_id: int) -> ResponseReturnValue:
    session, ada = database.session(), visitors.person()
    refusal = refusals.find_own(session, refusal_id, by=ada)
    try:
        refusals.appeal(session, refusal, request.form.get("appeal", ""), by=ada)
    except Invalid as refused:
        database.reread()
        return _page({refusal_id: refused.fields["appeal"]}), refused.status
    session.commit()
    flask.flash(_("Sent. Somebody who did not propose it decides, and tells you why."))
    return redirect(url_for("rights.index"))


@pages.get("/contest")
@login_required
def write() -> ResponseReturnValue:
    return _form(request.args, {})


@pages.post("/contest")
@login_required
def contest() -> ResponseReturnValue:
    session, ada = database.session(), visitors.person()
    given = forms.given()
    try:
        form = forms.parse(ContestForm, {k: v for k, v in given.items() if v or k != "subject"})
        project = _project(session, ada, form.project)
        subject = form.subject if form.about not in NAMELESS else None
        disputes.open(session, project, form.about, form.text, subject=subject, by=ada)
    except Invalid as refused:
        database.reread()
        return _form(given, refused.fields), refused.status
    session.commit()
    flask.flash(_("Sent. Somebody who did not decide it answers you in writing."))
    return redirect(url_for("rights.index"))


def _page(faults: Mapping[int, str]) -> str:
    session, ada = database.session(), visitors.person()
    acts = explained.of_person(session, ada.id)
    known = refusals.of_person(session, ada.id)
    mine = disputes.of_person(session, ada.id)
    judged = refusals.comparisons_of(session, known)
    ids = {*judged.values(), *(act.comparison_id for act in acts)} - {None}
    return render_template(
        "rights/index.html",
        waiting=[each for each in known if each.is_open],
        pay=refusals.pay_of(session, known),
        judged=judged,
        acts=acts,
        roles=explained.roles(session, acts),
        contested={(each.about, each.subject) for each in mine},
        disputes=mine,
        projects={each.id: each for each in explained.projects_of(session, ada)},
        prompts=comparisons.prompts_of(session, [n for n in ids if n is not None]),
        excerpt=markdown.plain,
        faults=faults,
        outcomes=_outcomes(known),
        **words(),
    )


def _outcomes(known: Iterable[Refusal]) -> dict[int, RefusalState]:
    return {each.id: each.state for each in known}


def words() -> dict[str, Any]:
    """Return what pages about decisions and objections call things."""
    return {
        "code_words": CODE_WORDS,
        "state_words": STATE_WORDS,
        "about_words": ABOUT_WORDS,
        "role_words": ROLE_WORDS,
        "finding_words": FINDING_WORDS,
    }


def _form(values: Mapping[str, str], faults: Mapping[str, str]) -> str:
    session, ada = database.session(), visitors.person()
    act = _act(session, ada, values)
    mine = explained.projects_of(session, ada)
    return render_template(
        "rights/contest.html",
        projects=_chosen(mine, act),
        abouts=[act.about] if act else BY_ITSELF,
        subject=values.get("subject", ""),
        values=values,
        faults=faults,
        days=disputes.TO_ANSWER.days,
        **words(),
    )


def _act(session: Session, ada: Person, values: Mapping[str, str]) -> Act | None:
    """Return the decision that an address or a form names, if it names one."""
    kinds = {about.value: about for about in About}
    about, subject = kinds.get(values.get("about", "")), values.get("subject", "")
    if about is None or about in BY_ITSELF or not subject.isdecimal():
        return None
    return explained.find(session, ada.id, about, int(subject))


def _chosen(mine: Sequence[Project], act: Act | None) -> list[Project]:
    return [each for each in mine if act is None or each.id == act.project_id]


def _project(session: Session, ada: Person, slug: str) -> Project:
    for project in explained.projects_of(session, ada):
        if project.slug == slug:
            return project
    fault = say("You have no part in such a project.")
    raise Invalid(fault, fields={"project": fault})
