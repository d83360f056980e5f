"""What a ranking says: how strong each model is, how surely, and who beats whom."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import sqrt
from statistics import NormalDist
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from labeler.stats.agreement import Interval
from labeler.stats.connectivity import Doubt

_Array: TypeAlias = NDArray[Any]

_FLAT = 1e-11  # a direction so much flatter than the steepest is the common shift


@dataclass(frozen=True, slots=True)
class Effect:
    """An estimate on the scale of log-odds, with its standard error."""

    estimate: float
    standard_error: float

    def interval(self, level: float = 0.95) -> Interval:
        """Return the estimate ± z standard errors, z the normal quantile of the level."""
        reach = _quantile(level) * self.standard_error
        return Interval(self.estimate - reach, self.estimate + reach)


@dataclass(frozen=True, eq=False, slots=True)
class Ranking:
    """Strengths of models: (models,) log-abilities that sum to zero, and their covariance.

    `nu` is the weight of a tie between equals, 0 if ties were allowed and none was said, None
    where the model has none. `side` is what standing on the left adds, `covariates` what one unit
    of each covariate adds, in strength. `log_likelihood` includes the prior's votes if there are
    any. `doubts` are reasons why strengths rest on the prior alone: show them, never hide them.
    """

    strengths: _Array
    covariance: _Array
    log_likelihood: float
    doubts: tuple[Doubt, ...] = ()
    nu: float | None = None
    side: Effect | None = None
    covariates: Sequence[Effect] = ()

    @property
    def worths(self) -> _Array:
        """Abilities that sum to one: exp(strength), each over the sum of all."""
        weights = np.exp(self.strengths)
        return np.asarray(weights / weights.sum())

    @property
    def standard_errors(self) -> _Array:
        """Of each strength, as it differs from the mean of all."""
        return np.asarray(np.sqrt(np.maximum(np.diag(self.covariance), 0.0)))

    def difference(self, one: int, other: int) -> Effect:
        """Return how much stronger one model is than another, for two models surer than either."""
        spread = self.covariance
        variance = spread[one, one] + spread[other, other] - 2 * spread[one, other]
        gap = self.strengths[one] - self.strengths[other]
        return Effect(float(gap), sqrt(max(float(variance), 0.0)))

    def intervals(self, level: float = 0.95) -> list[Interval]:
        """Return the interval of each strength; to compare two models, ask for their difference."""
        pairs = zip(self.strengths.tolist(), self.standard_errors.tolist(), strict=True)
        return [Effect(*pair).interval(level) for pair in pairs]

    def win_probabilities(self) -> _Array:
        """Return models x models: how probably row beats column, sides and covariates equal.

        With ties the two sides' probabilities sum to less than one; the rest is the tie's.
        """
        half = (self.strengths[:, None] - self.strengths[None, :]) / 2
        return np.asarray(np.exp(half) / (np.exp(half) + np.exp(-half) + (self.nu or 0.0)))

    def ranks(self, level: float = 0.95) -> list[tuple[int, int]]:
        """Return the best and the worst rank that each model may have.

        Best is 1 + how many models' lower bounds exceed this one's upper bound, worst the number
        of models less how many upper bounds lie below its lower bound.
        Chiang and others (2024), Chatbot Arena, section 4.
        """
        low, high = np.array([(each.low, each.high) for each in self.intervals(level)]).T
        above = low[None, :] > high[:, None]
        best, worst = 1 + above.sum(axis=1), len(low) - above.sum(axis=0)
        return list(zip(best.tolist(), worst.tolist(), strict=True))


def wider(ranking: Ranking, plain: Ranking) -> Ranking:
    """Return a ranking that is in no direction surer than another one of the same votes.

    A sandwich from few persons may be far too sure along some differences: of c persons it knows
    c - 1 directions, and no more. `plain` has the covariance of independent votes. With S its
    root, the covariance becomes S max(S⁻¹ C S⁻¹, 1) S', the maximum taken of the eigenvalues.
    """
    values, vectors = np.linalg.eigh(plain.covariance)
    there = values > _FLAT * values[-1]
    deviations = np.sqrt(values[there])
    back = vectors[:, there] / deviations
    ratios, turned = np.linalg.eigh(back.T @ ranking.covariance @ back)
    half = vectors[:, there] * deviations @ turned
    pairs = zip(ranking.covariates, plain.covariates, strict=True)
    return replace(
        ranking,
        covariance=half * np.maximum(ratios, 1.0) @ half.T,
        side=None if ranking.side is None else _wider(ranking.side, plain.side),
        covariates=tuple(_wider(*each) for each in pairs),
    )


def _wider(effect: Effect, plain: Effect | None) -> Effect:
    least = plain.standard_error if plain else 0.0
    return Effect(effect.estimate, max(effect.standard_error, least))


def _quantile(level: float) -> float:
    return NormalDist().inv_cdf((1 + level) / 2)
