"""The reviewers' queue: the least sure first, then the oldest."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler.people.accounts import Person
from labeler.quality.reviews import Review, ReviewKind, ReviewState

LAST = 2.0
"""Stands for no confidence: behind every one that there can be."""
_RANK = sa.func.coalesce(Review.confidence, LAST)


def page(
    session: Session,
    project_id: int,
    *,
    kind: ReviewKind | None = None,
    state: ReviewState = ReviewState.open,
    after: int = 0,
    limit: int = 25,
) -> Sequence[Review]:
    """Return the reviews that follow the one of number `after` in the queue, or the first ones."""
    query = _queued(project_id, kind, state).limit(limit)
    last = session.execute(sa.select(_RANK, Review.id).where(Review.id == after)).one_or_none()
    if last is not None:
        query = query.where(sa.tuple_(_RANK, Review.id) > sa.tuple_(*map(sa.literal, last)))
    return session.scalars(query).all()


def following(
    session: Session, project_id: int, *, kind: ReviewKind | None = None, by: Person
) -> Review | None:
    """Return the first review in the queue that the person may decide; None if there is none."""
    asked = sa.select(sa.func.coalesce(Review.asked_about_id, 0)).where(
        Review.project_id == project_id,
        Review.kind == ReviewKind.second_opinion,
        Review.opened_by == by.id,
        Review.state != ReviewState.closed,
    )
    root = sa.func.coalesce(Review.asked_about_id, Review.id)
    not_own = sa.func.coalesce(Review.person_id, 0) != by.id
    query = _queued(project_id, kind, ReviewState.open).where(not_own, root.not_in(asked))
    return session.scalar(query.limit(1))


def counts(session: Session, project_id: int) -> dict[tuple[ReviewKind, ReviewState], int]:
    """Return how many reviews are not closed, by kind and state."""
    rows = session.execute(
        sa.select(Review.kind, Review.state, sa.func.count())
        .where(Review.project_id == project_id, Review.state != ReviewState.closed)
        .group_by(Review.kind, Review.state)
    )
    return {(kind, state): number for kind, state, number in rows}


def _queued(project_id: int, kind: ReviewKind | None, state: ReviewState) -> sa.Select[Review]:
    query = (
        sa.select(Review)
        .where(Review.project_id == project_id, Review.state == state)
        # What the partial index asks for, word for word.
        .where(Review.state != ReviewState.closed)
        .order_by(_RANK, Review.id)
    )
    return query if kind is None else query.where(Review.kind == kind)
