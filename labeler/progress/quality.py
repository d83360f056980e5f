"""How well people agree: what was said of each comparison, counted and estimated."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler.work import counts
from labeler.work.comparisons import count_pairs, read_votes
from labeler.work.counts import Topic
from labeler.work.judgments import IS_CURRENT, Judgment, JudgmentState

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
    """Raw agreement of the pairs of judgments that came together in the week from `monday`."""

    monday: date
    raw: Estimate


def agreement(session: Session, project_id: int) -> Agreement:
    """Return raw agreement with and without ties, and Krippendorff's alpha (nominal).

    Each comparison counts its judgments as for one answer, for the other, tie or both bad.
    Gold is left out. Values are nan where no comparison has two judgments.
    """
    from labeler.stats import agreement as statistics

    rows, times = _counted(session, project_id)
    sides = rows[:, :2]
    return Agreement(
        raw=_estimate(statistics.percent_agreement, rows, times),
        without_ties=_estimate(statistics.percent_agreement, sides, times),
        alpha=_estimate(statistics.krippendorff_alpha, rows, times),
    )


def agreement_by_week(session: Session, project_id: int) -> Sequence[Week]:
    """Return raw agreement in each of the last weeks that can tell it with an interval.

    A pair of judgments of one comparison belongs to the week in which the later one came.
    """
    weeks: dict[int, Counter[tuple[int, int]]] = defaultdict(Counter)
    for (monday, before, after), n in _moves(session, project_id).items():
        pairs = [count_pairs(after)[at] - count_pairs(before)[at] for at in (0, 1)]
        if monday and pairs[1]:
            weeks[monday][pairs[0], pairs[1]] += n
    found = [
        Week(date.fromordinal(monday), _share(weeks[monday])) for monday in sorted(weeks)[-WEEKS:]
    ]
    return [week for week in found if week.raw.has_range]


def votes(session: Session, comparison_ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """Return what was said of each comparison: for "0", for "1", "tie" and "both_bad"."""
    preferred = sa.cast(Judgment.preferred, sa.Text())
    said = sa.func.coalesce(preferred, sa.cast(Judgment.verdict, sa.Text()))
    rows = session.execute(
        sa.select(Judgment.comparison_id, said, sa.func.count())
        .where(Judgment.comparison_id.in_(comparison_ids), IS_CURRENT)
        .where(Judgment.state == JudgmentState.accepted)
        .group_by(Judgment.comparison_id, said)
    )
    found: dict[int, dict[str, int]] = {comparison_id: {} for comparison_id in comparison_ids}
    for comparison_id, word, count in rows:
        found[comparison_id][word] = count
    return found


def _moves(session: Session, project_id: int) -> Counter[tuple[int, int, int]]:
    """Return how often votes moved, by week (the ordinal of its Monday), before and after."""
    moves: Counter[tuple[int, int, int]] = Counter()
    for key, n in counts.totals(session, project_id, Topic.votes).items():
        monday, before, after = map(int, key.split(":"))
        moves[monday, before, after] += n
    return moves


def _counted(session: Session, project_id: int) -> tuple[Any, Any]:
    """Return the different votes on comparisons, and how many comparisons have each.

    The first is an array of votes × 4: for response 0, for response 1, tie, both bad.
    """
    import numpy as np

    patterns: Counter[int] = Counter()
    for (_, before, after), n in _moves(session, project_id).items():
        patterns[after] += n
        patterns[before] -= n
    found = sorted((votes, n) for votes, n in patterns.items() if votes and n)
    rows = np.array([read_votes(votes) for votes, _ in found], dtype=np.int64).reshape(-1, 4)
    return rows, np.array([n for _, n in found], dtype=np.int64)


def _estimate(statistic: Any, rows: Any, times: Any) -> Estimate:
    from labeler.stats.agreement import bootstrap_interval

    twice = rows.sum(axis=1) >= 2
    rows, times = rows[twice], times[twice]
    value = float(statistic(rows, times=times)) if len(rows) else float("nan")
    interval = bootstrap_interval(statistic, rows, resamples=RESAMPLES["headline"], times=times)
    return Estimate(value, interval, int(times.sum()))


def _share(pairs: Counter[tuple[int, int]]) -> Estimate:
    """Return the share of pairs that agree, when what came with each judgment is drawn anew."""
    import numpy as np

    from labeler.stats.agreement import bootstrap_interval

    def share(counts: Any, *, times: Any) -> float:
        agreeing, all_of_them = times @ counts
        return float(agreeing / all_of_them) if all_of_them else float("nan")

    rows = np.array(list(pairs), dtype=np.int64).reshape(-1, 2)
    times = np.array(list(pairs.values()), dtype=np.int64)
    interval = bootstrap_interval(share, rows, resamples=RESAMPLES["week"], times=times)
    return Estimate(share(rows, times=times), interval, int(times.sum()))
