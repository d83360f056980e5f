"""How long a person chose the same side without a change."""

from functools import lru_cache
from itertools import groupby

import numpy as np
from numpy.typing import ArrayLike

from labeler.said import say
from labeler.stats.signals.sides import MARGIN
from labeler.stats.signals.signal import UNDEFINED, Signal, nothing

LEVEL = 0.001


def streak_signal(sides: ArrayLike) -> Signal:
    """Return the signal of the longest run on one side; `sides` is 0 or 1, in order of time.

    Judgments that chose neither answer are left out before: sides are drawn anew each time, so
    the others stay independent. Noticeable if a person with as uneven sides as is usual would
    reach such a run once in a thousand times or less. A longest run has no interval.
    """
    run = [int(side) for side in np.asarray(sides).tolist()]
    assert set(run) <= {0, 1}, "there are two sides"
    if not run:
        return nothing(0)
    longest = max(sum(1 for _ in same) for _, same in groupby(run))
    chance = streak_chance(longest, len(run))
    sentence = say(
        "The longest run of judgments for the same side was %(longest)s, among %(n)s; usually it "
        "stays below %(limit)s.",
        longest=longest,
        n=len(run),
        limit=unusual_streak(len(run)),
    )
    return Signal(float(longest), UNDEFINED, len(run), chance, chance <= LEVEL, sentence)


@lru_cache(maxsize=4096)
def streak_chance(longest: int, n: int, share: float = 0.5 + MARGIN) -> float:
    """Return the exact chance of `longest` or more votes in a row for one side, among n.

    Each vote is for the first side with chance `share`, on its own. The run that first becomes
    too long starts somewhere, at a change of sides: the chances of starting at each vote follow
    from each other, which takes n steps. Feller (1968), An Introduction to Probability Theory,
    volume 1, XIII.7.
    """
    if longest > n:
        return 0.0
    if longest <= 1:
        return 1.0
    shares = (share, 1 - share)
    starts = ([0.0, share], [0.0, 1 - share])  # of a run of either side, with each vote
    running = [share, 1 - share]  # in a run of either side, none too long so far
    too_long = 0.0
    for vote in range(2, n + 1):
        fresh = (shares[0] * running[1], shares[1] * running[0])
        for side in (0, 1):
            starts[side].append(fresh[side])
            begun = starts[side][vote - longest + 1] if vote >= longest else 0.0
            ended = begun * shares[side] ** (longest - 1)
            running[side] = running[side] * shares[side] + fresh[side] - ended
            too_long += ended
    return min(1.0, too_long)


@lru_cache(maxsize=1024)
def unusual_streak(n: int) -> int:
    """Return the shortest run that is noticeable among n votes; n + 1 if none could be."""
    low, high = 1, n + 1
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if streak_chance(middle, n) <= LEVEL else (middle + 1, high)
    return low
