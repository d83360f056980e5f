"""How an annotator's own work looks to themselves: nobody else is in it, and nothing is ranked.

Which comparisons have a known answer stays untold: only answers of days before today are counted,
and only so many as make full groups, so that no single one can be told from the count.
"""

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from labeler.people.accounts import Person
from labeler.progress.annotators import today
from labeler.progress.projects import middle
from labeler.work.counts import Count, Topic
from labeler.work.gold import Gold
from labeler.work.judgments import IS_CURRENT, Judgment, JudgmentState
from labeler.work.projects import Project
from labeler.work.rubrics import Verdict

if TYPE_CHECKING:
    from labeler.stats.agreement import Interval

GROUP = 5
"""Known answers are told of in groups of so many."""


@dataclass(frozen=True)
class Part:
    """So many of so many, with the 95 % interval of the share."""

    part: int
    whole: int

    @property
    def interval(self) -> "Interval":
        """Where the share likely lies."""
        from labeler.stats.reliability import wilson_interval

        return wilson_interval(self.part, self.whole)


@dataclass(frozen=True)
class Mine:
    """What somebody may see of their own work in a project."""

    judgments: int
    gold: Part
    again: Part
    """Second looks, and how often the same was said as at the first."""
    median_ms: int | None


def mine(session: Session, project: Project, person: Person) -> Mine:
    """Return what the person may see of their own work in the project."""
    took = _took(session, project.id, person.id)
    return Mine(
        judgments=took.total(),
        gold=known(session, project.id, person.id),
        again=_again(session, project.id, person.id),
        median_ms=middle(took),
    )


def _took(session: Session, project_id: int, person_id: int) -> "Counter[int]":
    rows = session.execute(
        sa.select(Count.key, Count.n).where(
            Count.project_id == project_id, Count.topic == Topic.took, Count.shard == person_id
        )
    )
    return Counter({int(row.key): row.n for row in rows})


def known(session: Session, project_id: int, person_id: int) -> Part:
    """Return how many known answers the person gave, of whole groups from before today."""
    right = session.scalars(
        sa.select(Judgment.gold_right)
        .join(Gold, Gold.comparison_id == Judgment.comparison_id)
        .where(Judgment.project_id == project_id, Judgment.person_id == person_id, IS_CURRENT)
        .where(Gold.unscored_at.is_(None), Judgment.created_at < today())
        .order_by(Judgment.id)
    ).all()
    whole = len(right) // GROUP * GROUP
    return Part(sum(map(bool, right[:whole])), whole)


def _again(session: Session, project_id: int, person_id: int) -> Part:
    """Compare the main answers of second looks and first ones; criteria alone have none."""
    first, again = aliased(Judgment), aliased(Judgment)
    same = sa.and_(
        first.verdict == again.verdict,
        sa.func.coalesce(first.preferred, -1) == sa.func.coalesce(again.preferred, -1),
    )
    whole, part = session.execute(
        sa.select(sa.func.count(), sa.func.count().filter(same))
        .select_from(again)
        .join(
            first,
            sa.and_(
                first.comparison_id == again.comparison_id,
                first.person_id == again.person_id,
                first.is_current,
                first.state == JudgmentState.accepted,
            ),
        )
        .where(again.project_id == project_id, again.person_id == person_id)
        .where(again.is_current, again.state == JudgmentState.repeat)
        .where(again.verdict != Verdict.criteria)
    ).one()
    return Part(part, whole)
