"""What a ranking says of its models."""

from typing import Any

import numpy as np
import pytest

from labeler.stats.ranking import fit
from labeler.stats.strengths import Effect, Ranking, wider


def ranking(strengths: list[float], errors: list[float], nu: float | None = None) -> Ranking:
    return Ranking(np.array(strengths), np.diag(np.square(errors)), 0.0, nu=nu)


def test_ranks_leave_open_what_intervals_leave_open() -> None:
    # The second and the third overlap, the others stand apart.
    four = ranking([2.0, 0.1, -0.1, -2.0], [0.1, 0.2, 0.2, 0.1])
    assert four.ranks() == [(1, 1), (2, 3), (2, 3), (4, 4)]
    assert four.ranks(level=0.1) == [(1, 1), (2, 2), (3, 3), (4, 4)]


def test_an_interval_is_two_standard_errors_either_way() -> None:
    interval = Effect(1.0, 0.5).interval()
    assert (interval.low, interval.high) == pytest.approx((0.02002, 1.97998), abs=1e-5)
    assert ranking([1.0, -1.0], [0.5, 0.5]).intervals()[0] == interval


def test_two_models_whose_errors_go_together_are_surely_apart() -> None:
    together = Ranking(np.array([0.5, -0.5]), np.array([[1.0, 0.9], [0.9, 1.0]]), 0.0)
    assert together.difference(0, 1).standard_error == pytest.approx(0.2**0.5)
    assert together.difference(0, 1).estimate == 1.0


def test_twice_the_worth_wins_two_of_three() -> None:
    strengths = [np.log(2) / 2, -np.log(2) / 2]
    assert ranking(strengths, [1, 1]).worths == pytest.approx([2 / 3, 1 / 3])
    assert ranking(strengths, [1, 1]).win_probabilities()[0, 1] == pytest.approx(2 / 3)
    with_ties = ranking(strengths, [1, 1], nu=2**0.5).win_probabilities()
    assert with_ties[0, 1] == pytest.approx(2 / 5)
    assert with_ties[1, 0] == pytest.approx(1 / 5)


def test_the_wider_of_two_is_in_no_direction_surer_than_either() -> None:
    rng = np.random.default_rng(7)
    left = rng.integers(0, 5, 600)
    votes: dict[str, Any] = {"left": left, "right": (left + rng.integers(1, 5, 600)) % 5}
    votes |= {"outcome": rng.integers(0, 3, 600), "covariates": rng.normal(size=(600, 2))}
    plain = fit(**votes)
    few = fit(**votes, cluster=rng.integers(0, 3, 600))  # three persons: two directions are known
    found = wider(few, plain)
    assert found.strengths.tolist() == few.strengths.tolist()
    narrower = 0
    for contrast in rng.normal(size=(200, 5)):
        contrast -= contrast.mean()
        variances = [contrast @ each.covariance @ contrast for each in (found, few, plain)]
        assert variances[0] >= max(variances[1:]) * (1 - 1e-9)
        narrower += variances[1] < variances[2] / 2
    assert narrower > 0, "or there was nothing to widen"
    for one, *both in zip(
        (found.side, *found.covariates),
        (few.side, *few.covariates),
        (plain.side, *plain.covariates),
        strict=True,
    ):
        assert one is not None
        assert one.standard_error == max(each.standard_error for each in both if each)
