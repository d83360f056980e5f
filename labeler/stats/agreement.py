"""How far several people agree when they label the same items.

Every function reads a table of counts, a row per item and a column per label: how many votes
each label of the item received. Who voted does not matter, so no table of annotators by items
is ever built. A number that the data cannot support is nan, never a reassuring 1.0 or 0.0.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

_Array: TypeAlias = NDArray[Any]

Level = Literal["nominal", "ordinal", "interval"]


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval; both ends are nan where it is undefined."""

    low: float
    high: float


class Statistic(Protocol):
    """A number drawn from counts; `times` says how often each item is to be counted."""

    def __call__(self, counts: _Array, *, times: _Array) -> float: ...


def percent_agreement(counts: ArrayLike, *, times: ArrayLike | None = None) -> float:
    """Return the share of pairs of votes on the same item that chose the same label.

    All pairs of all items weigh the same. nan if no item has two votes.
    """
    rows, weights = _table(counts, times)
    votes = rows.sum(axis=1)
    pairs = weights @ (votes * (votes - 1))
    agreeing = weights @ (rows * (rows - 1)).sum(axis=1)
    return float(agreeing / pairs) if pairs else float("nan")


def krippendorff_alpha(
    counts: ArrayLike, level: Level = "nominal", *, times: ArrayLike | None = None
) -> float:
    """Return Krippendorff's alpha: 1 is perfect agreement, 0 what chance alone would give.

    Labels are in order for "ordinal", and one step apart for "interval". Items with fewer than
    two votes are left out. nan if none remains, or if all that remain carry one and the same
    label: without variety chance agreement is total and alpha has no value.
    Krippendorff (2011), Computing Krippendorff's Alpha-Reliability.
    """
    rows, weights = _table(counts, times)
    coincidences = _coincidences(rows, weights)
    totals = coincidences.sum(axis=1)
    distances = _DISTANCES[level](totals)
    expected = totals @ distances @ totals
    if expected <= 0:
        return float("nan")
    observed = float((coincidences * distances).sum())
    return 1.0 - (float(totals.sum()) - 1.0) * observed / float(expected)


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


def _percentiles(values: _Array, point: float, level: float) -> Interval:
    if np.isnan(values).mean() > 1 - level:
        return Interval(float("nan"), float("nan"))
    tail = (1 - level) / 2
    low, high = np.nanquantile(values, [tail, 1 - tail])
    return Interval(min(float(low), point), max(float(high), point))


def _table(counts: ArrayLike, times: ArrayLike | None) -> tuple[_Array, _Array]:
    rows = np.asarray(counts, dtype=float)
    assert rows.ndim == 2, "counts have a row per item and a column per label"
    assert (rows >= 0).all(), "counts are never negative"
    weights = np.ones(len(rows)) if times is None else np.asarray(times, dtype=float)
    return rows, weights


def _coincidences(rows: _Array, weights: _Array) -> _Array:
    """Return labels by labels: pairs of votes on one item, an item weighing its votes."""
    others = rows.sum(axis=1) - 1
    shares = np.divide(weights, others, out=np.zeros_like(others), where=others >= 1)
    scaled = rows * shares[:, None]
    return np.asarray(scaled.T @ rows - np.diag(scaled.sum(axis=0)))


def _nominal(totals: _Array) -> _Array:
    return 1.0 - np.eye(len(totals))


def _ordinal(totals: _Array) -> _Array:
    """Return squared distances: the votes that lie between two labels, half of each included."""
    middles = np.cumsum(totals) - totals / 2
    return np.asarray((middles[:, None] - middles[None, :]) ** 2)


def _interval(totals: _Array) -> _Array:
    places = np.arange(len(totals), dtype=float)
    return np.asarray((places[:, None] - places[None, :]) ** 2)


_DISTANCES: dict[Level, Callable[[_Array], _Array]] = {
    "nominal": _nominal,
    "ordinal": _ordinal,
    "interval": _interval,
}
