"""Whether choices lean to longer answers, or to any other look of an answer, in a pool or a person.

A leaning is common and no fault: most people prefer the longer of two answers a little. So a
person is compared with the pool, and only a leaning far from it is noticeable.
"""

from math import exp, nan, sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labeler.said import Said, say
from labeler.stats.agreement import Interval
from labeler.stats.signals.signal import Signal, nothing

FEWEST = 30  # judgments, below which nothing is said about a person
MARGIN = 0.5  # in log-odds per unit of difference: about as much as tastes differ
LEVEL = 0.001
PRIOR = 2.5  # standard deviation of both coefficients; keeps them finite if a leaning is total
STEPS = 50

Floats = NDArray[np.float64]
_NORMAL = NormalDist()


def log_ratio(first: ArrayLike, second: ArrayLike) -> Floats:
    """Return log(first/second) of lengths, in any unit; what has no length counts as one unit."""
    lengths = [np.maximum(np.asarray(each, dtype=float), 1.0) for each in (first, second)]
    ratio: Floats = np.log(lengths[0]) - np.log(lengths[1])
    return ratio


def pool_lean(difference: ArrayLike, chosen: ArrayLike) -> Signal:
    """Return how much all choices lean: the log-odds of choosing the first, per unit of difference.

    `difference` is the first answer's value minus the second's, as log_ratio gives it; `chosen` is
    1 where the first was chosen and 0 where the second was. Judgments that chose neither are left
    out before. It describes the pool and is never noticeable.
    """
    x, y = np.asarray(difference, dtype=float), np.asarray(chosen, dtype=float)
    if not len(x):
        return nothing(0)
    lean, error = _slope(x, y, np.zeros_like(x))
    return Signal(lean, _interval(lean, error), len(x), nan, False, _pool_sentence(lean, len(x)))


def lean_signal(difference: ArrayLike, chosen: ArrayLike, pool: float) -> Signal:
    """Return how much more one person leans than the pool, whose statistic is `pool`.

    logit P(first) = a + (pool + d)·difference; the statistic is d, with its Wald interval.
    Noticeable if |d| is further beyond MARGIN than chance explains once in a thousand times.
    """
    x, y = np.asarray(difference, dtype=float), np.asarray(chosen, dtype=float)
    if len(x) < FEWEST or np.isnan(pool):
        return nothing(len(x))
    lean, error = _slope(x, y, pool * x)
    chance = 2 * _NORMAL.cdf(-(abs(lean) - MARGIN) / error) if abs(lean) > MARGIN else 1.0
    sentence = _person_sentence(pool + lean, pool, len(x))
    return Signal(lean, _interval(lean, error), len(x), min(1.0, chance), chance <= LEVEL, sentence)


def _slope(x: Floats, y: Floats, offset: Floats) -> tuple[float, float]:
    """Return the slope of a logistic regression and its standard error, by Newton's method.

    A weak normal prior makes the posterior strictly concave. A step that would lower it is halved.
    """
    design = np.column_stack([np.ones_like(x), x])
    at = np.zeros(2)
    for _ in range(STEPS):
        mean = 1 / (1 + np.exp(-(design @ at + offset)))
        gradient = design.T @ (y - mean) - at / PRIOR**2
        step = np.linalg.solve(_information(design, mean), gradient)
        while _log_posterior(design, y, offset, at + step) < _log_posterior(design, y, offset, at):
            step /= 2
            if np.abs(step).max() < 1e-9:
                break
        at = at + step
        if np.abs(step).max() < 1e-9:
            break
    mean = 1 / (1 + np.exp(-(design @ at + offset)))
    return float(at[1]), sqrt(float(np.linalg.inv(_information(design, mean))[1, 1]))


def _information(design: Floats, mean: Floats) -> Floats:
    weighted = design * (mean * (1 - mean))[:, None]
    information: Floats = design.T @ weighted + np.eye(2) / PRIOR**2
    return information


def _log_posterior(design: Floats, y: Floats, offset: Floats, at: Floats) -> float:
    logits = design @ at + offset
    return float(y @ logits - np.logaddexp(0, logits).sum() - at @ at / (2 * PRIOR**2))


def _interval(lean: float, error: float) -> Interval:
    reach = _NORMAL.inv_cdf(0.975) * error
    return Interval(lean - reach, lean + reach)


def _pool_sentence(lean: float, n: int) -> Said:
    return say(
        "Of two answers, one twice as long as the other, the longer would be chosen %(longer)s "
        "times of 100, by %(n)s judgments.",
        longer=_doubled(lean),
        n=n,
    )


def _person_sentence(lean: float, pool: float, n: int) -> Said:
    return say(
        "Of two answers, one twice as long as the other, the longer would be chosen %(longer)s "
        "times of 100, by %(n)s judgments of one person; by everybody's, %(usual)s times.",
        longer=_doubled(lean),
        n=n,
        usual=_doubled(pool),
    )


def _doubled(lean: float) -> int:
    return round(100 / (1 + exp(-lean * np.log(2))))
