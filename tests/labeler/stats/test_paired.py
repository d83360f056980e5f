"""The likelihood of votes on pairs, against its own differences."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from labeler.stats.paired import Votes, likelihood, scores

RNG = np.random.default_rng(5)
VOTES = Votes(
    left=RNG.integers(5, size=40),
    right=RNG.integers(5, size=40),
    terms=RNG.normal(size=(40, 2)),
    outcomes=RNG.integers(4, size=(40, 3)).astype(float),
    models=4,
)
PLACES = [
    pytest.param(RNG.normal(size=6), id="without nu"),
    pytest.param(RNG.normal(size=7), id="nu"),
]
STEP = 1e-5


def differences(function: Callable[[np.ndarray], Any], at: np.ndarray) -> np.ndarray:
    steps = np.eye(len(at)) * STEP
    return np.array([(function(at + step) - function(at - step)) / (2 * STEP) for step in steps])


@pytest.mark.parametrize("at", PLACES)
def test_the_gradient_is_the_slope(at: np.ndarray) -> None:
    slope = differences(lambda place: likelihood(VOTES, place).value, at)
    assert likelihood(VOTES, at).gradient == pytest.approx(slope, abs=1e-6)


@pytest.mark.parametrize("at", PLACES)
def test_the_information_is_the_curvature(at: np.ndarray) -> None:
    curvature = differences(lambda place: -likelihood(VOTES, place).gradient, at)
    assert likelihood(VOTES, at).information == pytest.approx(curvature, abs=1e-6)


@pytest.mark.parametrize("at", PLACES)
def test_the_gradient_is_what_the_clusters_give(at: np.ndarray) -> None:
    cluster = np.arange(40) % 7
    each = scores(VOTES, at, cluster, 7)
    assert each.sum(axis=0) == pytest.approx(likelihood(VOTES, at).gradient)
    first = cluster == 0
    alone = Votes(
        VOTES.left[first], VOTES.right[first], VOTES.terms[first], VOTES.outcomes[first], 4
    )
    assert each[0] == pytest.approx(likelihood(alone, at).gradient)


def test_equals_split_what_ties_leave() -> None:
    # A third each way at nu = 1, so the log-likelihood of n votes is -n log 3.
    votes = Votes(np.array([0]), np.array([1]), np.zeros((1, 0)), np.array([[2.0, 3.0, 4.0]]), 2)
    assert likelihood(votes, np.zeros(3)).value == pytest.approx(-9 * np.log(3))
