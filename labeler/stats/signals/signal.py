"""One signal: a number, how sure it is, whether it is worth a look, and words that explain it."""

from dataclasses import dataclass
from math import nan

from labeler.said import Said, say
from labeler.stats.agreement import Interval
from labeler.stats.binomial import at_least
from labeler.stats.reliability import wilson_interval

LEVEL = 0.005  # a person whose habits are within the usual is noticed once in 200 times at most
UNDEFINED = Interval(nan, nan)
TOO_LITTLE = say("There is not enough work yet to say anything about this.")


@dataclass(frozen=True, slots=True)
class Signal:
    """What a look at a person's work found.

    `chance` is how often somebody at the edge of what is usual would show as much or more;
    it is nan, and so are statistic and interval, where there is too little work to say.
    """

    statistic: float
    interval: Interval
    n: int
    chance: float
    noticeable: bool
    sentence: Said


def nothing(n: int) -> Signal:
    """Return the signal of too little work: undefined, and never noticeable."""
    return Signal(nan, UNDEFINED, n, nan, noticeable=False, sentence=TOO_LITTLE)


def share_signal(times: int, n: int, *, usual: float, sentence: Said, fewest: int = 1) -> Signal:
    """Return the signal of something that up to the share `usual` of a person's work may show.

    Noticeable from `fewest` times on if the exact chance of as many is LEVEL or less.
    """
    if n == 0:
        return nothing(n)
    chance = at_least(times, n, usual)
    noticeable = times >= fewest and chance <= LEVEL
    return Signal(times / n, wilson_interval(times, n), n, chance, noticeable, sentence)
