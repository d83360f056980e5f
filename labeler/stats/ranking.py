"""Which model is better, from votes on pairs of their answers.

`bradley_terry` and `davidson` read tables of counts and believe that votes are independent; `fit`
reads single votes and can set apart which side a model stood on, what its answers looked like, and
who voted. Without a prior, votes that cannot rank all models are refused; with one they are
ranked, and `Ranking.doubts` says which places rest on the prior.
"""

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labeler.stats.connectivity import Doubt
from labeler.stats.newton import Maximum, Unsettled
from labeler.stats.paired import Votes, estimate, paired, scores
from labeler.stats.strengths import Effect, Ranking

_Array: TypeAlias = NDArray[Any]


def bradley_terry(wins: ArrayLike, prior: float = 0.0) -> Ranking:
    """Return the strengths that make the wins most likely: P(i beats j) = 1 / (1 + exp(sj - si)).

    `wins` is models x models, how often row beat column; halves are welcome. `prior` is how many
    wins and how many losses each model has against an average opponent beforehand: 0.5 is weak.
    Standard errors are those of independent votes. Raises Incomparable if there is no prior and
    some models were never compared, never lost or never won. Bradley and Terry (1952).
    """
    votes = paired(wins)
    return _ranking(votes, *estimate(votes, ties=False, prior=prior))


def davidson(wins: ArrayLike, ties: ArrayLike, prior: float = 0.0) -> Ranking:
    """Return strengths with ties: P(win) : P(loss) : P(tie) = wi : wj : nu sqrt(wi wj).

    w = exp(strength). `wins` and `prior` as for `bradley_terry`; `ties` is models x models and
    symmetric, each tie written in both places. Raises Incomparable like `bradley_terry`, and
    Unsettled if ties leave nu without a bound. Davidson (1970).
    """
    votes = paired(wins, ties)
    found, doubts = estimate(votes, ties=True, prior=prior)
    return _ranking(votes, found, doubts, nu=_nu(votes, found))


def counted(left: ArrayLike, right: ArrayLike, outcome: ArrayLike, models: int) -> _Array:
    """Return models x models x 3: how often left (0), right (1) or a tie (2) was said of a pair.

    The first axis is the model shown on the left, the second the one on the right.
    """
    one, other, said = (np.asarray(each, dtype=np.int64) for each in (left, right, outcome))
    _check(one, other, said, models)
    flat = np.bincount((one * models + other) * 3 + said, minlength=3 * models**2)
    return flat.reshape(models, models, 3)


def tables(counts: _Array) -> tuple[_Array, _Array]:
    """Return wins and ties for `davidson` from what `counted` found, whichever side was which."""
    wins = counts[:, :, 0] + counts[:, :, 1].T
    return wins, counts[:, :, 2] + counts[:, :, 2].T


def fit(
    left: ArrayLike,
    right: ArrayLike,
    outcome: ArrayLike,
    *,
    models: int | None = None,
    covariates: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    side: bool = True,
    ties: bool = True,
    prior: float = 0.0,
) -> Ranking:
    """Return strengths from single votes, with what the side and the style add set apart.

    `left` and `right`: (votes,) numbers of models below `models`. `outcome`: 0 left is better,
    1 right, 2 tie. `covariates`: votes x covariates, left minus right, best with mean 0 and
    standard deviation 1. Without `ties`, a tie is half a win for either side. `prior` also gives
    either side, and more and less of each covariate, that many wins.
    With `cluster`, (votes,) who voted, standard errors hold even if one person's votes hang
    together: the sandwich A⁻¹ B A⁻¹, A the information, B the sum over persons of the outer
    product of their votes' gradients, times c/(c-1) for c persons. It needs some forty persons, and
    memory for persons x parameters.
    Liang and Zeger (1986), Longitudinal data analysis using generalized linear models.
    Raises Incomparable like `bradley_terry`, Unsettled if side or covariates cannot be told apart.
    """
    seen = _read(left, right, outcome, covariates, cluster)
    models = seen.models if models is None else models
    votes = seen.alike(models, side) if covariates is None else seen.each(models, side)
    found, doubts = estimate(votes, ties=ties, prior=prior)
    if cluster is not None:
        found = _sandwich(found, seen.each(models, side), seen.cluster)
    nu = _nu(votes, found) if ties else None
    return _ranking(votes, found, doubts, side=side, nu=nu)


