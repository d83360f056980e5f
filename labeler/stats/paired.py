"""The likelihood of votes between two answers, with a side, styles and ties.

A pair's margin is m = strength(left) - strength(right) + terms @ effects, and
P(left) : P(right) : P(tie) = exp(m/2) : exp(-m/2) : nu. Without nu this is Bradley and Terry's
model, and a tie counts as half a win for either side.
Bradley and Terry (1952), Rank analysis of incomplete block designs I; Davidson (1970), On
extending the Bradley-Terry model to accommodate ties in paired comparison experiments.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labeler.stats.connectivity import Doubt, Incomparable, doubts
from labeler.stats.newton import Likelihood, Maximum, maximum

_Array: TypeAlias = NDArray[Any]


@dataclass(frozen=True, eq=False, slots=True)
class Votes:
    """Votes, those that look alike together in one row.

    `left`, `right`: (rows,) numbers of models. `terms`: (rows, terms), what else adds to the left
    side's margin. `outcomes`: (rows, 3), how many votes said left, right and tie. The number that
    follows the last model's stands for an opponent whose strength is zero.
    """

    left: _Array
    right: _Array
    terms: _Array
    outcomes: _Array
    models: int

    @property
    def has_ties(self) -> bool:
        """Whether a tie was ever said, without which nu is zero."""
        return bool(self.outcomes[:, 2].any())

    def beaten(self) -> _Array:
        """Return models x models: whether row won, or tied, against column at least once."""
        table = np.zeros((self.models + 1, self.models + 1), dtype=bool)
        won, lost = self.outcomes[:, [0, 2]].any(axis=1), self.outcomes[:, 1:].any(axis=1)
        table[self.left[won], self.right[won]] = True
        table[self.right[lost], self.left[lost]] = True
        return table[:-1, :-1]


def paired(wins: ArrayLike, ties: ArrayLike | None = None) -> Votes:
    """Return a row for each pair of models that was ever compared.

    `wins` is models x models, how often row beat column, `ties` likewise and symmetric.
    """
    won = _table(wins)
    tied = np.zeros_like(won) if ties is None else _table(ties)
    assert (tied == tied.T).all(), "a tie of two models stands in both places"
    left, right = np.triu_indices(len(won), 1)
    outcomes = np.column_stack([won[left, right], won[right, left], tied[left, right]])
    there = outcomes.any(axis=1)
    terms = np.zeros((int(there.sum()), 0))
    return Votes(left[there], right[there], terms, outcomes[there], len(won))


def _table(counts: ArrayLike) -> _Array:
    table = np.asarray(counts, dtype=float)
    assert table.ndim == 2, "counts are models x models"
    assert len(table) == table.shape[1] > 0, "counts have a row and a column for each model"
    assert (table >= 0).all(), "counts are never negative"
    return table


def estimate(votes: Votes, *, ties: bool, prior: float) -> tuple[Maximum, tuple[Doubt, ...]]:
    """Return the parameters that fit best, and what the votes alone leave open.

    The parameters are strengths, effects of the terms and, with `ties` if there are any, log nu.
    Raises Incomparable if something is left open and there is no prior, Unsettled if the votes
    do not determine an effect or nu.
    """
    found = doubts(votes.beaten())
    if found and not prior:
        raise Incomparable(found)
    start = np.zeros(votes.models + votes.terms.shape[1])
    if ties and votes.has_ties:
        start = np.append(start, _log_nu_of_equals(votes))
    return _highest(votes, start, prior), found


def estimate_again(votes: Votes, near: _Array, prior: float) -> Maximum:
    """Return the same parameters of somewhat fewer votes, sooner, from where they were of all.

    Raises like `estimate`.
    """
    if not prior or (not votes.has_ties and len(near) > votes.models + votes.terms.shape[1]):
        return estimate(votes, ties=True, prior=prior)[0]
    return _highest(votes, near, prior)


def _highest(votes: Votes, start: _Array, prior: float) -> Maximum:
    known = _with_prior(votes, prior) if prior else votes
    return maximum(partial(likelihood, known), start, votes.models)


def _log_nu_of_equals(votes: Votes) -> float:
    left, right, tie = votes.outcomes.sum(axis=0) + 0.5
    return float(np.log(2 * tie / (left + right)))


def _with_prior(votes: Votes, prior: float) -> Votes:
    """Add what keeps every estimate finite: `prior` wins and losses against an average opponent.

    Likewise `prior` wins for either side between equals that differ in one term by one unit, so
    that neither the side nor a style can take all.
    """
    models, terms = votes.models, votes.terms.shape[1]
    average = np.full(models + terms, models)
    left = np.concatenate([np.arange(models), np.full(terms, models)])
    apart = np.vstack([np.zeros((models, terms)), np.eye(terms)])
    return Votes(
        np.concatenate([votes.left, left]),
        np.concatenate([votes.right, average]),
        np.vstack([votes.terms, apart]),
        np.vstack([votes.outcomes, np.tile([prior, prior, 0.0], (models + terms, 1))]),
        models,
    )


def likelihood(votes: Votes, at: _Array) -> Likelihood:
    """Return the log-likelihood at strengths, effects of the terms and, beyond these, log nu."""
    count = votes.outcomes.sum(axis=1)
    margin, log_total = _margins(votes, at)
    lead = (votes.outcomes[:, 0] - votes.outcomes[:, 1]) / 2
    value = lead @ margin - count @ log_total
    expected, tie = _probabilities(margin, log_total, at, votes)
    spread = count * ((1 - tie) / 4 - expected**2)  # the variance of the lead
    gradient = _across(votes, lead - count * expected)
    information = _information(votes, spread)
    if not _with_nu(votes, at):
        return Likelihood(float(value), gradient, information)
    ties = votes.outcomes[:, 2]
    border = _across(votes, -count * expected * tie)
    return Likelihood(
        float(value + at[-1] * ties.sum()),
        np.append(gradient, (ties - count * tie).sum()),
        np.block([[information, border[:, None]], [border, (count * tie * (1 - tie)).sum()]]),
    )


def scores(votes: Votes, at: _Array, cluster: _Array, clusters: int) -> _Array:
    """Return clusters x parameters: the gradient that each cluster's rows contribute."""
    count = votes.outcomes.sum(axis=1)
    expected, tie = _probabilities(*_margins(votes, at), at, votes)
    lead = (votes.outcomes[:, 0] - votes.outcomes[:, 1]) / 2 - count * expected
    wide = votes.models + 1

    def summed(places: _Array, weights: _Array, columns: int) -> _Array:
        flat = np.bincount(cluster * columns + places, weights, clusters * columns)
        return flat.reshape(clusters, columns)

    strengths = summed(votes.left, lead, wide) - summed(votes.right, lead, wide)
    parts = [strengths[:, :-1]]
    parts += [summed(np.zeros_like(cluster), lead * term, 1) for term in votes.terms.T]
    if _with_nu(votes, at):
        parts.append(summed(np.zeros_like(cluster), votes.outcomes[:, 2] - count * tie, 1))
    return np.hstack(parts)


