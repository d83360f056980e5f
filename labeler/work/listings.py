"""Listings: judgments as somebody goes through them: their author, a reviewer, a program."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler.people.accounts import Person
from labeler.work.judgments import IS_CURRENT, Judgment


def of_person(
    session: Session,
    person: Person,
    *,
    project_id: int | None = None,
    before: int | None = None,
    limit: int = 50,
) -> Sequence[Judgment]:
    """Return the person's current judgments, newest first, older than `before`."""
    query = (
        sa.select(Judgment)
        .where(Judgment.person_id == person.id, IS_CURRENT)
        .order_by(Judgment.id.desc())
        .limit(limit)
    )
    if project_id is not None:
        query = query.where(Judgment.project_id == project_id)
    if before is not None:
        query = query.where(Judgment.id < before)
    return session.scalars(query).all()


def of_comparison(session: Session, comparison_id: int) -> Sequence[tuple[Judgment, Person]]:
    """Return every version of every judgment on a comparison, with who said it."""
    rows = session.execute(
        sa.select(Judgment, Person)
        .join(Person, Person.id == Judgment.person_id)
        .where(Judgment.comparison_id == comparison_id)
        .order_by(Judgment.id)
    )
    return [(judgment, person) for judgment, person in rows]


def page(
    session: Session, project_id: int, *, after: int = 0, limit: int = 100
) -> Sequence[Judgment]:
    """Return the judgments of a project that follow `after`, by id, every version."""
    return session.scalars(
        sa.select(Judgment)
        .where(Judgment.project_id == project_id, Judgment.id > after)
        .order_by(Judgment.id)
        .limit(limit)
    ).all()
