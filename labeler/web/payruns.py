"""Pay runs: what is due, a run of it step by step, and what became of each payout."""

import io
from collections.abc import Callable
from datetime import date
from typing import Any

import flask
from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from labeler import clock, database
from labeler.errors import Invalid, NotFound
from labeler.pay import destinations, details, dues, mappings, payouts, results, runs
from labeler.pay.payouts import Held, Payout, PayoutState
from labeler.pay.rails.making import Rail
from labeler.pay.runs import PayRun, RunState
from labeler.people import accounts
from labeler.people.accounts import Person
from labeler.people.memberships import Role
from labeler.said import Said, say, say_number
from labeler.text import lines
from labeler.web import forms, visitors
from labeler.web.filters import gettext as _
from labeler.work import projects
from labeler.work.projects import Project

pages = Blueprint("payruns", __name__, url_prefix="/projects/<slug>/payouts")

PAGE = 100
"""Payouts on a page."""
RAIL_WORDS = {
    Rail.sepa: say("SEPA transfers"),
    Rail.mpesa: say("M-Pesa in Kenya"),
    Rail.pawapay: say("pawaPay, mobile money"),
    Rail.paypal: say("PayPal"),
    Rail.wise: say("Wise, by e-mail"),
    Rail.wise_saved: say("Wise, saved recipients"),
    Rail.plain: say("A plain table"),
}
RUN_WORDS = {
    RunState.draft: say("Draft"),
    RunState.dropped: say("Dropped"),
    RunState.approved: say("Approved"),
    RunState.filed: say("File made"),
    RunState.sent: say("Sent"),
    RunState.closed: say("Closed"),
}
STATE_WORDS = {
    PayoutState.prepared: say("In the run"),
    PayoutState.left: say("Left for a later run"),
    PayoutState.sent: say("Sent"),
    PayoutState.confirmed: say("Paid"),
    PayoutState.failed: say("Failed, due again"),
    PayoutState.unknown: say("Nobody knows yet"),
}
HELD_WORDS = {
    Held.no_destination: say("They have not said where to."),
    Held.other_rail: say("They are paid in another way."),
    Held.changed: say("Their details changed lately."),
    Held.below_step: say("It is less than can be sent."),
    Held.full: say("The file takes no more people."),
    Held.balance: say("Less is due than when it was drafted."),
}
OUTCOME_WORDS = [
    (PayoutState.confirmed.value, say("It was paid")),
    (PayoutState.failed.value, say("It failed")),
    (PayoutState.unknown.value, say("Nobody knows yet")),
]

Act = Callable[[Session, PayRun, Person], None]


class DraftForm(BaseModel):
    """What a run is to pay, how, and when."""

    model_config = ConfigDict(extra="forbid")

    currency: str = Field(min_length=3, max_length=3)
    rail: Rail
    period_end: date
    pay_on: date


class StepForm(BaseModel):
    """Which step is taken."""

    model_config = ConfigDict(extra="forbid")

    step: RunState


class OutcomeForm(BaseModel):
    """What became of a payout."""

    model_config = ConfigDict(extra="forbid")

    outcome: PayoutState
    note: str = Field("", max_length=payouts.LONGEST_NOTE, pattern=lines.PATTERN)


@pages.get("")
@login_required
def index(slug: str) -> ResponseReturnValue:
    today = clock.now().date().isoformat()
    return _index(slug, {"period_end": today, "pay_on": today}, {})


@pages.post("/runs")
@login_required
def draft(slug: str) -> ResponseReturnValue:
    session, olga = database.session(), visitors.person()
    project = projects.find(session, slug, by=olga, role=Role.owner)
    try:
        form = forms.read(DraftForm)
        run = runs.draft(session, project.id, **dict(form), by=olga)
    except Invalid as refusal:
        database.reread()
        return _index(slug, forms.given(), refusal.fields, _(refusal.message)), refusal.status
    session.commit()
    return redirect(url_for("payruns.show", slug=slug, run_id=run.id))


@pages.get("/runs/<int:run_id>")
@login_required
def show(slug: str, run_id: int) -> ResponseReturnValue:
    return _page(slug, run_id)


@pages.post("/runs/<int:run_id>/step")
@login_required
def advance(slug: str, run_id: int) -> ResponseReturnValue:
    with database.of_app().reading() as session:
        projects.find(session, slug, by=visitors.person(), role=Role.owner)
    step = forms.read(StepForm).step
    if step is RunState.filed:
        return _make_file(slug, run_id)
    if step not in _STEPS:
        raise Invalid("There is no such step.")
    act, words = _STEPS[step]
    return _act(slug, run_id, act, words)


@pages.get("/runs/<int:run_id>/file")
@login_required
def download(slug: str, run_id: int) -> ResponseReturnValue:
    session, olga = database.session(), visitors.person()
    project = projects.find(session, slug, by=olga, role=Role.owner)
    run = runs.find(session, project.id, run_id)
    if run.filed_at is None:
        raise NotFound("This run has no file yet.")
    made = runs.written(session, run)
    return flask.send_file(
        io.BytesIO(made.content),
        made.media_type,
        as_attachment=True,
        download_name=made.name,
        max_age=0,
    )


@pages.post("/runs/<int:run_id>/results")
@login_required
def take_results(slug: str, run_id: int) -> ResponseReturnValue:
    given = request.files.get("file")
    content = given.read() if given else b""
    news: list[int] = []

    def act(session: Session, run: PayRun, olga: Person) -> None:
        news.append(results.apply(session, run, content, by=olga))

    def words() -> Said:
        return say_number("%(num)s payout is settled.", "%(num)s payouts are settled.", news[-1])

    return _act(slug, run_id, act, words, form="results")