def _with_nu(votes: Votes, at: _Array) -> bool:
    return bool(len(at) > votes.models + votes.terms.shape[1])


def _margins(votes: Votes, at: _Array) -> tuple[_Array, _Array]:
    """Return the margin of each row and the log of what its three outcomes' weights sum to."""
    strengths = np.append(at[: votes.models], 0.0)
    effects = at[votes.models : votes.models + votes.terms.shape[1]]
    margin = strengths[votes.left] - strengths[votes.right] + votes.terms @ effects
    log_total = np.logaddexp(margin / 2, -margin / 2)
    if _with_nu(votes, at):
        log_total = np.logaddexp(log_total, at[-1])
    return margin, log_total


def _probabilities(
    margin: _Array, log_total: _Array, at: _Array, votes: Votes
) -> tuple[_Array, _Array]:
    """Return half the left side's expected lead, and the probability of a tie, for each row."""
    left, right = np.exp(margin / 2 - log_total), np.exp(-margin / 2 - log_total)
    tie = np.exp(at[-1] - log_total) if _with_nu(votes, at) else np.zeros_like(margin)
    return (left - right) / 2, tie


def _across(votes: Votes, weights: _Array) -> _Array:
    """Return the weighted sum of the rows' directions: left plus, right minus, then the terms."""
    size = votes.models + 1
    left = np.bincount(votes.left, weights, size)
    right = np.bincount(votes.right, weights, size)
    return np.concatenate([(left - right)[:-1], votes.terms.T @ weights])


def _information(votes: Votes, weights: _Array) -> _Array:
    """Return the weighted sum of the outer products of the rows' directions.

    Never as rows x parameters: a million rows with thirty models would take 300 MB.
    """
    size, models = votes.models + 1, votes.models
    pairs = np.bincount(votes.left * size + votes.right, weights, size**2).reshape(size, size)
    pairs = pairs + pairs.T
    laplacian = np.diag(pairs.sum(axis=1)) - pairs
    cross = [_across(votes, weights * term) for term in votes.terms.T]
    edge = np.array(cross).reshape(len(cross), models + len(cross))
    strengths = laplacian[:-1, :-1]
    return np.block([[strengths, edge[:, :models].T], [edge[:, :models], edge[:, models:]]])
