"""Lanes: the comparisons of a batch in one language, known answers apart, as the queue sees them.

A lane knows how many judgments it wants in all, and `supply`, a number that grows whenever a slot
in it becomes free again. Whoever found nothing there need not look before it has grown.
"""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session

from labeler.schema import Base, BigInt, Id, dialect_of, insert, reference


class Lane(Base):
    """The comparisons of a batch in one language. `wanted` leaves known answers out."""

    __tablename__ = "lanes"
    __table_args__ = (sa.UniqueConstraint("batch_id", "language", "is_gold"),)

    id: Mapped[Id]
    project_id: Mapped[int] = reference("projects.id", index=True)
    batch_id: Mapped[int] = reference("batches.id")
    language: Mapped[str]
    is_gold: Mapped[bool]
    comparisons: Mapped[int]
    wanted: Mapped[BigInt]
    supply: Mapped[BigInt]


def lengthen(
    session: Session,
    project_id: int,
    batch_id: int,
    added: Mapping[tuple[str, bool], tuple[int, int]],
) -> dict[tuple[str, bool], int]:
    """Add so many comparisons and wanted judgments by (language, is_gold); return the lanes."""
    found: dict[tuple[str, bool], int] = {}
    for (language, is_gold), (comparisons, wanted) in sorted(added.items()):
        longer = insert(dialect_of(session), Lane).values(
            project_id=project_id,
            batch_id=batch_id,
            language=language,
            is_gold=is_gold,
            comparisons=comparisons,
            wanted=wanted,
            supply=0,
        )
        new: Any = longer.excluded
        found[language, is_gold] = session.scalars(
            longer.on_conflict_do_update(
                index_elements=["batch_id", "language", "is_gold"],
                set_={
                    "comparisons": Lane.comparisons + new.comparisons,
                    "wanted": Lane.wanted + new.wanted,
                },
            ).returning(Lane.id)
        ).one()
    return found


def replenish(session: Session, more: Mapping[int, int]) -> None:
    """Say of these lanes that there may be slots again, and how many more are wanted in each."""
    for lane_id, wanted in sorted(more.items()):
        session.execute(
            sa.update(Lane)
            .where(Lane.id == lane_id)
            .values(supply=Lane.supply + 1, wanted=Lane.wanted + wanted)
            .execution_options(synchronize_session=False)
        )


def remove(session: Session, batch_id: int) -> None:
    """Remove the lanes of a batch that has no comparisons any more."""
    session.execute(sa.delete(Lane).where(Lane.batch_id == batch_id))
