"""Inquiries: what people are asked about their own work, and what they say to it.

They see why, from what that was seen, and what reviewers wrote to them; nothing happens by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler.errors import Conflict, NotFound
from labeler.people.accounts import Person
from labeler.quality import reviews, threads
from labeler.quality.reviews import Review, ReviewKind, ReviewState
from labeler.quality.threads import Comment, Thread
from labeler.work import judgments
from labeler.work.assignments import Assignment
from labeler.work.judgments import Judgment, Receipt
from labeler.work.projects import Project
from labeler.work.rubrics import Answer


@dataclass(frozen=True)
class Question:
    """Something that somebody is asked about their work; `judgment` is what was sent back."""

    review: Review
    project: Project
    judgment: Judgment | None
    thread: Thread


@dataclass(frozen=True)
class Asked:
    """How much waits for a person's answer."""

    sent_back: int
    signals: int
    """Signals about their work to which they have not said anything yet."""


def of_person(session: Session, person: Person, *, limit: int = 50) -> Sequence[Question]:
    """Return what a person is or was asked, newest first; what waits for them before the rest."""
    waits = sa.and_(Review.state == ReviewState.waiting, Judgment.person_id == person.id)
    rows = session.execute(
        sa.select(Review, Project, Judgment)
        .join(Project, Project.id == Review.project_id)
        .outerjoin(Judgment, Judgment.id == Review.sent_back_id)
        .where(_concerns(person))
        .order_by(sa.case((waits, 0), else_=1), Review.id.desc())
        .limit(limit)
    ).all()
    said = threads.with_author(session, [review.id for review, _, _ in rows], person.id)
    return [
        Question(review, project, _own(review, judgment, person), said.get(review.id, ()))
        for review, project, judgment in rows
    ]


def about(session: Session, assignment: Assignment) -> Thread:
    """Return what a reviewer who waits for this judgment has written to its author."""
    if assignment.sent_back_at is None:
        return ()
    waiting = (
        sa.select(Review.id)
        .join(Judgment, Judgment.id == Review.sent_back_id)
        .where(Judgment.assignment_id == assignment.id, Review.state == ReviewState.waiting)
    )
    found = session.scalars(waiting).all()
    said = threads.with_author(session, found, assignment.person_id)
    return [each for thread in said.values() for each in thread]


def asked(session: Session, person: Person) -> Asked:
    """Count what waits for a person's answer."""
    sent_back = (
        sa.select(sa.func.count())
        .select_from(Judgment)
        .join(Review, Review.sent_back_id == Judgment.id)
        .where(Judgment.person_id == person.id, Review.state == ReviewState.waiting)
    )
    answered = sa.exists().where(Comment.review_id == Review.id, Comment.person_id == person.id)
    signals = sa.select(sa.func.count()).where(
        Review.person_id == person.id,
        Review.kind == ReviewKind.signal,
        Review.state == ReviewState.open,
        ~answered,
    )
    return Asked(session.scalar(sent_back) or 0, session.scalar(signals) or 0)


def find(session: Session, review_id: int, *, by: Person) -> Review:
    """Return a review about which the person is or was asked; raises NotFound."""
    review = session.scalar(sa.select(Review).where(Review.id == review_id, _concerns(by)))
    if review is None:
        raise NotFound("There is no such question.")
    return review


def answer(session: Session, review: Review, text: str, *, by: Person) -> None:
    """Say something to the reviewers; what waited for it is in their queue again."""
    text = threads.require_text(text)
    if review.is_closed:
        raise Conflict("This question is settled. Nothing more has to be said.")
    threads.write(session, review.id, text, by=by, author_id=by.id)
    if _waits_for(session, review, by):
        _bring_back(session, review, by=by)


def change(
    session: Session, project: Project, judgment: Judgment, said: Answer, *, key: str, by: Person
) -> Receipt:
    """Change a judgment as `judgments.change` does; reviews of it go on with the new version."""
    receipt = judgments.change(session, project, judgment, said, key=key)
    if not receipt.repeated:
        _follow(session, judgment, receipt.judgment)
        waiting = sa.select(Review).where(
            Review.sent_back_id == judgment.id, Review.state == ReviewState.waiting
        )
        for review in session.scalars(waiting):
            _bring_back(session, review, by=by)
    return receipt


def _concerns(person: Person) -> sa.ColumnElement[bool]:
    spoken = sa.select(Comment.review_id).where(Comment.author_id == person.id)
    about = sa.and_(Review.person_id == person.id, Review.kind == ReviewKind.signal)
    return sa.or_(about, Review.id.in_(spoken))


def _own(review: Review, judgment: Judgment | None, person: Person) -> Judgment | None:
    waits = review.state is ReviewState.waiting
    return judgment if waits and judgment and judgment.person_id == person.id else None


def _waits_for(session: Session, review: Review, person: Person) -> bool:
    if review.state is not ReviewState.waiting or review.sent_back_id is None:
        return False
    return session.get_one(Judgment, review.sent_back_id).person_id == person.id


def _follow(session: Session, judgment: Judgment, later: Judgment) -> None:
    session.execute(
        sa.update(Review)
        .where(Review.judgment_id == judgment.id, Review.state != ReviewState.closed)
        .values(judgment_id=later.id)
    )


def _bring_back(session: Session, review: Review, *, by: Person) -> None:
    awaited = review.sent_back_id
    reviews.move(session, review, ReviewState.open, sent_back_id=None)
    reviews.await_no_more(session, [awaited])
    reviews.record(session, "review.answered", review.project_id, review.id, by=by)
