"""What a ranking says of its models."""

import numpy as np
import pytest

from labeler.stats.strengths import Effect, Ranking


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
