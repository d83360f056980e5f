"""How far several people agree when they label the same items.

Every function reads a table of counts, a row per item and a column per label: how many votes
each label of the item received. Who voted does not matter, so no table of annotators by items
is ever built. A number that the data cannot support is nan, never a reassuring 1.0 or 0.0;
`reason_undefined` says why in words. This module is the door to all statistics of agreement:
the kappas and the intervals are its neighbours' and can be had from here.
"""

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from labeler.stats.bootstrap import Interval, Statistic, bootstrap_interval, two_way_interval
from labeler.stats.kappa import cohen_interval, cohen_kappa, fleiss_kappa, gwet_ac1, gwet_ac2
from labeler.stats.tables import Array, Weights, reason_undefined, tally, weighed

__all__ = [
    "Interval",
    "Level",
    "Statistic",
    "Weights",
    "bootstrap_interval",
    "cohen_interval",
    "cohen_kappa",
    "fleiss_kappa",
    "gwet_ac1",
    "gwet_ac2",
    "krippendorff_alpha",
    "percent_agreement",
    "reason_undefined",
    "tally",
    "two_way_interval",
]

Level = Literal["nominal", "ordinal", "interval"]


def percent_agreement(counts: ArrayLike, *, times: ArrayLike | None = None) -> float:
    """Return the share of pairs of votes on the same item that chose the same label.

    All pairs of all items weigh the same. nan if no item has two votes.
    """
    rows, weights = weighed(counts, times)
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
    rows, weights = weighed(counts, times)
    coincidences = _coincidences(rows, weights)
    totals = coincidences.sum(axis=1)
    distances = _DISTANCES[level](totals)
    expected = totals @ distances @ totals
    if expected <= 0:
        return float("nan")
    observed = float((coincidences * distances).sum())
    return 1.0 - (float(totals.sum()) - 1.0) * observed / float(expected)


def _coincidences(rows: Array, weights: Array) -> Array:
    """Return labels by labels: pairs of votes on one item, an item weighing its votes."""
    others = rows.sum(axis=1) - 1
    shares = np.divide(weights, others, out=np.zeros_like(others), where=others >= 1)
    scaled = rows * shares[:, None]
    return np.asarray(scaled.T @ rows - np.diag(scaled.sum(axis=0)))


def _nominal(totals: Array) -> Array:
    return 1.0 - np.eye(len(totals))


def _ordinal(totals: Array) -> Array:
    """Return squared distances: the votes that lie between two labels, half of each included."""
    middles = np.cumsum(totals) - totals / 2
    return np.asarray((middles[:, None] - middles[None, :]) ** 2)


def _interval(totals: Array) -> Array:
    places = np.arange(len(totals), dtype=float)
    return np.asarray((places[:, None] - places[None, :]) ** 2)


_DISTANCES: dict[Level, Callable[[Array], Array]] = {
    "nominal": _nominal,
    "ordinal": _ordinal,
    "interval": _interval,
}
