"""What annotators see: their work, the judging page, and what they have judged."""

import uuid
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import flask
from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required
from pydantic import BaseModel, ConfigDict
from sqlalchemy.orm import Session

from labeler import clock, database, progress, schema
from labeler.arena import rules
from labeler.errors import Invalid
from labeler.pay import ledger, limits
from labeler.people import terms
from labeler.people.accounts import Person
from labeler.quality import inquiries, refusals
from labeler.said import say
from labeler.text import markdown
from labeler.web import clocks, filters, following, forms, judging, telling, visitors
from labeler.web.clocks import Clock
from labeler.web.filters import gettext as _
from labeler.web.following import Following
from labeler.web.judging import Text
from labeler.work import (
    answers,
    assignments,
    changes,
    comparisons,
    guidelines,
    hours,
    judgments,
    listings,
    opt_ins,
    projects,
    queue,
    rubrics,
)
from labeler.work.assignments import Assignment, AssignmentState, SkipReason
from labeler.work.comparisons import Prompt
from labeler.work.judgments import Judgment
from labeler.work.projects import Project
from labeler.work.questions.seen import LETTERS
from labeler.work.rubrics import Answer, Rubric

pages = Blueprint("work", __name__)

DAY_MS = 86_400_000
DONE = (AssignmentState.judged, AssignmentState.skipped)
SKIP_WORDS = {
    SkipReason.language: say("I do not read this language well enough"),
    SkipReason.subject: say("I do not know enough about the subject"),
    SkipReason.broken: say("Something is broken or cannot be read"),
    SkipReason.distressing: say("I do not want to read this"),
    SkipReason.personal: say("It shows personal data"),
    SkipReason.other: say("Another reason"),
}


class SkipForm(BaseModel):
    """Why somebody would rather not judge."""

    model_config = ConfigDict(extra="forbid")

    skip_reason: SkipReason


@pages.get("/")
@login_required
def home() -> ResponseReturnValue:
    session, ada = database.session(), visitors.person()
    work = progress.work_of(session, ada)
    return render_template(
        "work/home.html",
        work=work,
        chats=rules.among(session, [one.project.id for one in work]),
        today=ledger.earned(session, person_id=ada.id, since=progress.today()),
        earned=ledger.earned(session, person_id=ada.id),
        latest=listings.of_person(session, ada, limit=1),
        asked=inquiries.asked(session, ada),
        refusals=refusals.unanswered(session, ada),
        hours=limits.standing(session, ada),
        terms=terms.awaiting(session, ada),
        now=clock.now(),
    )


@pages.post("/projects/<slug>/start")
@login_required
def start(slug: str) -> ResponseReturnValue:
    session, ada = database.session(), visitors.person()
    project = projects.find(session, slug, by=ada)
    found = following.first(session, project, ada)
    session.commit()
    if forms.by_script():
        return _page_of(found, ada)
    return redirect(found.address)


@pages.post("/projects/<slug>/ahead")
@login_required
def draw_ahead(slug: str) -> ResponseReturnValue:
    """Give a script the page of the task after the one that is open; its clock does not start."""
    session, ada = database.session(), visitors.person()
    project = projects.find(session, slug, by=ada)
    assignment = queue.reserve(session, project, by=ada)
    session.commit()
    return _page_of(Following(assignment), ada)


@pages.get("/work/<int:assignment_id>")
@login_required
def show(assignment_id: int) -> ResponseReturnValue:
    session, ada = database.session(), visitors.person()
    assignment = assignments.find(session, assignment_id, by=ada)
    if assignment.state in DONE or _is_spared(session, assignment, ada):
        return redirect(url_for("work.home"))
    return _task(session, assignment, ada)


@pages.post("/work/<int:assignment_id>")
@login_required
def submit(assignment_id: int) -> ResponseReturnValue:
    session, ada = database.session(), visitors.person()
    assignment = assignments.find(session, assignment_id, by=ada)
    try:
        key, answer = _read(session, assignment)
    except Invalid as refusal:
        return _given_back(assignment_id, refusal)
    with _covered(session, assignment, ada):
        receipt = judgments.submit(
            session, assignment, answer, by=ada, key=key, active_ms=_active_ms()
        )
    told = telling.words(session, assignment, receipt.judgment, ada)
    session.commit()
    if forms.by_script():
        return _reply(assignment, ada) | ({"told": told} if told else {})
    _acknowledge(receipt.judgment, _("Your judgment is saved."))
    if told:
        flask.flash(told)
    return _go_on(assignment, ada)


