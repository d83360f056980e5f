"""Rankings of several answers, against counting, pairs and a worked example."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeler.stats import plackett_luce as module
from labeler.stats.connectivity import Doubt, Incomparable
from labeler.stats.plackett_luce import plackett_luce
from labeler.stats.ranking import bradley_terry


@settings(deadline=None)
@given(st.integers(2, 5), st.integers(0, 2**32 - 1), st.sampled_from([0.0, 0.5]))
def test_rankings_of_two_are_votes_on_pairs(models: int, seed: int, prior: float) -> None:
    wins = np.random.default_rng(seed).integers(1, 6, size=(models, models))
    np.fill_diagonal(wins, 0)
    pairs = [(i, j) for i, j in np.argwhere(wins).tolist() for _ in range(wins[i, j])]
    ranked, paired = plackett_luce(pairs, prior=prior), bradley_terry(wins, prior)
    assert ranked.strengths == pytest.approx(paired.strengths, abs=1e-8)
    assert ranked.covariance == pytest.approx(paired.covariance, abs=1e-8)
    assert ranked.log_likelihood == pytest.approx(paired.log_likelihood)


def test_rankings_in_their_expected_numbers_give_the_worths_back() -> None:
    worths = np.array([0.4, 0.3, 0.2, 0.1])
    rankings = []
    for order in permutations(range(4)):
        left = [worths[list(order[place:])].sum() for place in range(4)]
        rankings += [order] * round(1e5 * float(np.prod(worths[list(order)] / left)))
    assert plackett_luce(rankings).worths == pytest.approx(worths, abs=1e-4)


def test_the_order_of_rankings_shows_in_no_digit() -> None:
    rng = np.random.default_rng(1)
    rankings = [rng.permutation(5)[: rng.integers(2, 6)].tolist() for _ in range(80)]
    one, other = plackett_luce(rankings), plackett_luce(rankings[::-1])
    assert one.strengths.tolist() == other.strengths.tolist()
    assert one.covariance.tolist() == other.covariance.tolist()


def test_every_ranking_twice_leaves_estimates_and_halves_variances() -> None:
    rng = np.random.default_rng(2)
    rankings = [rng.permutation(4).tolist() for _ in range(40)]
    once, twice = plackett_luce(rankings), plackett_luce(rankings * 2)
    assert twice.strengths == pytest.approx(once.strengths, abs=1e-9)
    assert twice.standard_errors == pytest.approx(once.standard_errors / 2**0.5)


def test_the_gradient_and_the_information_are_differences() -> None:
    rng = np.random.default_rng(3)
    rankings = [rng.permutation(5)[: rng.integers(2, 6)].tolist() for _ in range(30)]
    choices = module._choices(rankings) + module._against_average(5, 0.5)
    at, steps = rng.normal(size=5), np.eye(5) * 1e-5
    here = module._likelihood(choices, at)
    ends = [
        (module._likelihood(choices, at + step), module._likelihood(choices, at - step))
        for step in steps
    ]
    slope = np.array([(up.value - down.value) / 2e-5 for up, down in ends])
    curvature = np.array([(down.gradient - up.gradient) / 2e-5 for up, down in ends])
    assert here.gradient == pytest.approx(slope, abs=1e-6)
    assert here.information == pytest.approx(curvature, abs=1e-6)


@pytest.mark.parametrize(
    ("rankings", "expected"),
    [
        ([[0, 1, 2], [0, 2, 1]], (Doubt("unbeaten", ((0,),)), Doubt("winless", ((1, 2),)))),
        ([[0, 1], [1, 0], [2, 3], [3, 2]], (Doubt("disconnected", ((0, 1), (2, 3))),)),
    ],
)
def test_rankings_that_cannot_rank_are_refused_or_doubted(
    rankings: list[list[int]], expected: tuple[Doubt, ...]
) -> None:
    with pytest.raises(Incomparable) as refused:
        plackett_luce(rankings)
    assert refused.value.doubts == expected
    ranking = plackett_luce(rankings, prior=0.5)
    assert ranking.doubts == expected
    assert np.isfinite(ranking.strengths).all()


def test_a_model_that_nobody_ranked_is_said() -> None:
    with pytest.raises(Incomparable, match="models 0, 1; model 2"):
        plackett_luce([[0, 1], [1, 0]], models=3)
