"""What an item's label is when several people labelled it, and how good each of them is.

Votes are three aligned arrays of ids from 0 on: which item, by whom, with which label. They may
come in any order and more than once: they are sorted first, so that the sums, and with them every
bit of the result, do not depend on it. A tie or a "both bad" is a label as any other.
Results are posteriors, items × labels, each row adding up to 1; `decided` says which label wins.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import exp, log
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike

from labeler.stats.posterior import PRIOR
from labeler.stats.tables import Array, tally

Prior = tuple[float, float]
"""A Beta distribution: right and wrong answers that everybody is taken to have given before."""

ROUNDS = 1000
_Fit = TypeVar("_Fit")


@dataclass(frozen=True, eq=False)
class Majority:
    """The shares of the votes."""

    posteriors: Array


@dataclass(frozen=True, eq=False)
class OneCoin:
    """Posteriors, and for each annotator the probability of being right."""

    posteriors: Array
    accuracy: Array
    log_likelihood: float
    iterations: int
    converged: bool


@dataclass(frozen=True, eq=False)
class DawidSkene:
    """Posteriors, how frequent each label is, and annotators × true × said label."""

    posteriors: Array
    prevalence: Array
    confusion: Array
    log_likelihood: float
    iterations: int
    converged: bool


def majority(item: ArrayLike, label: ArrayLike, n_labels: int | None = None) -> Majority:
    """Return each label's share of an item's votes; all shares are equal if it has none."""
    said = np.asarray(label, dtype=np.int64)
    votes = _Votes.sorted(item, np.zeros_like(said), said, n_labels or int(said.max(initial=0)) + 1)
    return Majority(votes.shares())


def one_coin(
    item: ArrayLike,
    annotator: ArrayLike,
    label: ArrayLike,
    n_labels: int = 2,
    prior: Prior = PRIOR,
    tol: float = 1e-5,
) -> OneCoin:
    """Return the consensus of annotators each of whom is right with a probability of their own.

    Whoever is wrong says any other label equally often, and all labels are equally likely
    beforehand. The EM algorithm alternates between the posteriors, softmax of the votes' weights
    log(a·(q-1)/(1-a)) with q labels, and each annotator's `accuracy`. The prior keeps those with
    few votes near its mean, without which EM does worse than the majority does. It ends when no
    posterior changes by more than `tol`; `log_likelihood` is that of the votes, without the prior.
    Dawid and Skene (1979), with one parameter for each observer; for EM with a prior see Dempster,
    Laird and Rubin (1977), Maximum likelihood from incomplete data via the EM algorithm.
    """
    assert n_labels >= 2, "there is nothing to tell apart"
    assert min(prior) > 0, "without a prior somebody could be infallible"
    votes = _Votes.sorted(item, annotator, label, n_labels)
    given = np.bincount(votes.annotator, minlength=votes.n_annotators)

    def maximise(posteriors: Array) -> Array:
        likely = posteriors.reshape(-1)[votes.cell]
        right = np.bincount(votes.annotator, likely, votes.n_annotators)
        return (right + prior[0]) / (given + prior[0] + prior[1])

    def expect(accuracy: Array) -> tuple[Array, float]:
        astray = np.log((1 - accuracy) / (n_labels - 1))
        weights = np.log(accuracy) - astray
        scores = np.bincount(votes.cell, weights[votes.annotator], votes.n_items * n_labels)
        posteriors, likelihood = _normalised(scores.reshape(-1, n_labels) - log(n_labels))
        return posteriors, likelihood + float(given @ astray)

    return OneCoin(*_climb(votes.shares(), maximise, expect, tol))


def dawid_skene(
    item: ArrayLike,
    annotator: ArrayLike,
    label: ArrayLike,
    n_labels: int,
    smoothing: float = 0.0,
    tol: float = 1e-9,
) -> DawidSkene:
    """Return the consensus of annotators each of whom confuses labels in a way of their own.

    EM from the shares of the votes. Frequencies of labels are estimated too. `smoothing` is added
    to each cell of each annotator's table; without it somebody with few votes is soon believed to
    be infallible, so that this is for annotators with a hundred votes and more. It ends as in
    `one_coin`. A row of `confusion` without any item is flat.
    Dawid and Skene (1979), Maximum likelihood estimation of observer error-rates using the EM
    algorithm, Applied Statistics 28(1).
    """
    votes = _Votes.sorted(item, annotator, label, n_labels)
    said = votes.annotator * n_labels + votes.label
    shape = votes.n_annotators, n_labels

    def maximise(posteriors: Array) -> tuple[Array, Array]:
        true = posteriors[votes.item].T
        tables = [np.bincount(said, each, shape[0] * shape[1]).reshape(shape) for each in true]
        counts = np.stack(tables, axis=1) + smoothing
        totals = counts.sum(axis=2, keepdims=True)
        flat = np.full_like(counts, 1 / n_labels)
        prevalence = posteriors.sum(axis=0) / max(votes.n_items, 1)
        return prevalence, np.divide(counts, totals, out=flat, where=totals > 0)

    def expect(rates: tuple[Array, Array]) -> tuple[Array, float]:
        with np.errstate(divide="ignore"):
            prevalence, confusion = np.log(rates[0]), np.log(rates[1])
        spoken = (confusion[:, true].reshape(-1)[said] for true in range(n_labels))
        sums = [np.bincount(votes.item, each, votes.n_items) for each in spoken]
        return _normalised(np.stack(sums, axis=1) + prevalence)

    posteriors, rates, likelihood, rounds, converged = _climb(votes.shares(), maximise, expect, tol)
    return DawidSkene(posteriors, *rates, likelihood, rounds, converged)


def posterior(
    labels: Sequence[int], accuracies: Sequence[float], n_labels: int = 2
) -> tuple[float, ...]:
    """Return how likely each label of one item is, from its votes and its voters' accuracies.

    The formula of `one_coin`; accuracies lie strictly between 0 and 1. Flat without votes.
    """
    scores = [0.0] * n_labels
    for label, right in sorted(zip(labels, accuracies, strict=True)):
        scores[label] += log(right * (n_labels - 1) / (1 - right))
    top = max(scores)
    odds = [exp(score - top) for score in scores]
    total = sum(odds)
    return tuple(each / total for each in odds)


def decided(posteriors: ArrayLike) -> Array:
    """Return items × labels: 1 for the most likely label, parts of it for those that tie."""
    rows = np.asarray(posteriors, dtype=float)
    best = rows == rows.max(axis=1, keepdims=True)
    return np.asarray(best / best.sum(axis=1, keepdims=True))


@dataclass(frozen=True, eq=False)
class _Votes:
    """Votes in their one order; `cell` is where item and label meet in a flat table."""

    item: Array
    annotator: Array
    label: Array
    cell: Array
    n_items: int
    n_annotators: int
    n_labels: int

    @classmethod
    def sorted(
        cls, item: ArrayLike, annotator: ArrayLike, label: ArrayLike, n_labels: int
    ) -> "_Votes":
        items, people, labels = (
            np.asarray(each, dtype=np.int64) for each in (item, annotator, label)
        )
        assert items.shape == people.shape == labels.shape, "votes are three aligned arrays"
        assert min(items.min(initial=0), people.min(initial=0), labels.min(initial=0)) >= 0
        assert labels.max(initial=0) < n_labels, "labels are numbered from 0 to n_labels - 1"
        n_items, n_annotators = (int(each.max(initial=-1)) + 1 for each in (items, people))
        keys = np.sort((items * n_annotators + people) * n_labels + labels)
        rest, labels = np.divmod(keys, n_labels)
        items, people = np.divmod(rest, max(n_annotators, 1))
        cells = items * n_labels + labels
        return cls(items, people, labels, cells, n_items, n_annotators, n_labels)

    def shares(self) -> Array:
        """Return each label's share of an item's votes."""
        counts = tally(self.item, self.label, self.n_items, self.n_labels)
        votes = counts.sum(axis=1, keepdims=True)
        flat = np.full(counts.shape, 1 / self.n_labels)
        return np.asarray(np.divide(counts, votes, out=flat, where=votes > 0))


def _climb(
    posteriors: Array,
    maximise: Callable[[Array], _Fit],
    expect: Callable[[_Fit], tuple[Array, float]],
    tol: float,
) -> tuple[Array, _Fit, float, int, bool]:
    """Repeat the two steps of EM; return posteriors, fit, log-likelihood, rounds, converged."""
    rounds, converged = 0, False
    while not converged and rounds < ROUNDS:
        before, fit = posteriors, maximise(posteriors)
        posteriors, likelihood = expect(fit)
        converged = bool(np.abs(posteriors - before).max(initial=0.0) <= tol)
        rounds += 1
    return posteriors, fit, likelihood, rounds, converged


def _normalised(scores: Array) -> tuple[Array, float]:
    """Return the softmax of each row, and the sum over rows of the logarithm of their sums."""
    tops = scores.max(axis=1, keepdims=True)
    odds = np.exp(scores - tops)
    sums = odds.sum(axis=1, keepdims=True)
    return odds / sums, float(np.log(sums).sum() + tops.sum())
