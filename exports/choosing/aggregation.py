"""Aggregation: what all votes of a release come to, in one process or in many.

Votes lie in partitions, each a fixed range of comparisons. A round maps one function over the
partitions, which needs nothing but the partition and what was estimated before, and adds up what
comes back in the order of the partitions. So every bit of the result is the same, wherever and in
whatever order the partitions were looked at. Other partitions change no more than the last digits,
which `stated` leaves out.

The models are those of `labeler.stats.consensus`, with the same prior and the same end. Labels are
0 for the first response and 1 for the second, 2 for "about the same", 3 for "both are bad".
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, NamedTuple, Protocol, TypeAlias, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from labeler.stats.consensus import ROUNDS, Prior
from labeler.stats.posterior import PRIOR
from labeler.stats.tables import Array

LABELS = 4
DIGITS = 6

Parameters: TypeAlias = tuple[Array, ...]
"""What a model has estimated; nothing before its first round."""
_Result = TypeVar("_Result")


class Mapped(Protocol):
    """How a function is mapped over partitions: as `map` does, with the results in their order."""

    def __call__(
        self, function: Callable[["Partition"], _Result], partitions: Sequence["Partition"], /
    ) -> Iterable[_Result]: ...


class Partition(NamedTuple):
    """Votes on a range of comparisons, nine bytes each; `partition` makes one."""

    items: Array
    """Which comparison of the range, from 0 on."""
    annotators: Array
    """By whom: a number from 0 on that is theirs in all partitions."""
    labels: Array
    n_items: int


class Statistics(NamedTuple):
    """What a round needs to know of partitions."""

    counts: Array
    change: float
    """The most by which a posterior differs from the last round's."""


class Fit(NamedTuple):
    """What a model has made of the votes."""

    parameters: Parameters
    rounds: int
    converged: bool


class Model(Protocol):
    """A way to tell from votes which label is the right one.

    Its parameters are estimated from posteriors, and these from the parameters.
    """

    name: ClassVar[str]

    @property
    def tol(self) -> float: ...

    def posteriors(self, votes: Partition, parameters: Parameters) -> Array:
        """Return how likely each label is, items × labels, each row adding up to 1."""

    def count(self, votes: Partition, posteriors: Array) -> Array:
        """Return all that `maximise` needs of a partition, as numbers that can be added up."""

    def maximise(self, counts: Array) -> Parameters: ...


def partition(
    items: ArrayLike, annotators: ArrayLike, labels: ArrayLike, n_items: int
) -> Partition:
    """Return votes in their one order, so that nothing depends on the order in which they came."""
    whose, who, said = np.asarray(items), np.asarray(annotators), np.asarray(labels)
    assert whose.shape == who.shape == said.shape, "votes are three aligned arrays"
    assert min(whose.min(initial=0), who.min(initial=0), said.min(initial=0)) >= 0
    assert whose.max(initial=-1) < n_items, "comparisons are numbered within their range"
    assert said.max(initial=0) < LABELS, "labels are numbered from 0 to 3"
    order = np.lexsort((said, who, whose))
    return Partition(
        whose[order].astype(np.int32),
        who[order].astype(np.int32),
        said[order].astype(np.int8),
        n_items,
    )


def fitted(model: Model, partitions: Sequence[Partition], mapped: Mapped = map) -> Fit:
    """Return what a model has made of all partitions.

    EM: the model's parameters from the posteriors, posteriors from the parameters, until no
    posterior changes by more than `tol`. It starts from the shares of the votes.
    """
    partitions = partitions or [partition([], [], [], 0)]
    fit: Parameters = ()
    statistics = reduced(mapped(partial(expect, model, fit=(), before=()), partitions))
    rounds, converged = 0, False
    while not converged and rounds < ROUNDS:
        before, fit = fit, model.maximise(statistics.counts)
        statistics = reduced(mapped(partial(expect, model, fit=fit, before=before), partitions))
        converged = statistics.change <= model.tol
        rounds += 1
    return Fit(fit, rounds, converged)


def expect(model: Model, votes: Partition, *, fit: Parameters, before: Parameters) -> Statistics:
    """Map: return what a partition adds to a round, from the parameters and the last round's."""
    posteriors = model.posteriors(votes, fit)
    change = np.abs(posteriors - model.posteriors(votes, before)).max(initial=0.0)
    return Statistics(model.count(votes, posteriors), float(change))


def reduced(statistics: Iterable[Statistics]) -> Statistics:
    """Reduce: add up, one after the other, in the order of the partitions."""
    counts: Array = np.zeros(1)
    change = 0.0
    for each in statistics:
        counts, change = counts + each.counts, max(change, each.change)
    return Statistics(counts, change)


