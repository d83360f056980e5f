"""Runs on one side: their chance against every sequence there is, and the cuts that follow."""

from fractions import Fraction
from itertools import groupby, product
from math import isnan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeler.stats.signals.streaks import streak_chance, streak_signal, unusual_streak


def longest(sides: tuple[int, ...] | list[int]) -> int:
    return max(len(list(run)) for _, run in groupby(sides))


@pytest.mark.parametrize("share", [0.5, 0.6, 0.85])
@pytest.mark.parametrize("n", [1, 2, 5, 11])
def test_it_is_the_sum_over_all_sequences(n: int, share: float) -> None:
    for cut in range(1, n + 2):
        chance = sum(
            share ** sum(sides) * (1 - share) ** (n - sum(sides))
            for sides in product([0, 1], repeat=n)
            if longest(sides) >= cut
        )
        assert streak_chance(cut, n, share) == pytest.approx(chance, abs=1e-12)


def shorter(run: int, n: int) -> int:
    """Count the sequences of two sides whose runs are all shorter: compositions of n, twice."""
    ways = [1]
    for length in range(1, n + 1):
        ways.append(sum(ways[max(0, length - run + 1) :]))
    return 2 * ways[n]


@pytest.mark.parametrize(("run", "n"), [(2, 30), (6, 200), (10, 1000), (18, 500)])
def test_without_a_habit_it_is_counted_by_compositions(run: int, n: int) -> None:
    exact = float(1 - Fraction(shorter(run, n), 2**n))
    assert streak_chance(run, n, 0.5) == pytest.approx(exact, rel=1e-9)


@pytest.mark.parametrize(("n", "run"), [(50, 15), (100, 16), (200, 17), (500, 18)])
def test_runs_that_999_of_1000_people_without_any_habit_stay_within(n: int, run: int) -> None:
    assert streak_chance(run + 1, n, 0.5) <= 0.001 < streak_chance(run, n, 0.5)


@pytest.mark.parametrize(("n", "run"), [(50, 19), (100, 21), (200, 22), (500, 24)])
def test_a_usual_habit_is_allowed_longer_runs(n: int, run: int) -> None:
    assert unusual_streak(n) == run
    assert streak_chance(run, n) <= 0.001 < streak_chance(run - 1, n)


def test_a_run_that_is_noticed_and_its_sentence() -> None:
    signal = streak_signal([0, 1] * 10 + [0] * 30)
    assert signal.noticeable
    assert signal.statistic == 30
    assert signal.sentence == (
        "The longest run of judgments for the same side was 30, among 50; usually it stays below "
        "19."
    )
    assert not streak_signal([0, 1] * 16 + [1] * 17).noticeable


def test_no_judgment_no_run() -> None:
    signal = streak_signal([])
    assert isnan(signal.statistic)
    assert not signal.noticeable


def test_a_few_judgments_cannot_be_noticed() -> None:
    assert not streak_signal([1] * 13).noticeable
    assert streak_signal([1] * 14).noticeable


@given(st.lists(st.integers(0, 1), min_size=1, max_size=200))
def test_exchanged_sides_and_reversed_time_change_nothing(sides: list[int]) -> None:
    signal = streak_signal(sides)
    assert signal == streak_signal([1 - side for side in sides]) == streak_signal(sides[::-1])
    assert signal.statistic == longest(sides)


@given(st.integers(1, 60), st.integers(1, 300))
def test_longer_runs_are_rarer_and_more_votes_make_them_likelier(run: int, n: int) -> None:
    assert streak_chance(run + 1, n) <= streak_chance(run, n) + 1e-12
    assert streak_chance(run, n) <= streak_chance(run, n + 1) + 1e-12
