"""Where a log-likelihood of strengths is highest, and how curved it is there.

Strengths are known up to a common shift, so they are held to the sum zero: the search never leaves
that subspace, and the covariance is the pseudo-inverse of the information within it.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

_Array: TypeAlias = NDArray[Any]

_STEPS = 100
_SETTLED = 1e-9  # a step of Newton's; what is left after it is about its square
_ROUNDING = 1e-12  # of the log-likelihood, relative
_FLAT = 1e-11  # a direction so much flatter than the steepest is not determined by the votes


class Unsettled(ValueError):
    """The votes do not determine the estimates: they grow without end or hang together."""


class Likelihood(NamedTuple):
    """A log-likelihood at one place: its value, its gradient, minus its second derivatives."""

    value: float
    gradient: _Array
    information: _Array


class Maximum(NamedTuple):
    """Where the log-likelihood is highest, the inverse of its information, and its height."""

    place: _Array
    covariance: _Array
    value: float


def maximum(likelihood: Callable[[_Array], Likelihood], start: _Array, models: int) -> Maximum:
    """Climb by Newton's method, with steps halved where they would go down.

    `likelihood` is concave. The first `models` of the parameters are strengths: they sum to zero
    at the start and stay so. Raises Unsettled if there is no single finite maximum.
    """
    place, here = start, likelihood(start)
    for _ in range(_STEPS):
        step = _inverse(here.information, models) @ here.gradient
        while not (there := likelihood(place + step)).value >= _almost(here.value):
            step = step / 2
        place, here = place + step, there
        if np.abs(step).max() < _SETTLED:
            return Maximum(place, _inverse(here.information, models), here.value)
    raise Unsettled("the estimates grow without end")


def _almost(value: float) -> float:
    return value - _ROUNDING * (1 + abs(value))


def _inverse(information: _Array, models: int) -> _Array:
    """Return the pseudo-inverse under the constraint that the strengths sum to zero."""
    common = np.zeros(len(information))
    common[:models] = models**-0.5
    shift = np.outer(common, common)
    within = np.eye(len(information)) - shift
    # The eigenvalue of the direction that is left out must be neither the least nor the greatest.
    scale = np.trace(information) / len(information)
    values, vectors = np.linalg.eigh(within @ information @ within + scale * shift)
    if not values[0] > _FLAT * values[-1]:
        raise Unsettled("the votes cannot tell the estimates apart")
    return np.asarray(vectors / values @ vectors.T - shift / scale)
