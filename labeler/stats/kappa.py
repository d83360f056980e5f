"""Agreement beyond chance: Cohen's and Fleiss's kappa, Gwet's AC1 and AC2.

All are (agreement - chance) / (1 - chance), and differ in what they take for chance. A number
that the data cannot support is nan; `reason_undefined` says why in words.
"""

import numpy as np
from numpy.typing import ArrayLike

from labeler.stats.bootstrap import Interval, bootstrap_interval
from labeler.stats.tables import Array, Weights, closeness, weighed


def cohen_kappa(table: ArrayLike, weights: Weights | None = None) -> float:
    """Return Cohen's kappa of two annotators, from labels × labels: said by one, by the other.

    `weights` None (or "nominal") counts only the same label; the others give part of the credit
    to labels that are close, "quadratic" being the usual choice for a scale. nan if there is no
    item or if chance agreement is total: both said one and the same label throughout.
    Cohen (1960), A coefficient of agreement for nominal scales; Cohen (1968), Weighted kappa.
    """
    pairs = np.asarray(table, dtype=float)
    assert pairs.ndim == 2 and pairs.shape[0] == pairs.shape[1], "a table is labels × labels"
    if not pairs.sum():
        return float("nan")
    shares = pairs / pairs.sum()
    near = closeness(weights or "nominal", len(pairs))
    chance = shares.sum(axis=1) @ near @ shares.sum(axis=0)
    return _beyond(float((shares * near).sum()), float(chance))


def cohen_interval(
    table: ArrayLike,
    weights: Weights | None = None,
    level: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> Interval:
    """Return the bootstrap interval of Cohen's kappa: the items in its cells drawn anew."""
    said = np.asarray(table, dtype=np.int64)

    def kappa(counts: Array, *, times: Array) -> float:
        drawn = np.zeros(said.shape)
        drawn[tuple(counts.T)] = times
        return cohen_kappa(drawn, weights)

    cells = np.argwhere(said >= 0)
    return bootstrap_interval(kappa, cells, level, resamples, seed, times=said.reshape(-1))


def fleiss_kappa(counts: ArrayLike, *, times: ArrayLike | None = None) -> float:
    """Return Fleiss's kappa, for items that different annotators labelled.

    Chance is Σ πₖ², with πₖ the mean over items of the share of votes for label k. Fleiss wants
    the same number of votes on each item; where it differs, items weigh the same and those with
    one vote count only towards chance. nan if no item has two votes, or if all votes say the same.
    Fleiss (1971), Measuring nominal scale agreement among many raters; Gwet (2014), chapter 2.
    """
    rows, often = weighed(counts, times)
    shares = _prevalence(rows, often)
    return _beyond(_agreement(rows, often, np.eye(rows.shape[1])), float(shares @ shares))


def gwet_ac1(counts: ArrayLike, *, times: ArrayLike | None = None) -> float:
    """Return Gwet's AC1, which does not collapse where one label is much more frequent.

    Chance is Σ πₖ(1 - πₖ) / (q - 1) for q labels. Columns are all labels that could be chosen,
    chosen or not. nan if no item has two votes, or if there is but one column. Unlike kappa it
    has a value where all votes say the same: it is 1, since Gwet's chance is 0 there.
    Gwet (2008), Computing inter-rater reliability and its variance in the presence of high
    agreement.
    """
    return gwet_ac2(counts, "nominal", times=times)


def gwet_ac2(counts: ArrayLike, weights: Weights, *, times: ArrayLike | None = None) -> float:
    """Return Gwet's AC2: AC1 with part of the credit for labels that are close.

    Chance is T·Σ πₖ(1 - πₖ) / (q(q - 1)), where T is the sum of all weights. "ordinal" are
    Gwet's ordinal weights, not Krippendorff's distances. nan as AC1.
    Gwet (2014), Handbook of Inter-Rater Reliability, 4th edition, chapter 4.
    """
    rows, often = weighed(counts, times)
    q = rows.shape[1]
    if q < 2:
        return float("nan")
    near = closeness(weights, q)
    shares = _prevalence(rows, often)
    chance = near.sum() * (shares @ (1 - shares)) / (q * (q - 1))
    return _beyond(_agreement(rows, often, near), float(chance))


def _beyond(agreement: float, chance: float) -> float:
    """Return the share of what chance leaves that was agreed on; nan where it leaves nothing."""
    if np.isnan(agreement) or 1 - chance < 1e-12:
        return float("nan")
    return (agreement - chance) / (1 - chance)


def _agreement(rows: Array, often: Array, near: Array) -> float:
    """Return the mean over items of the agreement of their pairs of votes; nan without pairs."""
    votes = rows.sum(axis=1)
    weights = often * (votes >= 2)
    if not weights.any():
        return float("nan")
    agreeing = (rows * (rows @ near - 1)).sum(axis=1)
    return float(weights @ (agreeing / np.maximum(votes * (votes - 1), 1)) / weights.sum())


def _prevalence(rows: Array, often: Array) -> Array:
    """Return the mean over items of the share of votes for each label; nan without votes."""
    votes = rows.sum(axis=1)
    weights = often * (votes >= 1)
    if not weights.any():
        return np.full(rows.shape[1], np.nan)
    return np.asarray(weights @ (rows / np.maximum(votes, 1)[:, None]) / weights.sum())
