"""Calibration: what it learns from audited items, and what it must leave alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from labeler.stats.calibration import Calibration, calibrate


def overconfident(n: int, power: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return stated confidences whose log-odds are too large by 1/power, and what was right."""
    rng = np.random.default_rng(seed)
    stated = 0.5 + 0.499 * rng.beta(4, 1, size=n)
    real = 1 / (1 + (1 / stated - 1) ** power)
    return stated, rng.random(n) < real


def test_what_was_too_sure_becomes_honest() -> None:
    calibration = calibrate(*overconfident(5_000, power=0.6, seed=1))
    assert calibration.power == pytest.approx(0.6, abs=0.05)
    stated, right = overconfident(100_000, power=0.6, seed=2)
    mapped = calibration.confidence(stated)
    for low in (0.5, 0.6, 0.7, 0.8, 0.9):
        inside = (mapped >= low) & (mapped < low + 0.1)
        assert mapped[inside].mean() == pytest.approx(right[inside].mean(), abs=0.015)
    assert stated.mean() > right.mean() + 0.05


def test_without_audited_items_nothing_changes() -> None:
    calibration = calibrate([], [])
    assert calibration.power == 1.0
    assert calibration.confidence([0.3, 0.5, 0.9]) == pytest.approx([0.3, 0.5, 0.9])


def test_up_to_one_half_nothing_changes() -> None:
    assert Calibration(0.5).confidence([0.2, 0.4, 0.5, 0.9]) == pytest.approx([0.2, 0.4, 0.5, 0.75])


def test_a_handful_of_right_answers_proves_little() -> None:
    assert 1.0 <= calibrate([0.95] * 10, [True] * 10).power < 1.2


def test_a_consensus_that_is_wrong_throughout_is_worth_a_coin() -> None:
    found = calibrate([0.9] * 200, [False] * 200)
    assert found.power == 0.0
    assert found.confidence([0.99]) == pytest.approx([0.5])


def test_the_rest_is_shared_as_before() -> None:
    mapped = Calibration(0.5).posteriors([[0.9, 0.08, 0.02], [0.4, 0.4, 0.2], [0.0, 1.0, 0.0]])
    assert mapped[0] == pytest.approx([0.75, 0.2, 0.05])
    assert mapped[1].tolist() == [0.4, 0.4, 0.2]
    assert np.argmax(mapped[2]) == 1
    assert mapped.sum(axis=1) == pytest.approx(1.0)


rows = arrays(np.float64, st.tuples(st.integers(1, 6), st.integers(2, 4)), elements=st.floats(0, 1))


@given(rows, st.floats(0, 3))
def test_the_winner_goes_on_winning_and_shares_stay_shares(weights, power: float) -> None:
    posteriors = (weights + 1e-6) / (weights + 1e-6).sum(axis=1, keepdims=True)
    mapped = Calibration(power).posteriors(posteriors)
    each = np.arange(len(posteriors))
    assert mapped.sum(axis=1) == pytest.approx(1.0)
    assert (mapped >= 0).all()
    assert mapped[each, posteriors.argmax(axis=1)] == pytest.approx(mapped.max(axis=1))


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 3))
def test_who_states_more_keeps_more(a: float, b: float, power: float) -> None:
    low, high = Calibration(power).confidence(sorted([a, b]))
    assert low <= high + 1e-12
