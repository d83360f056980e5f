"""What reviewers should look at: the queue, one review, and what is decided about it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import flask
from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from labeler import database
from labeler.errors import Invalid, NotFound
from labeler.people import accounts
from labeler.people.accounts import Person
from labeler.people.memberships import Role
from labeler.quality import adjudications, outcomes, queues, reviews, samples
from labeler.quality.reviews import Outcome, Review, ReviewKind, ReviewState
from labeler.said import Said, say, say_number
from labeler.text import markdown
from labeler.web import forms, readings, visitors
from labeler.web.filters import gettext as _
from labeler.work import comparisons, projects
from labeler.work.comparisons import Comparison
from labeler.work.judgments import Judgment
from labeler.work.projects import Project

pages = Blueprint("reviews", __name__, url_prefix="/projects/<slug>/review")

PAGE = 25
KIND_WORDS = {
    ReviewKind.unsure: say("Unsure"),
    ReviewKind.sample: say("Drawn by lot"),
    ReviewKind.signal: say("Signal"),
    ReviewKind.second_opinion: say("Second opinion"),
    ReviewKind.gold: say("Known answer in doubt"),
}
OUTCOME_WORDS = {
    Outcome.accepted: say("What was said stands."),
    Outcome.excluded: say("A judgment was left out of the data. Its pay stays."),
    Outcome.adjudicated: say("A reviewer found what later releases tell of it."),
    Outcome.dismissed: say("There was nothing in it."),
    Outcome.outgrown: say("There was no more reason to look."),
}
WAITING = "waiting"
"""Shown in place of a kind: what waits for its author."""

Act = Callable[[Session, Review, Person], None]


class SampleForm(BaseModel):
    """How many judgments are drawn."""

    model_config = ConfigDict(extra="forbid")

    number: int = Field(ge=1, le=samples.MOST)


@pages.get("")
@login_required
def index(slug: str) -> ResponseReturnValue:
    return _queue(slug)


@pages.post("/sample")
@login_required
def draw(slug: str) -> ResponseReturnValue:
    session, rex = database.session(), visitors.person()
    project = projects.find(session, slug, by=rex, role=Role.reviewer)
    try:
        drawn = samples.draw_sample(session, project, forms.read(SampleForm).number, by=rex)
    except Invalid as refusal:
        database.reread()
        return _queue(slug, refusal.fields), refusal.status
    session.commit()
    words = say_number("%(num)s judgment was drawn.", "%(num)s judgments were drawn.", drawn)
    flask.flash(_(words))
    return redirect(url_for("reviews.index", slug=slug, kind=ReviewKind.sample.value))


@pages.get("/<int:review_id>")
@login_required
def show(slug: str, review_id: int) -> ResponseReturnValue:
    return _page(slug, review_id)


@pages.post("/<int:review_id>/accept")
@login_required
def accept(slug: str, review_id: int) -> ResponseReturnValue:
    def act(session: Session, review: Review, rex: Person) -> None:
        outcomes.accept(session, review, by=rex)

    return _decide(slug, review_id, act, say("What was said stands."))


@pages.post("/<int:review_id>/dismiss")
@login_required
def dismiss(slug: str, review_id: int) -> ResponseReturnValue:
    def act(session: Session, review: Review, rex: Person) -> None:
        outcomes.dismiss(session, review, by=rex)

    return _decide(slug, review_id, act, say("Closed: there was nothing in it."))


@pages.post("/<int:review_id>/adjudicate")
@login_required
def adjudicate(slug: str, review_id: int) -> ResponseReturnValue:
    def act(session: Session, review: Review, rex: Person) -> None:
        comparison = session.get(Comparison, review.comparison_id or 0)
        if comparison is None:
            raise NotFound("There is no such comparison.")
        found = adjudications.read_finding(session, comparison, request.form.get("finding", ""))
        outcomes.adjudicate(session, review, found, request.form.get("reason", ""), by=rex)

    words = say("Kept. Releases that are cut from now on tell what you found.")
    return _decide(slug, review_id, act, words, form="adjudicate")


@pages.post("/<int:review_id>/second-opinion")
@login_required
def ask_second_opinion(slug: str, review_id: int) -> ResponseReturnValue:
    def act(session: Session, review: Review, rex: Person) -> None:
        outcomes.ask_second_opinion(session, review, request.form.get("comment", ""), by=rex)

    words = say("Asked. Another reviewer decides; it is in their queue.")
    return _decide(slug, review_id, act, words, form="second")


@pages.post("/<int:review_id>/judgments/<int:judgment_id>/exclude")
@login_required
def exclude(slug: str, review_id: int, judgment_id: int) -> ResponseReturnValue:
    def act(session: Session, review: Review, rex: Person) -> None:
        judgment, reason = _judgment(session, judgment_id), request.form.get("reason", "")
        outcomes.exclude(session, review, judgment, reason, by=rex)

    words = say("Left out of the data. Its pay stays.")
    return _decide(slug, review_id, act, words, form=f"reason-{judgment_id}")


@pages.post("/<int:review_id>/judgments/<int:judgment_id>/send-back")
@login_required
def send_back(slug: str, review_id: int, judgment_id: int) -> ResponseReturnValue:
    def act(session: Session, review: Review, rex: Person) -> None:
        judgment, comment = _judgment(session, judgment_id), request.form.get("comment", "")
        outcomes.send_back(session, review, judgment, comment, by=rex)

    words = say("Sent back. It comes here again when its author has answered.")
    return _decide(slug, review_id, act, words, form=f"comment-{judgment_id}")


@pages.post("/<int:review_id>/comment")
@login_required
def comment(slug: str, review_id: int) -> ResponseReturnValue:
    session, rex = database.session(), visitors.person()
    project = projects.find(session, slug, by=rex, role=Role.reviewer)
    review = reviews.find(session, project.id, review_id)
    say_it = outcomes.tell if request.form.get("tell") else outcomes.remark
    try:
        say_it(session, review, request.form.get("comment", ""), by=rex)
    except Invalid as refusal:
        return _given_back(slug, review_id, refusal, "comment")
    session.commit()
    here = _kind()
    return redirect(
        url_for("reviews.show", slug=slug, review_id=review_id, kind=here, _anchor="thread")
    )


def _decide(
    slug: str, review_id: int, act: Act, words: Said, *, form: str = ""
) -> ResponseReturnValue:
    """Do what was asked for, and lead to what comes next in the queue."""
    session, rex = database.session(), visitors.person()
    project = projects.find(session, slug, by=rex, role=Role.reviewer)
    review = reviews.find(session, project.id, review_id)
    try:
        act(session, review, rex)
    except Invalid as refusal:
        if not form:
            raise
        return _given_back(slug, review_id, refusal, form)
    session.commit()
    flask.flash(_(words))
    return redirect(_next(session, project, rex))


def _next(session: Session, project: Project, rex: Person) -> str:
    here = _kind()
    kind = ReviewKind(here) if here and here != WAITING else None
    following = queues.following(session, project.id, kind=kind, by=rex)
    if following is None:
        return url_for("reviews.index", slug=project.slug)
    return url_for("reviews.show", slug=project.slug, review_id=following.id, kind=here)


def _given_back(slug: str, review_id: int, refusal: Invalid, form: str) -> ResponseReturnValue:
    database.reread()
    faults = refusal.fields or {"": refusal.message}
    return _page(slug, review_id, form, faults), refusal.status


def _judgment(session: Session, judgment_id: int) -> Judgment:
    judgment = session.get(Judgment, judgment_id)
    if judgment is None:
        raise NotFound("There is no such judgment.")
    return judgment


def _kind() -> str | None:
    """Return what the queue is asked to show: a kind, or what waits; None for all that is open."""
    asked = request.args.get("kind", "")
    known = asked == WAITING or asked in {kind.value for kind in ReviewKind}
    return asked if known else None


def _queue(slug: str, faults: Mapping[str, str] | None = None) -> str:
    session, rex = database.session(), visitors.person()
    project = projects.find(session, slug, by=rex, role=Role.reviewer)
    here, after = _kind(), request.args.get("after", 0, type=forms.row_id)
    state = ReviewState.waiting if here == WAITING else ReviewState.open
    kind = ReviewKind(here) if here and here != WAITING else None
    rows = queues.page(session, project.id, kind=kind, state=state, after=after, limit=PAGE)
    return render_template(
        "reviews/index.html",
        project=project,
        role=projects.role_in(session, project, rex),
        rows=rows,
        views=_views(session, project),
        here=here or "",
        kinds=KIND_WORDS,
        excerpt=markdown.plain,
        following=rows[-1].id if len(rows) == PAGE else None,
        most=samples.MOST,
        faults=faults or {},
        **_subjects(session, rows),
    )


def _views(session: Session, project: Project) -> list[tuple[str, Said, int]]:
    """Return what the queue can be asked to show, in words, and how much that is."""
    counted = queues.counts(session, project.id)
    numbers = {kind: counted.get((kind, ReviewState.open), 0) for kind in ReviewKind}
    waiting = sum(n for (kind, state), n in counted.items() if state is ReviewState.waiting)
    return [
        ("", say("All"), sum(numbers.values())),
        *((kind.value, words, numbers[kind]) for kind, words in KIND_WORDS.items()),
        (WAITING, say("With their authors"), waiting),
    ]


def _subjects(session: Session, rows: Sequence[Review]) -> dict[str, Any]:
    """Return what rows are about: prompts by comparison, and people by number."""
    ids = [row.comparison_id for row in rows if row.comparison_id is not None]
    people = {n for row in rows for n in (row.person_id, row.opened_by, row.closed_by) if n}
    return {
        "prompts": comparisons.prompts_of(session, ids),
        "people": accounts.by_id(session, people),
    }


def _page(
    slug: str, review_id: int, form: str = "", faults: Mapping[str, str] | None = None
) -> str:
    """Draw one review; `form` is the one that is given back, with its faults."""
    session, rex = database.session(), visitors.person()
    project = projects.find(session, slug, by=rex, role=Role.reviewer)
    review = reviews.find(session, project.id, review_id)
    comparison = session.get(Comparison, review.comparison_id or 0)
    return render_template(
        "reviews/show.html",
        project=project,
        role=projects.role_in(session, project, rex),
        review=review,
        here=_kind(),
        kinds=KIND_WORDS,
        outcomes=OUTCOME_WORDS,
        may_decide=outcomes.may_decide(session, review, rex),
        thread=outcomes.thread(session, review),
        form=form,
        faults=faults or {},
        **_subjects(session, [review]),
        **({} if comparison is None else readings.reading(session, comparison)),
    )
