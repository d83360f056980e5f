"""Whether two people give the same answers more often than each of them does with everybody else.

Honest people agree, the better they are the more, so agreement itself says little. What counts
is agreeing where the others answered otherwise, and more of it than the two usually have. The
time is that of looking at each two votes on an item once, the memory that of the pairs of people
who meet, whatever the number of votes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import exp, log1p

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labeler.said import say
from labeler.stats.binomial import at_least
from labeler.stats.reliability import wilson_interval
from labeler.stats.signals.signal import Signal

SHARED = 30  # items that two people must share to be compared
CROWD = 200  # votes, above which an item is left out: everybody answers what is shown to all
LEVEL = 0.01  # chance that any pair at all is noticed, if nobody copies
ALIKE = 1.1  # two people may agree a tenth more than they do with others: tastes are shared
CHUNK = 1_000_000  # pairs of votes that are looked at together
HELD = 4_000_000  # pairs of people whose sums wait to be added up

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two people, the smaller number first, and how much more than usual they agree."""

    first: int
    second: int
    signal: Signal


@dataclass(frozen=True, slots=True)
class _Sums:
    """Of each pair of people who share an item: key, items, equal answers, weights of those."""

    keys: Whole
    items: Floats
    equal: Floats
    weight: Floats
    square: Floats


def copying_signals(
    item: ArrayLike, person: ArrayLike, label: ArrayLike, *, most: int = 100
) -> list[Pair]:
    """Return the `most` pairs who agree most beyond what is usual, the least likely first.

    Three aligned arrays, one place a vote; a person votes once on an item. Two people are
    compared if they share SHARED items. An answer that both give weighs one minus the share of
    those who gave it among the other votes on the item, all labels of the pool counting as one
    vote more. A pair's mean weight is expected to be ALIKE times the product of what the two
    have with everybody else, over that of the pool; its chance is bounded by Bennett's
    inequality. The chance returned is the larger of this and of as many equal answers by people
    who agree as the pool does, and noticeable if times the number of pairs compared it is LEVEL
    or less (Bonferroni). Bennett (1962), Probability inequalities for the sum of independent
    random variables.
    """
    people, who = np.unique(np.asarray(person, dtype=np.int64), return_inverse=True)
    _, what = np.unique(np.asarray(label, dtype=np.int64), return_inverse=True)
    _, where = np.unique(np.asarray(item, dtype=np.int64), return_inverse=True)
    sums = _sums(where.reshape(-1), who.reshape(-1), what.reshape(-1), len(people))
    compared = np.flatnonzero(sums.items >= SHARED)
    if not len(compared):
        return []
    chances = _chances(sums, compared, len(people))
    ranked = np.argsort(chances, kind="stable")[:most]
    limit = LEVEL / len(compared)
    return [_pair(sums, people, int(compared[at]), float(chances[at]), limit) for at in ranked]


def _pair(sums: _Sums, people: Whole, at: int, chance: float, limit: float) -> Pair:
    first, second = divmod(int(sums.keys[at]), len(people))
    equal, n = int(sums.equal[at]), int(sums.items[at])
    sentence = say(
        "These two people gave the same answer to %(equal)s of %(n)s comparisons that both "
        "judged, also where others answered otherwise; in this project two people usually give the "
        "same answer to %(usual)s of 100.",
        equal=equal,
        n=n,
        usual=round(100 * _agreement(sums)),
    )
    interval = wilson_interval(equal, n)
    signal = Signal(equal / n, interval, n, chance, chance <= limit, sentence)
    return Pair(int(people[first]), int(people[second]), signal)


def _chances(sums: _Sums, compared: Whole, people: int) -> Floats:
    """Return, for each pair compared, the chance of so much agreement of either kind."""
    total, square = sums.weight.sum() / sums.items.sum(), sums.square.sum() / sums.items.sum()
    pairs = np.divmod(sums.keys, people)
    ends = [_with_others(sums, end, compared, total, pairs, people) for end in pairs]
    if total == 0:
        return np.ones(len(compared))
    expected = np.minimum(ALIKE * ends[0] * ends[1] / total, 0.99)
    variances = np.maximum(square / total * expected - expected**2, 1e-6)
    found = sums.weight[compared] / sums.items[compared]
    rows = zip(sums.items[compared], found - expected, variances, 1 - expected, strict=True)
    weighted = np.array([_bennett(*map(float, row)) for row in rows])
    return np.maximum(weighted, _plain(sums, compared))


