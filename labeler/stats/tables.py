"""Tables of counts: what every statistic of agreement reads.

A row per item and a column per label: how many votes each label of the item received. Who voted
does not matter, so no table of annotators by items is ever built.
"""

from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array: TypeAlias = NDArray[Any]

Weights = Literal["nominal", "ordinal", "linear", "quadratic", "interval"]


def tally(item: ArrayLike, label: ArrayLike, n_items: int, n_labels: int) -> Array:
    """Return the counts (items × labels) of votes given as two aligned arrays, ids from 0 on."""
    cells = np.asarray(item, dtype=np.int64) * n_labels + np.asarray(label, dtype=np.int64)
    return np.bincount(cells, minlength=n_items * n_labels).reshape(n_items, n_labels)


def reason_undefined(counts: ArrayLike, *, times: ArrayLike | None = None) -> str | None:
    """Say why alpha and the kappas of these counts have no value; None if they have one.

    For Gwet's coefficients and for percent agreement only the first two reasons hold.
    """
    rows, weights = weighed(counts, times)
    together = weights[:, None] * rows * (rows.sum(axis=1) >= 2)[:, None]
    if not weights @ rows.sum(axis=1):
        return "There are no votes."
    if not together.any():
        return "No item has two votes."
    if np.count_nonzero(together.sum(axis=0)) == 1:
        return "All votes say the same, so that chance cannot be told from agreement."
    return None


def weighed(counts: ArrayLike, times: ArrayLike | None) -> tuple[Array, Array]:
    """Return the counts and how often each item is to be counted, as floats."""
    rows = np.asarray(counts, dtype=float)
    assert rows.ndim == 2, "counts have a row per item and a column per label"
    assert (rows >= 0).all(), "counts are never negative"
    weights = np.ones(len(rows)) if times is None else np.asarray(times, dtype=float)
    return rows, weights


def closeness(weights: Weights, n_labels: int) -> Array:
    """Return labels × labels: 1 for the same label, 0 for the two ends, or any two if nominal.

    With d the steps between two labels and q labels: linear 1 - d/(q-1), quadratic (also called
    interval) 1 - d²/(q-1)², ordinal 1 - C(d+1, 2)/C(q, 2).
    Gwet (2014), Handbook of Inter-Rater Reliability, 4th edition, chapter 3.
    """
    if weights == "nominal":
        return np.eye(n_labels)
    places = np.arange(n_labels)
    steps = np.abs(places[:, None] - places[None, :])
    if weights == "linear":
        distances = steps
    elif weights == "ordinal":
        distances = steps * (steps + 1)
    else:
        distances = steps**2
    return np.asarray(1.0 - distances / max(distances.max(initial=0), 1))
