"""Whether a person says the same again about a comparison met before, with its sides exchanged."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from labeler.said import say
from labeler.stats.signals.sides import MARGIN
from labeler.stats.signals.signal import Signal, share_signal

CHANGED = 0.30  # close comparisons change even a careful person's mind
# Who chooses sides as unevenly as is usual, and reads nothing, meets the same side so often.
SAME_SIDE = (0.5 + MARGIN) ** 2 + (0.5 - MARGIN) ** 2


@dataclass(frozen=True, slots=True)
class Repeats:
    """How often the same response was preferred again, and how often the same side instead."""

    response: Signal
    side: Signal


def repeat_signals(
    response_before: ArrayLike,
    response_after: ArrayLike,
    side_before: ArrayLike,
    side_after: ArrayLike,
) -> Repeats:
    """Return what one person's repeats say; four aligned arrays, one place a repeat.

    Responses are numbers of any kind, sides 0 or 1; who chose neither answer has a response and a
    side of -1, which is a change of mind if it is so only once, and never the same side. The
    share of same responses is noticeable if more than CHANGED have changed, that of same sides
    if it is more than clicking with usual sides would give: both at LEVEL, exactly.
    """
    responses = np.asarray(response_before), np.asarray(response_after)
    sides = np.asarray(side_before), np.asarray(side_after)
    n = len(responses[0])
    assert all(len(each) == n for each in (*responses, *sides)), "one place a repeat"
    same = int((responses[0] == responses[1]).sum())
    aside = int(((sides[0] == sides[1]) & (sides[0] >= 0)).sum())
    return Repeats(_response(same, n), _side(aside, n))


def _response(same: int, n: int) -> Signal:
    sentence = say(
        "In %(same)s of %(n)s repeated comparisons, with sides exchanged, the same response was "
        "preferred again; 70 of 100 or more would be usual.",
        same=same,
        n=n,
    )
    changed = share_signal(n - same, n, usual=CHANGED, sentence=sentence)
    kept = share_signal(same, n, usual=CHANGED, sentence=sentence)
    return replace(changed, statistic=kept.statistic, interval=kept.interval)


def _side(aside: int, n: int) -> Signal:
    sentence = say(
        "In %(aside)s of %(n)s repeated comparisons, with sides exchanged, the same side was "
        "chosen instead of the same response; up to 52 of 100 can be chance.",
        aside=aside,
        n=n,
    )
    return share_signal(aside, n, usual=SAME_SIDE, sentence=sentence)
