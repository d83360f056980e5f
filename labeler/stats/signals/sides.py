"""Whether a person chooses the answer shown first, or the one shown second, whatever it says.

Sides are drawn at random, so a person who reads chooses each side about half of the time. About:
a test against exactly one half would notice every fifth honest person who has judged a thousand
comparisons, since small habits are human. So ten points of a hundred to either side are usual.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from labeler.said import say
from labeler.stats.binomial import at_least, benjamini_hochberg
from labeler.stats.reliability import wilson_interval
from labeler.stats.signals.signal import LEVEL, Signal, nothing

MARGIN = 0.10
RATE = 0.05  # of the people whom a look at all of them notices, at most so many are usual


def side_chance(first: int, n: int) -> float:
    """Return the largest chance, within the margin, of a choice of sides as uneven as this.

    P(X >= x) + P(X <= n - x) for X binomial with share 1/2 + MARGIN and x the larger count, since
    the chance grows with the share's distance from one half. 1 where both counts are equal.
    """
    larger = max(first, n - first)
    if 2 * larger <= n:
        return 1.0
    edge = 0.5 + MARGIN
    return min(1.0, at_least(larger, n, edge) + at_least(larger, n, 1 - edge))


def side_signals(first: ArrayLike, n: ArrayLike) -> list[Signal]:
    """Return a signal per person: how often the answer shown first was chosen.

    `first` and `n` are aligned counts, one place a person; judgments that chose neither answer
    are left out of both. Noticeable if the chance is LEVEL or less and remains so small beside
    those of the others, by Benjamini and Hochberg at RATE.
    """
    counts = zip(np.asarray(first).tolist(), np.asarray(n).tolist(), strict=True)
    each = [_signal(int(times), int(votes)) for times, votes in counts]
    outstanding = benjamini_hochberg([signal.chance for signal in each], RATE)
    return [
        replace(signal, noticeable=bool(stands_out) and signal.chance <= LEVEL)
        for signal, stands_out in zip(each, outstanding, strict=True)
    ]


def _signal(first: int, n: int) -> Signal:
    assert 0 <= first <= n, "no side is chosen more often than there are judgments"
    if n == 0:
        return nothing(0)
    sentence = say(
        "In %(first)s of %(n)s judgments the answer shown first was chosen; between 40 and 60 "
        "of 100 would be usual.",
        first=first,
        n=n,
    )
    interval = wilson_interval(first, n)
    return Signal(first / n, interval, n, side_chance(first, n), False, sentence)
