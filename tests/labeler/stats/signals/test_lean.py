"""Leaning to longer answers: a person beside the pool."""

from math import isnan, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from labeler.stats.signals.lean import lean_signal, log_ratio, pool_lean

differences = arrays(np.float64, 80, elements=st.floats(-3, 3))
choices = arrays(np.int64, 80, elements=st.integers(0, 1))


def choose(seed: int, n: int, lean: float) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    difference = random.normal(0, 0.7, n)
    return difference, random.random(n) < 1 / (1 + np.exp(-lean * difference))


def test_two_lengths_only_have_a_solution_on_paper() -> None:
    # Of 400 pairs with the first twice as long 300 chose it, of 400 with the second 100 did, so
    # the log-odds are log 3 at log 2 and -log 3 at -log 2; the weak prior moves it a little.
    difference = np.repeat([log(2), -log(2)], 400)
    chosen = np.r_[np.repeat([1, 0], [300, 100]), np.repeat([1, 0], [100, 300])]
    signal = pool_lean(difference, chosen)
    assert signal.statistic == pytest.approx(log(3) / log(2), abs=0.01)
    error = 1 / (log(2) * (800 * 0.75 * 0.25) ** 0.5)
    width = signal.interval.high - signal.interval.low
    assert width == pytest.approx(2 * 1.96 * error, rel=0.01)
    assert signal.sentence.startswith("Of two answers, one twice as long as the other, the longer")
    assert "75 times of 100" in signal.sentence


def test_nineteen_of_twenty_intervals_hold_the_truth() -> None:
    signals = [pool_lean(*choose(seed, 300, 0.6)) for seed in range(400)]
    held = np.mean([s.interval.low <= 0.6 <= s.interval.high for s in signals])
    assert held == pytest.approx(0.95, abs=0.03)


def test_a_person_like_the_pool_is_not_noticed_however_much_the_pool_leans() -> None:
    found = [lean_signal(*choose(seed, 500, 2.0), pool=2.0) for seed in range(100)]
    assert not any(signal.noticeable for signal in found)
    assert np.mean([signal.statistic for signal in found]) == pytest.approx(0, abs=0.05)


def test_tastes_within_the_margin_are_not_noticed() -> None:
    found = [lean_signal(*choose(seed, 2000, 0.7), pool=0.25) for seed in range(100)]
    assert not any(signal.noticeable for signal in found)


@pytest.mark.parametrize("lean", [3.5, -3.0])
def test_a_leaning_far_from_the_pool_is_noticed_in_either_direction(lean: float) -> None:
    signal = lean_signal(*choose(1, 300, lean), pool=0.25)
    assert signal.noticeable
    assert signal.interval.low < lean - 0.25 < signal.interval.high


def test_always_the_longer_one_has_a_finite_leaning() -> None:
    difference, _ = choose(2, 200, 0.0)
    signal = lean_signal(difference, difference > 0, pool=0.25)
    assert np.isfinite([signal.statistic, signal.interval.low, signal.interval.high]).all()
    assert signal.noticeable


def test_too_little_work_and_none() -> None:
    assert isnan(pool_lean([], []).statistic)
    few = lean_signal(np.linspace(-1, 1, 29), [1] * 29, pool=0.25)
    assert isnan(few.statistic)
    assert not few.noticeable
    assert not lean_signal(*choose(1, 300, 9.0), pool=pool_lean([], []).statistic).noticeable


def test_answers_of_one_length_show_no_leaning() -> None:
    signal = pool_lean(log_ratio([100] * 50, [100] * 50), [1] * 50)
    assert signal.statistic == pytest.approx(0, abs=1e-9)
    assert log_ratio([0], [1]).tolist() == [0.0]


@settings(max_examples=50, deadline=None)
@given(differences, choices, st.randoms())
def test_neither_order_nor_side_matters(difference: np.ndarray, chosen: np.ndarray, random) -> None:
    lean = pool_lean(difference, chosen).statistic
    order = list(range(80))
    random.shuffle(order)
    assert pool_lean(difference[order], chosen[order]).statistic == pytest.approx(lean, abs=1e-6)
    assert pool_lean(-difference, 1 - chosen).statistic == pytest.approx(lean, abs=1e-6)
