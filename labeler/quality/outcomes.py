"""Outcomes: what a reviewer does about a review. Each is a person's act, and none touches pay.

Who has asked for a second opinion leaves the decision to others, and nobody decides what is said
about their own work.
"""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler import clock
from labeler.errors import Conflict, Forbidden, NotFound
from labeler.people.accounts import Person
from labeler.quality import adjudications, decisions, reviews, threads
from labeler.quality.adjudications import Finding
from labeler.quality.reviews import Outcome, Review, ReviewKind, ReviewState
from labeler.quality.threads import Thread
from labeler.said import say
from labeler.schema import NOW, changed
from labeler.work.assignments import Assignment
from labeler.work.comparisons import Comparison
from labeler.work.judgments import LEFT_OUT, Judgment

ASKED = say("You have asked for a second opinion on this, so somebody else decides.")
OWN = say("This is about your own work, so somebody else decides.")
ASKS = say("A reviewer asks for a second opinion.")


def accept(session: Session, review: Review, *, by: Person) -> None:
    """Let what was said stand."""
    _require_other(session, review, by)
    _close(session, review, Outcome.accepted, by)


def dismiss(session: Session, review: Review, *, by: Person) -> None:
    """Find that there is nothing in it."""
    _require_other(session, review, by)
    _close(session, review, Outcome.dismissed, by)


def exclude(
    session: Session, review: Review, judgment: Judgment, reason: str, *, by: Person
) -> None:
    """Leave a judgment out of the data as `decisions.exclude` does; its pay stays.

    The review is over if it is about this judgment or about all of them.
    """
    _require_other(session, review, by)
    _require_of(review, judgment)
    decisions.exclude(session, judgment, reason, by=by)
    if review.judgment_id in (None, judgment.id):
        _close(session, review, Outcome.excluded, by)


def adjudicate(
    session: Session, review: Review, finding: Finding, reason: str, *, by: Person
) -> None:
    """Find for its comparison what later releases tell of it; that ends every review of it."""
    _require_other(session, review, by)
    if review.comparison_id is None:
        raise NotFound("There is no such comparison.")
    comparison = session.get_one(Comparison, review.comparison_id)
    adjudications.adjudicate(session, comparison, finding, reason, by=by)
    _close(session, review, Outcome.adjudicated, by)


def send_back(
    session: Session, review: Review, judgment: Judgment, comment: str, *, by: Person
) -> None:
    """Ask the author to look again, and wait for them.

    They read the comment and may change what they said, whenever that was, or stay with it.
    """
    _require_of(review, judgment)
    comment = threads.require_text(comment)
    if judgment.person_id == by.id:
        raise Forbidden(OWN)
    if not judgment.is_current or judgment.state in LEFT_OUT:
        raise Conflict("This judgment does not count already or was changed.")
    asked = sa.update(Assignment).where(
        Assignment.id == judgment.assignment_id, Assignment.sent_back_at.is_(None)
    )
    if not changed(session, asked.values(sent_back_at=NOW)):
        raise Conflict("This judgment is with its author already.")
    reviews.move(session, review, ReviewState.waiting, sent_back_id=judgment.id)
    threads.write(session, review.id, comment, by=by, author_id=judgment.person_id)
    reviews.record(session, "review.sent_back", review.project_id, review.id, by=by)


def ask_second_opinion(session: Session, review: Review, comment: str, *, by: Person) -> Review:
    """Ask the other reviewers; the asker leaves the decision to them."""
    comment = threads.require_text(comment)
    _require_other(session, review, by)
    if review.is_closed:
        raise Conflict(reviews.OVERTAKEN)
    asked = reviews.open(
        session,
        review.project_id,
        ReviewKind.second_opinion,
        comparison_id=review.comparison_id,
        judgment_id=review.judgment_id,
        person_id=review.person_id,
        asked_about_id=_root(review),
        confidence=review.confidence,
        reason=ASKS,
        by=by,
    )
    threads.write(session, asked.id, comment, by=by)
    return asked


def remark(session: Session, review: Review, comment: str, *, by: Person) -> None:
    """Say something to the other reviewers."""
    threads.write(session, review.id, comment, by=by)


def tell(session: Session, review: Review, comment: str, *, by: Person) -> None:
    """Say something to the person whose work a review is about, and to the other reviewers."""
    if review.person_id is None:
        raise NotFound("This review is not about somebody's work.")
    threads.write(session, review.id, comment, by=by, author_id=review.person_id)


def thread(session: Session, review: Review) -> Thread:
    """Return what was said about a review and where second opinions on it are asked."""
    ids = session.scalars(sa.select(Review.id).where(_together(review))).all()
    return threads.of_reviews(session, ids)


def may_decide(session: Session, review: Review, person: Person) -> bool:
    """Say whether the person may decide this review."""
    try:
        _require_other(session, review, person)
    except Forbidden:
        return False
    return True


def _require_of(review: Review, judgment: Judgment) -> None:
    if judgment.comparison_id != review.comparison_id:
        raise NotFound("There is no such judgment.")


def _require_other(session: Session, review: Review, by: Person) -> None:
    """Raise Forbidden if somebody else has to decide."""
    if review.person_id == by.id:
        raise Forbidden(OWN)
    asked = sa.select(Review.id).where(
        _together(review), Review.opened_by == by.id, Review.state != ReviewState.closed
    )
    second = Review.kind == ReviewKind.second_opinion
    if session.scalar(asked.where(second).limit(1)) is not None:
        raise Forbidden(ASKED)


def _close(session: Session, review: Review, outcome: Outcome, by: Person) -> None:
    """Close a review with what ends together with it."""
    ended = _together(review)
    if outcome is Outcome.adjudicated:
        of_it = Review.comparison_id == review.comparison_id
        ended = sa.or_(ended, sa.and_(of_it, Review.kind != ReviewKind.signal))
    over = {"outcome": outcome, "closed_by": by.id, "closed_at": clock.now()}
    sent_back = sa.select(Review.sent_back_id).where(ended, Review.state == ReviewState.waiting)
    awaited = session.scalars(sent_back).all()
    reviews.move(session, review, ReviewState.closed, **over)
    closing = sa.update(Review).where(ended, Review.state != ReviewState.closed)
    session.execute(closing.values(state=ReviewState.closed, **over))
    reviews.await_no_more(session, awaited)
    reviews.record(
        session, "review.closed", review.project_id, review.id, by=by, outcome=outcome.value
    )


def _together(review: Review) -> sa.ColumnElement[bool]:
    """Find a review and the second opinions on it."""
    return sa.or_(Review.id == _root(review), Review.asked_about_id == _root(review))


def _root(review: Review) -> int:
    return review.asked_about_id or review.id