@pages.post("/work/<int:assignment_id>/skip")
@login_required
def skip(assignment_id: int) -> ResponseReturnValue:
    session, ada = database.session(), visitors.person()
    assignment = assignments.find(session, assignment_id, by=ada)
    try:
        reason = forms.read(SkipForm).skip_reason
    except Invalid as refusal:
        return _given_back(assignment_id, refusal)
    with _covered(session, assignment, ada):
        assignments.skip(session, assignment, reason)
    session.commit()
    if forms.by_script():
        return _reply(assignment, ada)
    flask.flash(_("Skipped. Somebody else will be asked."))
    return _go_on(assignment, ada)


@pages.get("/finished")
@login_required
def finished() -> ResponseReturnValue:
    session, ada = database.session(), visitors.person()
    today = ledger.earned(session, person_id=ada.id, since=progress.today())
    return render_template("work/finished.html", today=today)


@pages.get("/judgments", endpoint="judgments")
@login_required
def my_judgments() -> ResponseReturnValue:
    session, ada = database.session(), visitors.person()
    before = request.args.get("before", type=forms.row_id)
    return render_template(
        "work/judgments.html",
        rows=progress.judged_by(session, ada, before=before),
        earned=ledger.earned(session, person_id=ada.id),
        now=schema.moment(session),
    )


@pages.get("/work/<int:assignment_id>/change")
@login_required
def look_again(assignment_id: int) -> ResponseReturnValue:
    session, ada = database.session(), visitors.person()
    assignment = assignments.find(session, assignment_id, by=ada)
    return _task(session, assignment, ada, judgments.current(session, assignment))


@pages.post("/work/<int:assignment_id>/change")
@login_required
def change(assignment_id: int) -> ResponseReturnValue:
    session, ada = database.session(), visitors.person()
    assignment = assignments.find(session, assignment_id, by=ada)
    judgment = judgments.current(session, assignment)
    project = session.get_one(Project, assignment.project_id)
    try:
        key, answer = _read(session, assignment)
    except Invalid as refusal:
        return _given_back(assignment_id, refusal, changing=True)
    receipt = inquiries.change(session, project, judgment, answer, key=key, by=ada)
    session.commit()
    words = _("Your change is kept. What you said before stays on record.")
    _acknowledge(receipt.judgment, words)
    return redirect(url_for("work.judgments"))


def _read(session: Session, assignment: Assignment) -> tuple[str, Answer]:
    """Read the form of this request; the rubric says what is in it."""
    fields = {name: value.replace("\r\n", "\n") for name, value in forms.given().items()}
    key = fields.pop("key", "")
    return key, answers.read_form(session, assignment, fields)


def _go_on(done: Assignment, ada: Person) -> ResponseReturnValue:
    """Lead to what comes next."""
    found = following.after(done, ada) or Following(otherwise="work.home")
    return redirect(found.address)


def _reply(done: Assignment, ada: Person) -> dict[str, Any]:
    """Tell the script that this is saved; give it the page of the next task if it shows any."""
    if (showing := request.args.get("showing")) is None:
        return {}
    found = following.after(done, ada, showing=showing)
    return {} if found is None else _page_of(found, ada)


def _covered(session: Session, assignment: Assignment, ada: Person) -> AbstractContextManager[None]:
    """Count the time of a task that is done without a script, whose page would tell of it."""
    return nullcontext() if forms.by_script() else hours.covered(session, assignment, ada)


def _active_ms() -> int:
    """Return for how long the person had been at it, as their browser says."""
    return min(request.args.get("active_ms", 0, type=forms.row_id), DAY_MS)


def _page_of(found: Following, ada: Person) -> dict[str, Any]:
    """Return the page of a task for the script to paint, or where to go as there is none."""
    if found.assignment is None:
        return {"finished": found.address}
    database.reread()
    return {"next": _task(database.session(), found.assignment, ada)}


def _acknowledge(judgment: Judgment, words: str) -> None:
    # judge.js drops its draft of an assignment when it sees the assignment's number here.
    flask.flash(words, f"received:{judgment.assignment_id}")


def _given_back(
    assignment_id: int, refusal: Invalid, *, changing: bool = False
) -> ResponseReturnValue:
    """Give the form back as it was filled in, with what is wrong with it."""
    if forms.by_script():
        raise refusal
    database.reread()
    session, ada = database.session(), visitors.person()
    assignment = assignments.find(session, assignment_id, by=ada)
    judgment = judgments.current(session, assignment) if changing else None
    if _is_spared(session, assignment, ada):
        return redirect(url_for("work.home"))
    page = _task(session, assignment, ada, judgment, faults=refusal.fields, given=request.form)
    return page, refusal.status


