"""Gold: comparisons whose answer is known. Nobody who judges is told which ones they are."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session

from labeler.schema import Base, Ref, reference


class Gold(Base):
    """The known answer to a comparison."""

    __tablename__ = "golds"

    comparison_id: Mapped[Ref] = reference("comparisons.id", primary_key=True)
    project_id: Mapped[int] = reference("projects.id", index=True)
    better: Mapped[int]
    """Number of the better response."""
    why: Mapped[str | None]
    created_by: Mapped[int] = reference("people.id")
    created_at: Mapped[datetime]


def grade(session: Session, comparison_id: int, preferred: int | None) -> bool:
    """Say whether a judgment on gold is right: whether it found the better response best."""
    better = session.scalar(sa.select(Gold.better).where(Gold.comparison_id == comparison_id))
    return preferred == better


def of_comparisons(session: Session, comparison_ids: Sequence[int]) -> dict[int, Gold]:
    """Return the known answers of those comparisons that have one."""
    found = session.scalars(sa.select(Gold).where(Gold.comparison_id.in_(comparison_ids)))
    return {gold.comparison_id: gold for gold in found}
