"""Gold items that good annotators answer otherwise: perhaps the gold is wrong, and not they."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labeler.said import say
from labeler.stats.binomial import at_least, benjamini_hochberg
from labeler.stats.signals.signal import Signal, share_signal

OTHERS = 5  # other gold items that a person must have answered to be heard about one
GOOD = 0.70  # of them rightly, at least
RATE = 0.05  # of the items that are shown as disputed, at most so many are in order
FEWEST = 3  # people who answer otherwise

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Disputed:
    """One gold item: who was heard answered otherwise so often; `expected` is how often they err.

    Noticeable means that the owner should look at the item. It says nothing about the people.
    """

    item: int
    expected: float
    signal: Signal


def disputed_gold(item: ArrayLike, person: ArrayLike, right: ArrayLike) -> list[Disputed]:
    """Return what good annotators say about each gold item that any of them answered.

    Three aligned arrays, one place an answer: each person answers an item once. A person is heard
    if at least GOOD of at least OTHERS answers to *other* gold are right, and is expected to err
    as there, with one right and one wrong answer added. The chance is the binomial tail at the
    mean of those expectations, which is no smaller than the exact one from one above the expected
    count on. Hoeffding (1956), On the distribution of the number of successes in independent
    trials.
    """
    items, at = np.unique(np.asarray(item, dtype=np.int64), return_inverse=True)
    _, who = np.unique(np.asarray(person, dtype=np.int64), return_inverse=True)
    is_right = np.asarray(right, dtype=bool)
    at, who = at.reshape(-1), who.reshape(-1)
    heard, errs = _others(who, is_right)
    n = np.bincount(at[heard], minlength=len(items))
    otherwise = np.bincount(at[heard & ~is_right], minlength=len(items))
    expected = np.bincount(at[heard], errs[heard], minlength=len(items)) / np.maximum(n, 1)
    rows = zip(items.tolist(), otherwise.tolist(), n.tolist(), expected.tolist(), strict=True)
    return _compared([_disputed(*row) for row in rows if row[2]])


def _others(who: NDArray[np.int64], right: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], Floats]:
    """Return, for each answer, whether its person is heard, and errs how often, without it."""
    if not len(who):
        return np.zeros(0, dtype=bool), np.zeros(0)
    others = np.bincount(who)[who] - 1
    rightly = np.bincount(who, right)[who] - right
    heard = (others >= OTHERS) & (rightly >= GOOD * others)
    errs: Floats = (others - rightly + 1) / (others + 2)
    return heard, errs


def _disputed(item: int, otherwise: int, n: int, expected: float) -> Disputed:
    sentence = say(
        "%(otherwise)s of %(n)s people who answer other known comparisons well chose otherwise "
        "here; %(expected)s would be usual. Perhaps the known answer is not right.",
        otherwise=otherwise,
        n=n,
        expected=round(n * expected),
    )
    signal = share_signal(otherwise, n, usual=expected, sentence=sentence)
    chance = at_least(otherwise, n, expected) if otherwise >= n * expected + 1 else 1.0
    return Disputed(item, expected, replace(signal, chance=chance))


def _compared(found: list[Disputed]) -> list[Disputed]:
    outstanding = benjamini_hochberg([each.signal.chance for each in found], RATE)
    return [
        replace(each, signal=replace(each.signal, noticeable=bool(stands_out) and _several(each)))
        for each, stands_out in zip(found, outstanding, strict=True)
    ]


def _several(disputed: Disputed) -> bool:
    return round(disputed.signal.statistic * disputed.signal.n) >= FEWEST
