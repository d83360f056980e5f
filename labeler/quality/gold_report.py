"""How known answers fare: who found them right, and which of them good annotators dispute."""

from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler.work.batches import Batch
from labeler.work.comparisons import Comparison
from labeler.work.gold import Gold
from labeler.work.judgments import IS_CURRENT, Judgment
from labeler.work.projects import Project


class GoldRow(NamedTuple):
    """A known answer, how many judged it and how many found it right."""

    gold: Gold
    external_id: str
    prompt_id: int
    judged: int
    right: int
    is_disputed: bool

    @property
    def share(self) -> float | None:
        """Which share found it right; None before anybody judged it."""
        return self.right / self.judged if self.judged else None

    @property
    def is_scored(self) -> bool:
        """Whether it counts for and against people."""
        return self.gold.unscored_at is None


def report(session: Session, project: Project) -> Sequence[GoldRow]:
    """Return the known answers of a project: disputed ones first, then by how few were right.

    What is unscored comes last.
    """
    doubted = disputed(session, project.id)
    found = _rows(session, project.id)
    rows = [GoldRow(*row, is_disputed=row.Gold.comparison_id in doubted) for row in found]
    return sorted(rows, key=_turn)


def disputed(session: Session, project_id: int) -> set[int]:
    """Return the comparisons of scored gold whose answer good annotators dispute, by id."""
    import numpy as np

    from labeler.stats.disputed import disputed_gold

    answers = session.execute(
        sa.select(Judgment.comparison_id, Judgment.person_id, Judgment.gold_right)
        .join_from(Gold, Judgment, Judgment.comparison_id == Gold.comparison_id)
        .where(Gold.project_id == project_id, Gold.unscored_at.is_(None), IS_CURRENT)
    ).all()
    columns = np.array([tuple(each) for each in answers], dtype=np.int64).reshape(-1, 3).T
    return {each.item for each in disputed_gold(*columns) if each.signal.noticeable}


def questions(session: Session, project_id: int) -> set[int]:
    """Return the known answers that are asked before the work itself, by their comparison's id."""
    return set(
        session.scalars(
            sa.select(Comparison.id)
            .join(Batch, Batch.id == Comparison.batch_id)
            .where(Batch.project_id == project_id, Batch.is_qualification)
        )
    )


def known(session: Session, comparison_id: int) -> Gold | None:
    """Return what is known of a comparison, if anything is."""
    return session.get(Gold, comparison_id)


def _rows(session: Session, project_id: int) -> Sequence[sa.Row[Gold, str, int, int, int]]:
    right = sa.func.sum(sa.case((Judgment.gold_right.is_(True), 1), else_=0))
    judged = (
        sa.select(Judgment.comparison_id, sa.func.count().label("judged"), right.label("found"))
        .join(Gold, Gold.comparison_id == Judgment.comparison_id)
        .where(Gold.project_id == project_id, IS_CURRENT)
        .group_by(Judgment.comparison_id)
        .subquery()
    )
    return session.execute(
        sa.select(
            Gold,
            Comparison.external_id,
            Comparison.prompt_id,
            sa.func.coalesce(judged.c.judged, 0),
            sa.func.coalesce(judged.c.found, 0),
        )
        .join(Comparison, Comparison.id == Gold.comparison_id)
        .outerjoin(judged, judged.c.comparison_id == Gold.comparison_id)
        .where(Gold.project_id == project_id)
    ).all()


def _turn(row: GoldRow) -> tuple[bool, bool, float, int]:
    share = 1.0 if row.share is None else row.share
    return not row.is_scored, not row.is_disputed, share, row.gold.comparison_id