def _plain(sums: _Sums, compared: Whole) -> Floats:
    """Return the chance of as many equal answers by people who agree as the pool does.

    Without it two people who both click at random would seem to copy each other: they are often
    alone against the others together.
    """
    agreement = min(max(_agreement(sums), 0.01), 0.99)
    counts = zip(sums.equal[compared].tolist(), sums.items[compared].tolist(), strict=True)
    return np.array([at_least(int(equal), int(n), agreement) for equal, n in counts])


def _agreement(sums: _Sums) -> float:
    return float(sums.equal.sum() / sums.items.sum())


def _with_others(
    sums: _Sums, end: Whole, compared: Whole, pool: float, pairs: tuple[Whole, Whole], people: int
) -> Floats:
    """Return the mean weight of one person of each pair with all but the other.

    With SHARED pairs of votes at the pool's mean added, so that few of them do not mislead.
    """
    items = np.bincount(pairs[0], sums.items, people) + np.bincount(pairs[1], sums.items, people)
    weight = np.bincount(pairs[0], sums.weight, people) + np.bincount(pairs[1], sums.weight, people)
    rest = items[end[compared]] - sums.items[compared] + SHARED
    mean: Floats = (weight[end[compared]] - sums.weight[compared] + SHARED * pool) / rest
    return mean


def _bennett(n: float, beyond: float, variance: float, largest: float) -> float:
    """Bound the chance that the mean of n terms lies so far beyond what is expected.

    exp(-n·s²/b²·h(b·t/s²)) with h(u) = (1 + u)·log(1 + u) - u, terms no more than b above theirs.
    """
    if beyond <= 0:
        return 1.0
    u = largest * beyond / variance
    return exp(-n * variance / largest**2 * ((1 + u) * log1p(u) - u))


def _sums(where: Whole, who: Whole, what: Whole, people: int) -> _Sums:
    """Add up what each two people share, some items at a time."""
    held = [_Sums(np.zeros(0, dtype=np.int64), *(np.zeros(0) for _ in range(4)))]
    for chunk in _chunks(where, who, what, people):
        held.append(chunk)
        if sum(len(each.keys) for each in held) > max(HELD, 2 * len(held[0].keys)):
            held = [_added(held)]
    return _added(held)


def _added(held: list[_Sums]) -> _Sums:
    keys, place = np.unique(np.concatenate([each.keys for each in held]), return_inverse=True)
    fields = ("items", "equal", "weight", "square")
    columns = (np.concatenate([getattr(each, name) for each in held]) for name in fields)
    return _Sums(keys, *(np.bincount(place.reshape(-1), col, len(keys)) for col in columns))


def _chunks(where: Whole, who: Whole, what: Whole, people: int) -> Iterator[_Sums]:
    """Yield sums of some items at a time, all of which have the same number of votes."""
    order = np.argsort(where, kind="stable")
    who, what = who[order], what[order]
    votes = np.bincount(where)
    begin = np.cumsum(votes) - votes
    shares = np.bincount(what) / max(1, len(what))
    for k in np.unique(votes[(votes >= 2) & (votes <= CROWD)]).tolist():
        starts = begin[votes == k]
        step = max(1, CHUNK // (k * (k - 1) // 2))
        for at in range(0, len(starts), step):
            rows = starts[at : at + step, None] + np.arange(k)
            yield _chunk(who[rows], what[rows], shares, people)


def _chunk(who: Whole, what: Whole, shares: Floats, people: int) -> _Sums:
    """Return the sums of items by votes: who voted, and for what."""
    one, two = np.triu_indices(who.shape[1], 1)
    left, right = who[:, one], who[:, two]
    same = what[:, one] == what[:, two]
    given = (what[:, :, None] == what[:, None, :]).sum(axis=2)[:, one]
    others = who.shape[1] - 2
    weight = np.where(same, 1 - (given - 2 + shares[what[:, one]]) / (others + 1), 0.0).reshape(-1)
    keys = (np.minimum(left, right) * people + np.maximum(left, right)).reshape(-1)
    apart = (left != right).reshape(-1)
    unique, place = np.unique(keys[apart], return_inverse=True)
    columns = (np.ones(apart.sum()), same.reshape(-1)[apart], weight[apart], weight[apart] ** 2)
    return _Sums(unique, *(np.bincount(place.reshape(-1), c, len(unique)) for c in columns))