@dataclass(frozen=True)
class OneCoin:
    """Each annotator is right with a probability of their own: `consensus.one_coin`.

    Its parameter is that probability, by annotator.
    """

    n_annotators: int
    prior: Prior = PRIOR
    tol: float = 1e-5
    name: ClassVar[str] = "one_coin 1"

    def posteriors(self, votes: Partition, parameters: Parameters) -> Array:
        """Return the softmax of the votes' weights; at first the shares of the votes."""
        if not parameters:
            return _shares(votes)
        (accuracy,) = parameters
        weights = np.log(accuracy) - np.log((1 - accuracy) / (LABELS - 1))
        scores = np.bincount(_cells(votes), weights[votes.annotators], LABELS * votes.n_items)
        return _softmax(scores.reshape(LABELS, -1))

    def count(self, votes: Partition, posteriors: Array) -> Array:
        """Return of each annotator how many votes are right, by expectation, and how many given."""
        likely = posteriors.T.reshape(-1)[_cells(votes)]
        right = np.bincount(votes.annotators, likely, self.n_annotators)
        return np.stack([right, np.bincount(votes.annotators, minlength=self.n_annotators)])

    def maximise(self, counts: Array) -> Parameters:
        """Return the mean of each annotator's Beta posterior."""
        right, given = counts
        return ((right + self.prior[0]) / (given + sum(self.prior)),)


@dataclass(frozen=True)
class DawidSkene:
    """Each annotator confuses labels in a way of their own: `consensus.dawid_skene`.

    Its parameters are how frequent each label is, and annotators × true × said label. One half in
    each cell beforehand is Jeffreys' prior.
    """

    n_annotators: int
    smoothing: float = 0.5
    tol: float = 1e-9
    name: ClassVar[str] = "dawid_skene 1"

    def posteriors(self, votes: Partition, parameters: Parameters) -> Array:
        """Return the posteriors under the frequencies and tables; at first shares of votes."""
        if not parameters:
            return _shares(votes)
        with np.errstate(divide="ignore"):
            prevalence, confusion = (np.log(each) for each in parameters)
        said = self._said(votes)
        spoken = (confusion[:, true].reshape(-1)[said] for true in range(LABELS))
        sums = [np.bincount(votes.items, each, votes.n_items) for each in spoken]
        return _softmax(np.stack(sums) + prevalence[:, None])

    def count(self, votes: Partition, posteriors: Array) -> Array:
        """Return a row of how often each label is true, the tables by expectation below it."""
        said, cells = self._said(votes), self.n_annotators * LABELS
        tables = [np.bincount(said, each[votes.items], cells) for each in posteriors.T]
        below = np.stack([table.reshape(-1, LABELS) for table in tables], axis=1)
        return np.concatenate([posteriors.sum(axis=0)[None], below.reshape(-1, LABELS)])

    def maximise(self, counts: Array) -> Parameters:
        """Return frequencies and tables; flat is a row without any item."""
        tables = counts[1:].reshape(self.n_annotators, LABELS, LABELS) + self.smoothing
        totals = tables.sum(axis=2, keepdims=True)
        flat = np.full_like(tables, 1 / LABELS)
        confusion = np.divide(tables, totals, out=flat, where=totals > 0)
        return counts[0] / max(counts[0].sum(), 1.0), confusion

    def _said(self, votes: Partition) -> Array:
        return votes.annotators.astype(np.intp) * LABELS + votes.labels


def stated(values: ArrayLike) -> Array:
    """Return numbers as files state them: to six digits, and zero without a sign."""
    return np.round(np.asarray(values, dtype=float), DIGITS) + 0.0


# Tables are worked on as labels × items: to add up four numbers that lie side by side takes numpy
# twenty times as long as to add four long rows.
def _cells(votes: Partition) -> Array:
    return votes.labels * np.intp(votes.n_items) + votes.items


def _shares(votes: Partition) -> Array:
    counts = np.bincount(_cells(votes), minlength=LABELS * votes.n_items).reshape(LABELS, -1)
    given = counts.sum(axis=0)
    flat = np.full(counts.shape, 1 / LABELS)
    return np.asarray(np.divide(counts, given, out=flat, where=given > 0).T)


def _softmax(scores: Array) -> Array:
    """Return items × labels of labels × items."""
    odds = np.exp(scores - scores.max(axis=0))
    odds /= odds.sum(axis=0)
    return np.asarray(odds.T)
