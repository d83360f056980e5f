"""Whether two people give the same answers more often than each of them does with everybody else.

Honest people agree, the better they are the more, so agreement itself says little. Two questions
must be answered alike before a pair is noticed. Do they agree more than two people do who agree
with the others as much as these do? The best annotators do not. And do they so where the others
answered otherwise? Who copies does; two people who share a taste with all the others do not.
"""

from dataclasses import dataclass
from math import exp, log1p

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labeler.said import say
from labeler.stats.binomial import at_least
from labeler.stats.reliability import wilson_interval
from labeler.stats.signals.shared import Shared, shared_answers
from labeler.stats.signals.signal import Signal

SHARED = 30  # items that two people must share to be compared
LEVEL = 0.01  # chance that any pair at all is noticed, if nobody copies
ALIKE = 1.1  # two people may agree a tenth more than follows from the others: tastes are shared

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two people, the smaller number first, and how much more than usual they agree."""

    first: int
    second: int
    signal: Signal


def copying_signals(
    item: ArrayLike, person: ArrayLike, label: ArrayLike, *, most: int = 100
) -> list[Pair]:
    """Return the `most` pairs who agree most beyond what is usual, the least likely first.

    Three aligned arrays, one place a vote; a person votes once on an item. Two people are
    compared if they share SHARED items. The chance is the larger of that of so many equal
    answers and of so much weight of them (see shared.Sums), and noticeable if, times the number
    of pairs compared, it is LEVEL or less (Bonferroni).
    """
    shared = shared_answers(item, person, label)
    compared = np.flatnonzero(shared.sums.items >= SHARED)
    if not len(compared):
        return []
    usual = _usual_agreement(shared, compared)
    chances = np.maximum(_plain(shared, compared, usual), _weighted(shared, compared))
    ranked = np.argsort(chances, kind="stable")[:most]
    limit = LEVEL / len(compared)
    return [
        _pair(shared, int(compared[at]), float(chances[at]), limit, float(usual[at]))
        for at in ranked
    ]


def _pair(shared: Shared, at: int, chance: float, limit: float, usual: float) -> Pair:
    equal, n = int(shared.sums.equal[at]), int(shared.sums.items[at])
    sentence = say(
        "These two people gave the same answer to %(equal)s of %(n)s comparisons that both "
        "judged; as often as each agrees with the others, up to %(usual)s of 100 would be usual.",
        equal=equal,
        n=n,
        usual=round(100 * usual),
    )
    signal = Signal(equal / n, wilson_interval(equal, n), n, chance, chance <= limit, sentence)
    first, second = shared.people[shared.first[at]], shared.people[shared.second[at]]
    return Pair(int(first), int(second), signal)


def _usual_agreement(shared: Shared, compared: Whole) -> Floats:
    """Return, for each pair compared, up to which share of equal answers is usual.

    If a person who errs gives each other label alike, two independent people agree beyond one
    over the number of labels by the product of what each knows; so by the product of what each
    does with the others, over that of the pool. That of the pool is usual for anybody, and so is
    ALIKE times all this.
    """
    pool = float(shared.sums.equal.sum() / shared.sums.items.sum())
    first, second = _with_others(shared, shared.sums.equal, compared)
    beyond = pool - shared.blind
    product = (first - shared.blind) * (second - shared.blind) / beyond if beyond > 0.02 else 0.0
    both_above = np.minimum(first, second) > shared.blind
    usual = np.where(both_above, shared.blind + product, pool)
    return np.clip(ALIKE * np.maximum(usual, pool), 0.01, 0.99)


def _plain(shared: Shared, compared: Whole, usual: Floats) -> Floats:
    """Return the exact chance of so many equal answers by each pair; 1 if no more than usual."""
    equal, items = shared.sums.equal[compared], shared.sums.items[compared]
    chances = np.ones(len(compared))
    for at in np.flatnonzero(equal > usual * items):
        chances[at] = at_least(int(equal[at]), int(items[at]), float(usual[at]))
    return chances


def _weighted(shared: Shared, compared: Whole) -> Floats:
    """Return a bound of the chance of so much weight of equal answers by each pair.

    The mean weight is expected to be ALIKE times the product of what the two have with the
    others, over that of the pool, and to vary as much as the pool's.
    """
    sums = shared.sums
    pool, square = sums.weight.sum() / sums.items.sum(), sums.square.sum() / sums.items.sum()
    if pool == 0:
        return np.ones(len(compared))
    first, second = _with_others(shared, sums.weight, compared)
    expected = np.minimum(ALIKE * first * second / pool, 0.99)
    variances = np.maximum(square / pool * expected - expected**2, 1e-6)
    found = sums.weight[compared] / sums.items[compared]
    rows = zip(sums.items[compared], found - expected, variances, 1 - expected, strict=True)
    return np.array([_bennett(*map(float, row)) for row in rows])


def _bennett(n: float, beyond: float, variance: float, largest: float) -> float:
    """Bound the chance that the mean of n terms lies so far beyond what is expected.

    exp(-n·s²/b²·h(b·t/s²)) with h(u) = (1 + u)·log(1 + u) - u, no term more than b above what is
    expected. Bennett (1962), Probability inequalities for the sum of independent random variables.
    """
    if beyond <= 0:
        return 1.0
    u = largest * beyond / variance
    return exp(-n * variance / largest**2 * ((1 + u) * log1p(u) - u))


def _with_others(shared: Shared, column: Floats, compared: Whole) -> tuple[Floats, Floats]:
    """Return the mean of a column of sums, for each person of each pair, with all but the other.

    With SHARED pairs of votes at the pool's mean added, so that few of them do not mislead.
    """
    sums, people = shared.sums, len(shared.people)
    ends = shared.first, shared.second
    items, total = (
        sum((np.bincount(end, each, people) for end in ends), np.zeros(people))
        for each in (sums.items, column)
    )
    added = SHARED * column.sum() / sums.items.sum()
    first, second = (
        (total[end[compared]] - column[compared] + added)
        / (items[end[compared]] - sums.items[compared] + SHARED)
        for end in ends
    )
    return first, second