@dataclass(frozen=True, eq=False, slots=True)
class _Seen:
    """Single votes, a row each; `cluster` numbers the persons from 0."""

    left: _Array
    right: _Array
    outcome: _Array
    covariates: _Array
    cluster: _Array

    @property
    def models(self) -> int:
        return int(max(self.left.max(initial=0), self.right.max(initial=0))) + 1

    def each(self, models: int, side: bool) -> Votes:
        """Return the votes, a row for each."""
        _check(self.left, self.right, self.outcome, models)
        ones = np.ones((len(self.left), int(side)))
        terms = np.hstack([ones, self.covariates])
        return Votes(self.left, self.right, terms, np.eye(3)[self.outcome], models)

    def alike(self, models: int, side: bool) -> Votes:
        """Return the votes, a row for each pair of models and order, without covariates."""
        counts = counted(self.left, self.right, self.outcome, models).reshape(-1, 3)
        there = np.flatnonzero(counts.any(axis=1))
        left, right = np.divmod(there, models)
        terms = np.ones((len(there), int(side)))
        return Votes(left, right, terms, counts[there].astype(float), models)


def _read(
    left: ArrayLike,
    right: ArrayLike,
    outcome: ArrayLike,
    covariates: ArrayLike | None,
    cluster: ArrayLike | None,
) -> _Seen:
    """Put single votes in an order of their own, so that theirs never shows in the last digit."""
    one, other, said = (np.asarray(each, dtype=np.int64) for each in (left, right, outcome))
    votes = len(one)
    persons = np.zeros(votes) if cluster is None else np.asarray(cluster)
    who = np.unique(persons, return_inverse=True)[1]
    styles = np.zeros((votes, 0)) if covariates is None else np.asarray(covariates, dtype=float)
    assert styles.ndim == 2, "covariates have a row per vote and a column each"
    assert {len(each) for each in (other, said, who, styles)} == {votes}, "a row for each vote"
    seen = _Seen(one, other, said, styles, who)
    if covariates is None and cluster is None:
        return seen  # counting them forgets the order
    order = np.lexsort((*styles.T, said, other, one, who))
    return _Seen(one[order], other[order], said[order], styles[order], who[order])


def _check(left: _Array, right: _Array, outcome: _Array, models: int) -> None:
    for column, most in ((left, models), (right, models), (outcome, 3)):
        assert ((column >= 0) & (column < most)).all(), "numbers of models, and outcomes 0 to 2"


def _sandwich(found: Maximum, votes: Votes, cluster: _Array) -> Maximum:
    """Replace the covariance by one that holds if votes of one cluster hang together."""
    clusters = len(np.unique(cluster))
    if clusters < 2:
        raise Unsettled("the votes of one person do not show how persons differ")
    each = scores(votes, found.place, cluster, clusters)
    middle = each.T @ each * (clusters / (clusters - 1))
    return found._replace(covariance=found.covariance @ middle @ found.covariance)


def _nu(votes: Votes, found: Maximum) -> float:
    return float(np.exp(found.place[-1])) if votes.has_ties else 0.0


def _ranking(
    votes: Votes,
    found: Maximum,
    doubts: tuple[Doubt, ...],
    *,
    side: bool = False,
    nu: float | None = None,
) -> Ranking:
    """Take the parameters apart: strengths, the side if it is one, covariates."""
    models = votes.models
    errors = np.sqrt(np.maximum(np.diag(found.covariance), 0.0))
    pairs = zip(found.place.tolist(), errors.tolist(), strict=True)
    effects = [Effect(*pair) for pair in pairs][models : models + votes.terms.shape[1]]
    return Ranking(
        found.place[:models],
        found.covariance[:models, :models],
        found.value,
        doubts,
        nu=nu,
        side=effects[0] if side else None,
        covariates=tuple(effects[int(side) :]),
    )
