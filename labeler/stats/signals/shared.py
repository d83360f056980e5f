"""What each two people answered to the items that both judged.

The time is that of looking at each two votes on an item once, the memory that of the pairs of
people who meet, whatever the number of votes.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

CROWD = 200  # votes, above which an item is left out: everybody answers what is shown to all
CHUNK = 1_000_000  # pairs of votes that are looked at together
HELD = 4_000_000  # pairs of people whose sums wait to be added up

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Sums:
    """A place for each two people who share items; `keys` is first·people + second.

    `items` they share, `equal` answers, and the sums of the `weight` and of its `square` of those:
    one minus the share of those who gave it among the other votes on the item, all labels of the
    pool counting as one vote more.
    """

    keys: Whole
    items: Floats
    equal: Floats
    weight: Floats
    square: Floats


@dataclass(frozen=True, slots=True)
class Shared:
    """Who met whom, as places in `people`; their sums; one over the number of labels, `blind`."""

    people: Whole
    first: Whole
    second: Whole
    sums: Sums
    blind: float


def shared_answers(item: ArrayLike, person: ArrayLike, label: ArrayLike) -> Shared:
    """Return what each two people share; three aligned arrays, one place a vote."""
    people, who = np.unique(np.asarray(person, dtype=np.int64), return_inverse=True)
    _, what = np.unique(np.asarray(label, dtype=np.int64), return_inverse=True)
    _, where = np.unique(np.asarray(item, dtype=np.int64), return_inverse=True)
    shares = np.bincount(what.reshape(-1)) / max(1, what.size)
    sums = _sums(where.reshape(-1), who.reshape(-1), what.reshape(-1), shares, len(people))
    first, second = np.divmod(sums.keys, max(1, len(people)))
    return Shared(people, first, second, sums, 1 / max(1, len(shares)))


def _sums(where: Whole, who: Whole, what: Whole, shares: Floats, people: int) -> Sums:
    """Add up what each two people share, some items at a time."""
    held = [Sums(np.zeros(0, dtype=np.int64), *(np.zeros(0) for _ in range(4)))]
    for chunk in _chunks(where, who, what, shares, people):
        held.append(chunk)
        if sum(len(each.keys) for each in held) > max(HELD, 2 * len(held[0].keys)):
            held = [_joined(held)]
    return _joined(held)


def _joined(held: list[Sums]) -> Sums:
    columns = [[each.items, each.equal, each.weight, each.square] for each in held]
    keys = np.concatenate([each.keys for each in held])
    return _added(keys, [np.concatenate(column) for column in zip(*columns, strict=True)])


def _added(keys: Whole, columns: list[Floats]) -> Sums:
    unique, place = np.unique(keys, return_inverse=True)
    items, equal, weight, square = (
        np.bincount(place.reshape(-1), column, len(unique)).astype(np.float64) for column in columns
    )
    return Sums(unique, items, equal, weight, square)


def _chunks(where: Whole, who: Whole, what: Whole, shares: Floats, people: int) -> Iterator[Sums]:
    """Yield sums of some items at a time, all of which have the same number of votes."""
    order = np.argsort(where, kind="stable")
    who, what = who[order], what[order]
    votes = np.bincount(where)
    begin = np.cumsum(votes) - votes
    for k in np.unique(votes[(votes >= 2) & (votes <= CROWD)]).tolist():
        starts = begin[votes == k]
        step = max(1, CHUNK // (k * (k - 1) // 2))
        for at in range(0, len(starts), step):
            rows = starts[at : at + step, None] + np.arange(k)
            yield _chunk(who[rows], what[rows], shares, people)


def _chunk(who: Whole, what: Whole, shares: Floats, people: int) -> Sums:
    """Return the sums of items by votes: who voted, and for what."""
    one, two = np.triu_indices(who.shape[1], 1)
    left, right = who[:, one], who[:, two]
    same = what[:, one] == what[:, two]
    given = (what[:, :, None] == what[:, None, :]).sum(axis=2)[:, one]
    others = who.shape[1] - 2
    weight = np.where(same, 1 - (given - 2 + shares[what[:, one]]) / (others + 1), 0.0).reshape(-1)
    keys = (np.minimum(left, right) * people + np.maximum(left, right)).reshape(-1)
    apart = (left != right).reshape(-1)
    equal = same.reshape(-1)[apart].astype(np.float64)
    weight = weight[apart]
    return _added(keys[apart], [np.ones(len(weight)), equal, weight, weight**2])