def _is_spared(session: Session, assignment: Assignment, ada: Person) -> bool:
    """Say whether this went back to the queue, and is something that the person reads no more."""
    is_back = assignment.state is AssignmentState.expired
    return is_back and opt_ins.spares(session, assignment, ada)


def _task(
    session: Session,
    assignment: Assignment,
    ada: Person,
    judgment: Judgment | None = None,
    *,
    faults: Mapping[str, str] | None = None,
    given: Mapping[str, str] | None = None,
) -> str:
    """Draw the judging page; `given` is a form that is given back as it was filled in."""
    project = session.get_one(Project, assignment.project_id)
    comparison = session.get_one(comparisons.Comparison, assignment.comparison_id)
    prompt = session.get_one(Prompt, comparison.prompt_id)
    if judgment is not None:
        changes.require_time(session, project, assignment)
    rubric = rubrics.version(session, project.id, assignment.rubric_number)
    filled = _filled_in(session, assignment, rubric, judgment, given)
    asked, answered = _prompt(prompt), _answers(session, assignment, comparison.language)
    return render_template(
        "work/show.html",
        project=_project(session, project, assignment),
        assignment=assignment,
        action=_action(assignment, judgment),
        changing=judgment is not None,
        thread=() if judgment is None else inquiries.about(session, assignment),
        key=(given or {}).get("key") or str(uuid.uuid4()),
        clock=_clock(session, assignment, ada, [*asked, *answered]),
        prompt=asked,
        hard=prompt.sensitive,
        support_contact=project.support_contact,
        answers=answered,
        **judging.shown(rubric.asked, filled, faults or {}),
        progress=_progress(session, project, assignment, ada),
        skip_reasons=[(reason.value, words) for reason, words in SKIP_WORDS.items()],
        last_url=_last_url(session, project, assignment, ada) if judgment is None else None,
    )


def _clock(session: Session, assignment: Assignment, ada: Person, texts: Sequence[Text]) -> Clock:
    kind = hours.kind_of(session, assignment, ada)
    return clocks.start(
        kind,
        assignment.project_id,
        ada,
        assignment_id=assignment.id,
        texts=[text.source for text in texts],
    )


def _action(assignment: Assignment, judgment: Judgment | None) -> str:
    if judgment is None:
        return url_for("work.submit", assignment_id=assignment.id)
    return url_for("work.change", assignment_id=assignment.id)


def _filled_in(
    session: Session,
    assignment: Assignment,
    rubric: Rubric,
    judgment: Judgment | None,
    given: Mapping[str, str] | None,
) -> Mapping[str, str]:
    if given is not None or judgment is None:
        return given or {}
    seen = answers.seen(session, assignment, rubric)
    return rubrics.filled_in(rubric, rubrics.values(judgment), seen)


def _project(session: Session, project: Project, assignment: Assignment) -> dict[str, Any]:
    guideline = guidelines.version(session, project.id, assignment.guideline_number)
    return {
        "title": project.title,
        "slug": project.slug,
        "question": project.question,
        "guideline_html": markdown.render(guideline.text),
    }


def _progress(
    session: Session, project: Project, assignment: Assignment, ada: Person
) -> dict[str, Any]:
    own = progress.of_annotator(session, project, ada)
    is_ahead = assignment.state is AssignmentState.reserved
    return {
        # What is drawn ahead is shown when the one before it is done.
        "done": own.done + (is_ahead and assignments.open_of(session, project, ada) is not None),
        "total": own.total,
        "today_text": filters.moneys(own.today or {assignment.currency: 0}),
    }


def _prompt(prompt: Prompt) -> Sequence[Text]:
    return [
        Text.of(turn["content"], turn.get("language", prompt.language), role=turn["role"])
        for turn in prompt.messages
    ]


def _answers(session: Session, assignment: Assignment, language: str) -> Sequence[Text]:
    stored = comparisons.responses(session, assignment.comparison_id)
    return [
        Text.of(stored[number].text, language, letter=letter)
        for letter, number in zip(LETTERS, assignment.places, strict=False)
    ]


def _last_url(
    session: Session, project: Project, assignment: Assignment, ada: Person
) -> str | None:
    """Return where the last judgment can be changed; for what is drawn ahead, the one before it."""
    held = assignments.open_of(session, project, ada)
    if assignment.state is AssignmentState.reserved and held is not None:
        return url_for("work.look_again", assignment_id=held.id)
    last = listings.of_person(session, ada, project_id=project.id, limit=1)
    if not last:
        return None
    done = session.get_one(Assignment, last[0].assignment_id)
    # By this server's clock: the page that it leads to asks the database's.
    if clock.now() > changes.changeable_until(project, done):
        return None
    return url_for("work.look_again", assignment_id=done.id)
