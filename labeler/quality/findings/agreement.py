"""How well people agree: with ties and without, beyond chance, over time, by guideline, language.

Only votes on comparisons that were not asked again because people disagreed can tell (see
`Records.audited`): of the others, those on which people disagree have the more votes.
"""

from dataclasses import dataclass
from datetime import date
from functools import partial

import numpy as np

from labeler.quality.findings.estimates import UNDEFINED, Finding, estimate
from labeler.quality.records import Array, Records
from labeler.said import say
from labeler.stats import agreement as statistics
from labeler.stats.agreement import Interval, Statistic, krippendorff_alpha, percent_agreement
from labeler.stats.reliability import wilson_interval

FEW = 20
"""With fewer people who gave most votes, it matters who they are."""
APART = 20
"""How many people are left out one at a time; the others in as many groups."""
ENOUGH = 5
"""How many comparisons an interval needs."""
WEEKS, GROUPS = 52, 20
RESAMPLES = {"headline": 1000, "part": 300}
NOBODY = say("No comparison has two judgments that can tell it.")
ALIKE = say("All judgments say the same, so that chance cannot be told from agreement.")


@dataclass(frozen=True, eq=False)
class _Said:
    """Votes: on which item, by whom, with which of the labels."""

    item: Array
    person: Array
    label: Array
    n_labels: int

    def where(self, which: Array) -> "_Said":
        return _Said(self.item[which], self.person[which], self.label[which], self.n_labels)


def found(records: Records) -> Finding:
    """Return agreement in all, by week, by guideline version and by language.

    Only by version also of what was asked again since: else nothing was left of the older ones.
    """
    everything, records = records, records.standing
    votes = _votes(records)
    sides = votes.where(votes.label < votes.n_labels - 2)
    few = _most_by(votes.person) < FEW
    headline = partial(_estimate, few=few, resamples=RESAMPLES["headline"])
    return {
        "raw": headline(percent_agreement, votes),
        "without_ties": headline(percent_agreement, sides),
        "alpha": headline(krippendorff_alpha, votes),
        "ordinal": _ordinal(records, headline),
        "few": few,
        "weeks": _weeks(votes, records),
        "guidelines": _groups(everything, "guideline"),
        "languages": _groups(records, "language"),
    }


def _votes(records: Records) -> _Said:
    """Give ties and "both bad" the last two labels, however many answers a comparison has."""
    which = np.flatnonzero(records.audited)
    item, label = records.item[which].astype(np.int64), records.label[which].astype(np.int64)
    answers = records.compared.answers[item].astype(np.int64)
    most = int(records.compared.answers.max(initial=2))
    label = np.where(label < answers, label, label - answers + most)
    return _Said(item, records.person[which], label, most + 2)


