"""Gold: comparisons whose answer is known. Nobody who judges is told which ones they are.

A known answer that turns out to be wrong is unscored: its grades stay as they were given, and from
then on they say nothing for or against anybody.
"""

import enum
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from labeler.schema import Base, Ref, reference


class GoldSource(enum.Enum):
    """How the answer came to be known."""

    loaded = "loaded"
    """It stood in the file."""
    written = "written"
    """An owner wrote the comparison and its answer."""
    set = "set"
    """An owner said it of a comparison that was there; this is a copy of it."""
    mined = "mined"
    """Those who judged a comparison agreed, and an owner took it; this is a copy of it."""


class Gold(Base):
    """The known answer to a comparison."""

    __tablename__ = "golds"

    comparison_id: Mapped[Ref] = reference("comparisons.id", primary_key=True)
    project_id: Mapped[int] = reference("projects.id", index=True)
    better: Mapped[int]
    """Number of the better response."""
    why: Mapped[str | None]
    source: Mapped[GoldSource] = mapped_column(default=GoldSource.loaded)
    copied_from_id: Mapped[int | None] = reference("comparisons.id", unique=True)
    """The comparison that this is a copy of; who had the one is not given the other."""
    created_by: Mapped[int] = reference("people.id")
    created_at: Mapped[datetime]
    unscored_at: Mapped[datetime | None]
    unscored_by: Mapped[int | None] = reference("people.id")
    unscored_reason: Mapped[str | None]


class Grade(NamedTuple):
    """Whether a judgment is right, None where nobody knows, and whether that is scored."""

    right: bool | None
    scores: bool

    @property
    def credit(self) -> int:
        """What it is worth where people are asked known answers first: 1 unless it is wrong."""
        return int(self.right is True or not self.scores)


UNGRADED = Grade(None, scores=False)


def grade(
    session: Session, comparison_id: int, preferred: int | None, *, is_gold: bool = True
) -> Grade:
    """Say whether a judgment on gold is right: whether it found the better response best.

    Until the transaction ends the answer is not unscored by anybody else: who unscores it counts
    afterwards, with this one.
    """
    if not is_gold:
        return UNGRADED
    better, unscored_at = session.execute(
        sa.select(Gold.better, Gold.unscored_at)
        .where(Gold.comparison_id == comparison_id)
        .with_for_update(read=True)
    ).one()
    return Grade(preferred == better, unscored_at is None)


def of_comparisons(session: Session, comparison_ids: Sequence[int]) -> dict[int, Gold]:
    """Return the known answers of those comparisons that have one."""
    found = session.scalars(sa.select(Gold).where(Gold.comparison_id.in_(comparison_ids)))
    return {gold.comparison_id: gold for gold in found}
