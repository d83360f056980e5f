"""How far a statistic of agreement might be off: intervals by drawing the data anew."""

from dataclasses import dataclass
from statistics import NormalDist
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike

from labeler.stats.tables import Array, tally


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval; both ends are nan where it is undefined."""

    low: float
    high: float


class Statistic(Protocol):
    """A number drawn from counts; `times` says how often each item is to be counted."""

    def __call__(self, counts: Array, *, times: Array) -> float: ...


def bootstrap_interval(
    statistic: Statistic,
    counts: ArrayLike,
    level: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
    *,
    times: ArrayLike | None = None,
) -> Interval:
    """Return the percentile interval of a statistic when whole items are drawn anew.

    Items, not votes, are resampled: votes on one item are not independent, and intervals that
    ignore this are far too narrow. Items with the same counts are drawn together, so the time
    depends on how many different rows there are, not on how many items; `times` says how often a
    row is there, if not once. The interval always
    holds the statistic itself. It is undefined if the statistic is, or if the statistic is
    undefined in so many resamples (more than 1 - level) that they could fill the tails.
    Where every vote agrees it has no width: show the number of items beside it.
    Efron and Tibshirani (1993), An Introduction to the Bootstrap, chapter 13.
    """
    items = np.asarray(counts)
    often = np.ones(len(items), dtype=np.int64) if times is None else np.asarray(times)
    point = statistic(items, times=often)
    if np.isnan(point):
        return Interval(float("nan"), float("nan"))
    rows, place = np.unique(items, axis=0, return_inverse=True)
    there = np.bincount(place.reshape(-1), weights=often).astype(np.int64)
    draws = np.random.default_rng(seed).multinomial(
        there.sum(), there / there.sum(), size=resamples
    )
    values = np.array([statistic(rows, times=draw) for draw in draws])
    return _percentiles(values, point, level)


def two_way_interval(
    item: ArrayLike,
    annotator: ArrayLike,
    label: ArrayLike,
    n_labels: int,
    statistic: Statistic,
    level: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
    *,
    least: float = -1.0,
) -> Interval:
    """Return an interval that allows for other items and for other annotators.

    Votes are three aligned arrays of ids from 0 on. Where fewer than about twenty people gave
    most votes, `bootstrap_interval` speaks of more items by the same people and is too narrow;
    show this one then, which is never narrower. Items are drawn anew as there; annotators are
    left out one at a time (the jackknife) rather than drawn, because someone drawn twice would
    agree with themselves. It takes time with the number of people: it is for few.
    The two variances add up: with h the half-width of the items' interval and
    s² = (m-1)/m · Σ (θ₋ⱼ - θ̄)² over m annotators, each half becomes √(h² + t²s²),
    with t the quantile of Student's distribution with m-1 degrees of freedom. It ends at 1, and at
    the `least` that the statistic can be: 0 for shares.
    Undefined as there, and with a single annotator or if leaving one out leaves no value.
    Gwet (2008), Variance estimation of nominal-scale inter-rater reliability with random
    selection of raters.
    """
    items, who, labels = (np.asarray(each, dtype=np.int64) for each in (item, annotator, label))
    shape = int(items.max(initial=-1)) + 1, n_labels
    counts, once = tally(items, labels, *shape), np.ones(shape[0])
    inner = bootstrap_interval(statistic, counts, level, resamples, seed)
    point = statistic(counts, times=once)
    others = (tally(items[who != each], labels[who != each], *shape) for each in np.unique(who))
    without = [statistic(rest, times=once) for rest in others]
    reach = _student((1 + level) / 2, len(without) - 1) * _jackknife_error(without)
    low = point - np.hypot(point - inner.low, reach)
    high = point + np.hypot(inner.high - point, reach)
    return Interval(float(np.maximum(low, least)), float(np.minimum(high, 1.0)))


def _jackknife_error(without: list[float]) -> float:
    """Return the standard error of a statistic from its values without one part each."""
    m = len(without)
    if m < 2:
        return float("nan")
    return float(np.sqrt((m - 1) * np.var(without)))


def _student(share: float, freedom: int) -> float:
    """Return the quantile of Student's t, within 4 % from two degrees of freedom on.

    Abramowitz and Stegun (1964), Handbook of Mathematical Functions, 26.7.5.
    """
    if freedom < 1:
        return float("nan")
    z = NormalDist().inv_cdf(share)
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / freedom + second / freedom**2 + third / freedom**3


def _percentiles(values: Array, point: float, level: float) -> Interval:
    if np.isnan(values).mean() > 1 - level:
        return Interval(float("nan"), float("nan"))
    tail = (1 - level) / 2
    low, high = np.nanquantile(values, [tail, 1 - tail])
    return Interval(min(float(low), point), max(float(high), point))
