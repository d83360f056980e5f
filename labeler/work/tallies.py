"""Tallies: what each person did in each lane, counted as it happens.

A tally is written by its own person's transactions, so that nobody waits for anybody else.
`labeler verify` counts everything again.
"""

from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from labeler.schema import Base, BigInt, dialect_of, insert, reference


class Tally(Base):
    """One person's work in one lane.

    `given` counts what was given and neither skipped nor expired; `judged` each judgment as it
    stands, whether it counts or not; `chose_a` of `chose_side` preferred the answer shown first.
    """

    __tablename__ = "tallies"
    __table_args__ = (sa.Index("ix_tallies_project", "project_id", "person_id"),)

    person_id: Mapped[int] = reference("people.id", primary_key=True)
    lane_id: Mapped[int] = reference("lanes.id", primary_key=True)
    project_id: Mapped[int] = reference("projects.id")
    given: Mapped[int] = mapped_column(default=0)
    skipped: Mapped[int] = mapped_column(default=0)
    judged: Mapped[int] = mapped_column(default=0)
    counted: Mapped[int] = mapped_column(default=0)
    gold: Mapped[int] = mapped_column(default=0)
    gold_right: Mapped[int] = mapped_column(default=0)
    chose_a: Mapped[int] = mapped_column(default=0)
    chose_side: Mapped[int] = mapped_column(default=0)
    empty_at: Mapped[BigInt] = mapped_column(default=-1)
    """The lane's supply when there was nothing in it for this person."""


COUNTED = (
    *("given", "skipped", "judged", "counted", "gold", "gold_right", "chose_a", "chose_side"),
)


NOTHING = dict.fromkeys(COUNTED, 0)


def add(session: Session, *, project_id: int, person_id: int, lane_id: int, **by: int) -> None:
    """Add to a tally, which need not be there yet."""
    row = {"project_id": project_id, "person_id": person_id, "lane_id": lane_id, "empty_at": -1}
    session.execute(_adding(dialect_of(session)), row | NOTHING | by)


def note_empty(
    session: Session, *, project_id: int, person_id: int, lane_id: int, supply: int
) -> None:
    """Remember that there was nothing in the lane for this person, at this supply of it."""
    row = {"project_id": project_id, "person_id": person_id, "lane_id": lane_id}
    noted = insert(dialect_of(session), Tally).values(**row, **NOTHING, empty_at=supply)
    session.execute(
        noted.on_conflict_do_update(
            index_elements=["person_id", "lane_id"], set_={"empty_at": supply}
        )
    )


@cache
def _adding(dialect: str) -> Any:
    table: Any = Tally.__table__
    added = insert(dialect, table)
    sums = {name: table.c[name] + added.excluded[name] for name in COUNTED}
    return added.on_conflict_do_update(index_elements=["person_id", "lane_id"], set_=sums)
