"""How well people agree: what was said of each comparison, counted and estimated."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler.progress.projects import COUNTS
from labeler.work.judgments import Judgment
from labeler.work.rubrics import Verdict

if TYPE_CHECKING:
    from labeler.stats.agreement import Interval

WEEKS = 12
"""How many weeks back agreement is shown."""
ENOUGH = 5
"""How many comparisons an interval needs; the bootstrap of one or two has hardly any width."""
RESAMPLES = {"headline": 1000, "week": 300}


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95 % interval and the number of things that it rests on."""

    value: float
    interval: "Interval"
    n: int

    @property
    def has_range(self) -> bool:
        """Whether there are enough things for the interval to mean something."""
        return self.n >= ENOUGH and self.interval.low == self.interval.low


@dataclass(frozen=True)
class Agreement:
    """How well people agree; `n` counts comparisons with at least two judgments."""

    raw: Estimate
    without_ties: Estimate
    alpha: Estimate


@dataclass(frozen=True)
class Week:
    """Raw agreement on the comparisons whose latest judgment came in the week from `monday`."""

    monday: date
    raw: Estimate


def agreement(session: Session, project_id: int) -> Agreement:
    """Return raw agreement with and without ties, and Krippendorff's alpha (nominal).

    Each comparison counts its judgments as for one answer, for the other, tie or both bad.
    Gold is left out. Values are nan where no comparison has two judgments.
    """
    from labeler.stats import agreement as statistics

    counts, _ = _counted(session, project_id)
    sides = counts[:, :2]
    return Agreement(
        raw=_estimate(statistics.percent_agreement, counts),
        without_ties=_estimate(statistics.percent_agreement, sides),
        alpha=_estimate(statistics.krippendorff_alpha, counts),
    )


def agreement_by_week(session: Session, project_id: int) -> Sequence[Week]:
    """Return raw agreement in each of the last weeks that can tell it with an interval."""
    from labeler.stats.agreement import percent_agreement

    counts, mondays = _counted(session, project_id)
    twice = counts.sum(axis=1) >= 2
    weeks = sorted(set(mondays[twice]))[-WEEKS:]
    resamples = RESAMPLES["week"]
    found = [
        Week(
            date.fromordinal(int(monday)),
            _estimate(percent_agreement, counts[mondays == monday], resamples),
        )
        for monday in weeks
    ]
    return [week for week in found if week.raw.has_range]


def votes(session: Session, comparison_ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """Return what was said of each comparison: for "0", for "1", "tie" and "both_bad"."""
    preferred = sa.cast(Judgment.preferred, sa.Text())
    said = sa.func.coalesce(preferred, sa.cast(Judgment.verdict, sa.Text()))
    rows = session.execute(
        sa.select(Judgment.comparison_id, said, sa.func.count())
        .where(Judgment.comparison_id.in_(comparison_ids), COUNTS)
        .group_by(Judgment.comparison_id, said)
    )
    found: dict[int, dict[str, int]] = {comparison_id: {} for comparison_id in comparison_ids}
    for comparison_id, word, count in rows:
        found[comparison_id][word] = count
    return found


def _counted(session: Session, project_id: int) -> tuple[Any, Any]:
    """Return what was said of each comparison, and the Monday of its latest week (an ordinal).

    The first is an array of comparisons × 4: for response 0, for response 1, tie, both bad.
    """
    import numpy as np

    label = sa.case(
        (Judgment.verdict == Verdict.tie, 2),
        (Judgment.verdict == Verdict.both_bad, 3),
        else_=Judgment.preferred,
    )
    rows = session.execute(
        sa.select(Judgment.comparison_id, label, sa.func.count(), sa.func.max(Judgment.created_at))
        .where(Judgment.project_id == project_id, COUNTS, Judgment.gold_right.is_(None))
        .group_by(Judgment.comparison_id, label)
    )
    found = [(item, said, number, _monday(latest.date())) for item, said, number, latest in rows]
    table = np.array(found, dtype=np.int64).reshape(-1, 4)
    items, place = np.unique(table[:, 0], return_inverse=True)
    counts = np.zeros((len(items), 4), dtype=np.int64)
    counts[place, table[:, 1]] = table[:, 2]
    mondays = np.zeros(len(items), dtype=np.int64)
    np.maximum.at(mondays, place, table[:, 3])
    return counts, mondays


def _monday(day: date) -> int:
    return (day - timedelta(days=day.weekday())).toordinal()


def _estimate(statistic: Any, counts: Any, resamples: int = RESAMPLES["headline"]) -> Estimate:
    from labeler.stats.agreement import bootstrap_interval

    usable = counts[counts.sum(axis=1) >= 2]
    value = float(statistic(usable)) if len(usable) else float("nan")
    interval = bootstrap_interval(statistic, usable, resamples=resamples)
    return Estimate(value, interval, len(usable))
