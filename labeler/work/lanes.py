"""Lanes: the comparisons of a batch that are alike to the queue.

They are in one language and of one sensitive content, known answers apart.

A lane knows how many judgments it wants in all, and `supply`, a number that grows whenever a slot
in it becomes free again. Whoever found nothing there need not look before it has grown; where
nobody can find anything the lane itself says so (`spent_at`), and is not looked at at all.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from labeler.schema import Base, BigInt, Id, dialect_of, insert, reference

Kind: TypeAlias = tuple[str, bool, str]
"""What is alike in a lane: the language, whether it is gold, the sensitive content."""
UNSPENT = sa.text("spent_at <> supply")


class Lane(Base):
    """Comparisons of a batch that are alike. `wanted` leaves known answers out."""

    __tablename__ = "lanes"
    __table_args__ = (
        sa.UniqueConstraint("batch_id", "language", "is_gold", "sensitive"),
        sa.Index("ix_lanes_unspent", "project_id", sqlite_where=UNSPENT, postgresql_where=UNSPENT),
    )

    id: Mapped[Id]
    project_id: Mapped[int] = reference("projects.id", index=True)
    batch_id: Mapped[int] = reference("batches.id")
    language: Mapped[str]
    is_gold: Mapped[bool]
    sensitive: Mapped[str] = mapped_column(default="")
    """What in it may be hard to read, as `text.sensitive` writes it; empty: nothing."""
    comparisons: Mapped[int]
    wanted: Mapped[BigInt]
    supply: Mapped[BigInt]
    spent_at: Mapped[BigInt] = mapped_column(default=-1)
    """The supply when nothing was left in it for anybody."""


def lengthen(
    session: Session,
    project_id: int,
    batch_id: int,
    added: Mapping[Kind, tuple[int, int]],
) -> dict[Kind, int]:
    """Add so many comparisons and wanted judgments of each kind; return the lanes."""
    found: dict[Kind, int] = {}
    for kind, (comparisons, wanted) in sorted(added.items()):
        language, is_gold, sensitive = kind
        longer = insert(dialect_of(session), Lane).values(
            project_id=project_id,
            batch_id=batch_id,
            language=language,
            is_gold=is_gold,
            sensitive=sensitive,
            comparisons=comparisons,
            wanted=wanted,
            supply=0,
            spent_at=-1,
        )
        new: Any = longer.excluded
        found[kind] = session.scalars(
            longer.on_conflict_do_update(
                index_elements=["batch_id", "language", "is_gold", "sensitive"],
                set_={
                    "comparisons": Lane.comparisons + new.comparisons,
                    "wanted": Lane.wanted + new.wanted,
                    "supply": Lane.supply + 1,
                },
            ).returning(Lane.id)
        ).one()
    return found


def shorten(session: Session, lane_id: int, comparisons: int, wanted: int) -> None:
    """Take so many comparisons and wanted judgments out of a lane; they are in another one."""
    session.execute(
        sa.update(Lane)
        .where(Lane.id == lane_id)
        .values(comparisons=Lane.comparisons - comparisons, wanted=Lane.wanted - wanted)
        .execution_options(synchronize_session=False)
    )


def replenish(session: Session, more: Mapping[int, int]) -> None:
    """Say of these lanes that there may be slots again, and how many more are wanted in each."""
    for lane_id, wanted in sorted(more.items()):
        session.execute(
            sa.update(Lane)
            .where(Lane.id == lane_id)
            .values(supply=Lane.supply + 1, wanted=Lane.wanted + wanted)
            .execution_options(synchronize_session=False)
        )


def note_spent(session: Session, lane_id: int, supply: int) -> None:
    """Remember that nothing was left in the lane for anybody, at this supply of it.

    Nobody waits to say so: of two who found it out, or where something is just being given back,
    the next one will.
    """
    free = (
        sa.select(Lane.id)
        .where(Lane.id == lane_id, Lane.supply == supply, UNSPENT)
        .with_for_update(skip_locked=True, key_share=True)
    )
    session.execute(
        sa.update(Lane)
        .where(Lane.id.in_(free))
        .values(spent_at=supply)
        .execution_options(synchronize_session=False)
    )


def remove(session: Session, batch_id: int) -> None:
    """Remove the lanes of a batch that has no comparisons any more."""
    session.execute(sa.delete(Lane).where(Lane.batch_id == batch_id))