def _ordinal(records: Records, headline: "partial[Finding]") -> Finding | None:
    """Return ordinal alpha on the steps of the scale that is asked now, if there is one."""
    pairwise = records.asked.pairwise
    if pairwise is None or pairwise.steps < 4:
        return None
    pairs = records.audited & (records.rubric == records.asked.number)
    which = np.flatnonzero(pairs & (records.label <= 2))  # both bad is no step of the scale
    towards = np.select([records.label[which] == 0, records.label[which] == 1], [-1, 1], 0)
    step = pairwise.steps // 2 + towards * records.strength[which].astype(np.int64)
    votes = _Said(
        records.item[which].astype(np.int64),
        records.person[which],
        step,
        2 * (pairwise.steps // 2) + 1,
    )
    return headline(partial(krippendorff_alpha, level="ordinal"), votes)


def _estimate(
    statistic: Statistic, votes: _Said, *, few: bool, resamples: int = RESAMPLES["part"]
) -> Finding:
    rows, times = _patterns(votes)
    n = int(times.sum())
    value = float(statistic(rows, times=times)) if n else float("nan")
    if value != value:
        return estimate(value, UNDEFINED, n, ALIKE if n else NOBODY)
    if n < ENOUGH:
        return estimate(value, UNDEFINED, n)
    interval = statistics.bootstrap_interval(statistic, rows, resamples=resamples, times=times)
    if few:
        interval = _wider(interval, statistic, votes, resamples)
    return estimate(value, _with_width(interval, n), n)


def _with_width(interval: Interval, n: int) -> Interval:
    """Where everything drawn is alike, say what so many comparisons can rule out."""
    if interval.low < interval.high or interval.low not in (0.0, 1.0):
        return interval
    return wilson_interval(int(interval.low) * n, n)


def _wider(interval: Interval, statistic: Statistic, votes: _Said, resamples: int) -> Interval:
    """Return the interval that allows for other people too, which may be undefined."""
    _, item = np.unique(votes.item, return_inverse=True)
    said = item, _apart(votes.person), votes.label, votes.n_labels
    least = 0.0 if statistic is percent_agreement else -1.0
    both = statistics.two_way_interval(*said, statistic, resamples=resamples, least=least)
    return interval if both.low != both.low else both


def _apart(person: Array) -> Array:
    """Number people, the most active first, and put all but the first in groups."""
    rank = np.empty(int(person.max(initial=0)) + 1, dtype=np.int64)
    rank[np.argsort(-np.bincount(person), kind="stable")] = np.arange(len(rank))
    return np.where(rank < APART, rank, APART + rank % APART)[person]


def _patterns(votes: _Said) -> tuple[Array, Array]:
    """Return the different votes that items with two or more have, and how many items have each."""
    _, item = np.unique(votes.item, return_inverse=True)
    n_items = int(item.max(initial=-1)) + 1
    counts = statistics.tally(item, votes.label, n_items, votes.n_labels)
    counts = counts[counts.sum(axis=1) >= 2]
    base = int(counts.max(initial=0)) + 1
    if votes.n_labels * np.log2(base + 1) < 62:
        keys = counts @ base ** np.arange(votes.n_labels, dtype=np.int64)
        _, first, times = np.unique(keys, return_index=True, return_counts=True)
        return counts[first], times
    rows, times = np.unique(counts, axis=0, return_counts=True)
    return rows, times


def _most_by(person: Array) -> int:
    """Return how few people gave more than half of the votes."""
    given = np.sort(np.bincount(person))[::-1]
    return int(np.searchsorted(np.cumsum(given), len(person) / 2, side="right")) + 1


def _groups(records: Records, name: str) -> list[Finding]:
    """Return agreement with ties and without among the votes of each group, the largest first."""
    votes = _votes(records)
    which = np.flatnonzero(records.audited)
    group = records.guideline[which]
    if name == "language":
        group = records.compared.language[records.item[which]]
    names, given = np.unique(group, return_counts=True)
    largest = names[np.argsort(-given, kind="stable")][:GROUPS].tolist()
    chose = votes.label < votes.n_labels - 2
    sides = votes.where(chose)
    return [
        {
            "name": records.compared.languages[each] if name == "language" else each,
            "raw": _estimate(percent_agreement, votes.where(group == each), few=False),
            "without_ties": _estimate(
                percent_agreement, sides.where(group[chose] == each), few=False
            ),
            "judgments": records.last(which[group == each]),
        }
        for each in largest
    ]


def _weeks(votes: _Said, records: Records) -> list[Finding]:
    """Return raw agreement by the week in which the later one of two votes came."""
    which = np.flatnonzero(records.audited)
    week = records.week[which]
    earlier, same = _ranks(votes.item), _ranks(votes.item * votes.n_labels + votes.label)
    mondays = np.unique(week[earlier > 0])[-WEEKS:]
    rows = []
    for monday in mondays.tolist():
        here = (week == monday) & (earlier > 0)
        _, item = np.unique(votes.item[here], return_inverse=True)
        pairs = np.column_stack(
            [np.bincount(item, each[here]).astype(np.int64) for each in (same, earlier)]
        )
        name = date.fromordinal(monday).isoformat()
        rows.append({"name": name, "raw": _share(pairs), "judgments": records.last(which[here])})
    return rows


def _ranks(key: Array) -> Array:
    """Return how many equal keys stand before each one."""
    order = np.argsort(key, kind="stable")
    new = np.ones(len(key), dtype=bool)
    new[1:] = key[order][1:] != key[order][:-1]
    begin = np.maximum.accumulate(np.where(new, np.arange(len(key)), 0))
    ranks = np.empty(len(key), dtype=np.int64)
    ranks[order] = np.arange(len(key)) - begin
    return ranks


def _share(pairs: Array) -> Finding:
    """Return the share of pairs that agree; `pairs` is items × (agreeing, all)."""

    def agreeing(counts: Array, *, times: Array) -> float:
        same, every = times @ counts
        return float(same / every) if every else float("nan")

    rows, times = np.unique(pairs, axis=0, return_counts=True)
    value, n = agreeing(rows, times=times), int(times.sum())
    if n < ENOUGH:
        return estimate(value, UNDEFINED, n)
    interval = statistics.bootstrap_interval(
        agreeing, rows, resamples=RESAMPLES["part"], times=times
    )
    return estimate(value, _with_width(interval, n), n)
