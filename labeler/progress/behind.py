"""What stands behind figures: names of people and comparisons, and the judgments themselves."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler.people.accounts import Person
from labeler.work.comparisons import Comparison
from labeler.work.judgments import Judgment


@dataclass(frozen=True)
class Behind:
    """A judgment behind a figure, with who made it and what its comparison is called."""

    judgment: Judgment
    person: Person
    name: str


def names(session: Session, person_ids: Iterable[int]) -> dict[int, str]:
    """Return the names of people by id."""
    rows = session.execute(sa.select(Person.id, Person.name).where(Person.id.in_(set(person_ids))))
    return {row.id: row.name for row in rows}


def comparison_names(
    session: Session, project_id: int, comparison_ids: Iterable[int]
) -> dict[int, str]:
    """Return what the owner's file calls these comparisons, by id."""
    rows = session.execute(
        sa.select(Comparison.id, Comparison.external_id).where(
            Comparison.id.in_(set(comparison_ids)), Comparison.project_id == project_id
        )
    )
    return {row.id: row.external_id for row in rows}


def behind(session: Session, project_id: int, judgment_ids: Sequence[int]) -> Sequence[Behind]:
    """Return these judgments of a project, newest first."""
    rows = session.execute(
        sa.select(Judgment, Person, Comparison.external_id)
        .join(Person, Person.id == Judgment.person_id)
        .join(Comparison, Comparison.id == Judgment.comparison_id)
        .where(Judgment.id.in_(judgment_ids), Judgment.project_id == project_id)
        .order_by(Judgment.id.desc())
    )
    return [Behind(*row) for row in rows]
