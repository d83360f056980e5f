"""How long a person takes, for as many words as there are to read, beside everybody else.

The time of a judgment is modelled as log(seconds) = a_person + b·log(words), since times vary by
factors and not by seconds. Only being fast is ever noticeable; slow work is not. Compare people
who read the same language in the same project, and give only judgments whose time was measured:
places without a positive time or without words are left out.
"""

from math import log, sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labeler.said import say
from labeler.stats.agreement import Interval
from labeler.stats.signals.signal import Signal, nothing, share_signal

FEWEST = 10  # judgments, below which nothing is said about a person
PEOPLE = 8  # with fewer there is no pool to compare with
LEVEL = 0.001
MAD = 1.4826  # makes the median absolute deviation of normal numbers their standard deviation
HUBER = 1.345
STEPS = 30
TOO_FAST = 1000.0  # words a minute; adults read 175 to 300 (Brysbaert 2019)
GLANCED = 0.20  # of the comparisons that can be decided before either answer is read to its end

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
_NORMAL = NormalDist()


def pace_signals(person: ArrayLike, words: ArrayLike, seconds: ArrayLike) -> dict[int, Signal]:
    """Return, per person, how much faster than the pool they are: the mean residual, in logs.

    Three aligned arrays, one place a judgment. The statistic is a_person minus the pool's median:
    -0.69 is twice as fast. It is compared with how much people differ, within-person noise of so
    many judgments included, by Student's t with one degree of freedom less than there are usual
    people; noticeable from FEWEST judgments on, if so fast a person is one in a thousand or less.
    """
    people, place, x, y = _measured(person, words, seconds)
    if not len(people):
        return {}
    slope = _slope(place, x, y)
    n = np.bincount(place)
    means = np.bincount(place, y - slope * x) / n
    noise = _spread(y - slope * x - means[place]) ** 2 / n
    judged = n >= FEWEST
    if judged.sum() < PEOPLE:
        return {int(who): nothing(int(votes)) for who, votes in zip(people, n, strict=True)}
    centre, spread, usual = _pool(means[judged], noise[judged])
    rows = zip(people.tolist(), n.tolist(), (means - centre).tolist(), noise.tolist(), strict=True)
    return {who: _signal(votes, gap, own, spread, usual) for who, votes, gap, own in rows}


def reading_signals(person: ArrayLike, words: ArrayLike, seconds: ArrayLike) -> dict[int, Signal]:
    """Return, per person, how often the texts cannot have been read in the time taken.

    That is at more than TOO_FAST words a minute. A share of GLANCED is usual: some answers show
    at once that they are broken.
    """
    people, place, x, y = _measured(person, words, seconds)
    n = np.bincount(place, minlength=len(people))
    fast = np.bincount(place, x - y > log(TOO_FAST / 60), minlength=len(people)).astype(int)
    rows = zip(people.tolist(), fast.tolist(), n.tolist(), strict=True)
    return {who: _reading(times, votes) for who, times, votes in rows}


def _reading(fast: int, n: int) -> Signal:
    sentence = say(
        "In %(fast)s of %(n)s judgments the texts would have been read at more than 1,000 words "
        "a minute; most adults read 175 to 300, and up to 20 of 100 judgments can be made at a "
        "glance.",
        fast=fast,
        n=n,
    )
    return share_signal(fast, n, usual=GLANCED, sentence=sentence)


def _measured(
    person: ArrayLike, words: ArrayLike, seconds: ArrayLike
) -> tuple[Whole, Whole, Floats, Floats]:
    """Return the people, and for each judgment their place, log(words) and log(seconds)."""
    who = np.asarray(person, dtype=np.int64)
    read, took = np.asarray(words, dtype=float), np.asarray(seconds, dtype=float)
    known = np.isfinite(read) & np.isfinite(took) & (read > 0) & (took > 0)
    people, place = np.unique(who[known], return_inverse=True)
    return people, place.reshape(-1), np.log(read[known]), np.log(took[known])


def _slope(place: Whole, x: Floats, y: Floats) -> float:
    """Return b by Huber's M-estimator, each person with a constant of their own.

    Huber (1964), Robust estimation of a location parameter; by reweighted least squares.
    """
    weights, slope = np.ones_like(x), 0.0
    for _ in range(STEPS):
        before = slope
        x_from, y_from = _centred(place, x, weights), _centred(place, y, weights)
        variety = float(weights @ x_from**2)
        slope = float(weights @ (x_from * y_from)) / variety if variety > 1e-9 else 0.0
        residuals = np.abs(y_from - slope * x_from)
        limit = max(HUBER * MAD * float(np.median(residuals)), 1e-9)
        weights = limit / np.maximum(residuals, limit)
        if abs(slope - before) < 1e-9:
            break
    return slope


def _centred(place: Whole, values: Floats, weights: Floats) -> Floats:
    centred: Floats = (
        values - (np.bincount(place, weights * values) / np.bincount(place, weights))[place]
    )
    return centred


def _pool(means: Floats, noise: Floats) -> tuple[float, float, int]:
    """Return the median person, the variance between people, and how many were used for it.

    Whoever is further off than three robust standard deviations is no part of the pool.
    """
    centre = float(np.median(means))
    usual = np.abs(means - centre) <= 3 * max(MAD * float(np.median(np.abs(means - centre))), 1e-9)
    between = float(np.var(means[usual], ddof=1)) - float(noise[usual].mean())
    return centre, max(0.0, between), int(usual.sum())


def _spread(residuals: Floats) -> float:
    return MAD * float(np.median(np.abs(residuals)))


def _signal(n: int, gap: float, noise: float, between: float, usual: int) -> Signal:
    if n < FEWEST:
        return nothing(n)
    reach = _NORMAL.inv_cdf(0.975) * sqrt(noise)
    chance = _t_chance(gap / max(sqrt(between + noise), 1e-9), usual - 1)
    sentence = say(
        "For texts of the same length, these %(n)s judgments took %(share)s of 100 parts of the "
        "time that is usual in this project.",
        n=n,
        share=round(100 * np.exp(gap)),
    )
    return Signal(gap, Interval(gap - reach, gap + reach), n, chance, chance <= LEVEL, sentence)


def _t_chance(t: float, freedom: int) -> float:
    """Return the chance of Student's t at most this far below, by Wallace's approximation.

    z = (8f + 1)/(8f + 3) · sqrt(f·log(1 + t²/f)); Wallace (1959), Bounds on normal
    approximations to Student's and the chi-square distributions.
    """
    reach = sqrt(freedom * log(1 + t * t / freedom)) * (8 * freedom + 1) / (8 * freedom + 3)
    return _NORMAL.cdf(-reach if t < 0 else reach)