@pages.post("/runs/<int:run_id>/payouts/<int:payout_id>/release")
@login_required
def release(slug: str, run_id: int, payout_id: int) -> ResponseReturnValue:
    def act(session: Session, run: PayRun, olga: Person) -> None:
        payout = payouts.find(session, run.id, payout_id)
        payouts.release(session, payout, request.form.get("reason", ""), by=olga)

    return _act(slug, run_id, act, say("It will be paid."), form=f"release-{payout_id}")


@pages.post("/runs/<int:run_id>/payouts/<int:payout_id>/outcome")
@login_required
def settle(slug: str, run_id: int, payout_id: int) -> ResponseReturnValue:
    def act(session: Session, run: PayRun, olga: Person) -> None:
        form = forms.read(OutcomeForm)
        if form.outcome not in payouts.OUTCOMES:
            raise Invalid("Please choose.", fields={"outcome": say("Please choose one.")})
        runs.settle(session, run, {payout_id: form.outcome}, note=form.note, by=olga)

    return _act(slug, run_id, act, say("Kept."), form=f"outcome-{payout_id}")


def _approve(session: Session, run: PayRun, by: Person) -> None:
    runs.approve(session, run, by=by)


def _drop(session: Session, run: PayRun, by: Person) -> None:
    runs.drop(session, run, by=by)


def _send(session: Session, run: PayRun, by: Person) -> None:
    runs.mark_sent(session, run, by=by)


_STEPS: dict[RunState, tuple[Act, Said]] = {
    RunState.approved: (_approve, say("Approved. The money is on its way into the file.")),
    RunState.dropped: (_drop, say("Dropped. Nothing was moved.")),
    RunState.sent: (_send, say("Kept. Say below what became of it, when the bank tells.")),
}


def _make_file(slug: str, run_id: int) -> ResponseReturnValue:
    """Make the file in a session that only reads, and keep it in a short one."""
    with database.of_app().reading() as session:
        project = projects.find(session, slug, by=visitors.person(), role=Role.owner)
        made = runs.written(session, runs.find(session, project.id, run_id))

    def keep(session: Session, run: PayRun, by: Person) -> None:
        runs.file(session, run, made, by=by)

    return _act(slug, run_id, keep, say("The file is made."))


def _act(
    slug: str, run_id: int, act: Act, words: Said | Callable[[], Said], form: str = ""
) -> ResponseReturnValue:
    """Do something to a run; what is refused is told beside the form that asked for it."""
    session, olga = database.session(), visitors.person()
    project = projects.find(session, slug, by=olga, role=Role.owner)
    run = runs.find(session, project.id, run_id)
    try:
        act(session, run, olga)
    except Invalid as refusal:
        database.reread()
        page = _page(slug, run_id, form, refusal.fields, _(refusal.message))
        return page, refusal.status
    session.commit()
    flask.flash(_(words() if callable(words) else words))
    return redirect(url_for("payruns.show", slug=slug, run_id=run_id))


def _index(slug: str, values: dict[str, str], faults: dict[str, str], message: str = "") -> str:
    session, olga = database.session(), visitors.person()
    project = projects.find(session, slug, by=olga, role=Role.owner)
    found = runs.of_project(session, project.id)
    return render_template(
        "payruns/index.html",
        project=project,
        role=projects.role_in(session, project, olga),
        due=dues.in_all(session, project.id),
        runs=found,
        sums=runs.sums(session, [run.id for run in found]),
        values=values,
        faults=faults,
        message=message,
        rails=[(rail.value, words) for rail, words in RAIL_WORDS.items()],
        rail_words=RAIL_WORDS,
        run_words=RUN_WORDS,
    )


def _page(
    slug: str, run_id: int, form: str = "", faults: dict[str, str] | None = None, message: str = ""
) -> str:
    session, olga = database.session(), visitors.person()
    project = projects.find(session, slug, by=olga, role=Role.owner)
    run = runs.find(session, project.id, run_id)
    after = request.args.get("after", 0, type=forms.row_id)
    found = payouts.of_run(session, run.id, after=after, limit=PAGE + 1)
    return render_template(
        "payruns/show.html",
        role=projects.role_in(session, project, olga),
        whole=runs.sums(session, [run.id]).get(run.id, runs.Sum(0, 0)),
        held=runs.held(session, run.id),
        made=runs.stored(session, run.id) if run.filed_at else None,
        more=found[PAGE - 1].id if len(found) > PAGE else None,
        form=form,
        faults=faults or {},
        message=message,
        **_told(session, project, run, found[:PAGE], olga),
    )


def _told(
    session: Session, project: Project, run: PayRun, found: list[Payout], olga: Person
) -> dict[str, Any]:
    ids = {payout.person_id for payout in found}
    acted = {run.made_by, run.approved_by, run.filed_by, run.sent_by} - {None}
    held = mappings.current(session, project.id, run.rail)
    return {
        "project": project,
        "run": run,
        "payouts": found,
        "people": accounts.by_id(session, ids | {person for person in acted if person}),
        "places": destinations.by_id(session, [p.destination_id or 0 for p in found]),
        "masked": details.masked,
        "is_own": run.made_by == olga.id,
        "is_unverified": run.rail is Rail.mpesa
        and not (held is not None and held.content.get("is_verified")),
        "rail_words": RAIL_WORDS,
        "run_words": RUN_WORDS,
        "state_words": STATE_WORDS,
        "held_words": HELD_WORDS,
        "outcomes": OUTCOME_WORDS,
    }
