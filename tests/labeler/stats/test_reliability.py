"""Intervals of shares, against published values and against their own promise."""

from math import comb, isnan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeler.stats.reliability import wilson_interval


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_examples_of_newcombe_1998(successes: int, trials: int, low: float, high: float) -> None:
    interval = wilson_interval(successes, trials)
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=5e-5)


def test_nothing_tried_is_undefined() -> None:
    interval = wilson_interval(0, 0)
    assert isnan(interval.low)
    assert isnan(interval.high)


counts = st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(counts)
def test_the_interval_holds_the_share_and_stays_a_share(count: tuple[int, int]) -> None:
    successes, trials = count
    interval = wilson_interval(successes, trials)
    assert 0 <= interval.low <= successes / trials <= interval.high <= 1


@given(counts)
def test_failures_have_the_mirrored_interval(count: tuple[int, int]) -> None:
    successes, trials = count
    right, wrong = wilson_interval(successes, trials), wilson_interval(trials - successes, trials)
    assert (right.low, right.high) == pytest.approx((1 - wrong.high, 1 - wrong.low), abs=1e-12)


@given(counts, st.floats(0.5, 0.9), st.floats(0.901, 0.999))
def test_a_higher_level_is_wider(count: tuple[int, int], lower: float, higher: float) -> None:
    narrow, wide = wilson_interval(*count, lower), wilson_interval(*count, higher)
    assert wide.low <= narrow.low
    assert narrow.high <= wide.high


def coverage(share: float, trials: int) -> float:
    """Return how often, exactly, the interval of so many trials holds the true share."""
    covered = 0.0
    for successes in range(trials + 1):
        interval = wilson_interval(successes, trials)
        if interval.low <= share <= interval.high:
            ways = comb(trials, successes)
            covered += ways * share**successes * (1 - share) ** (trials - successes)
    return covered


@pytest.mark.parametrize("trials", [10, 25, 100])
def test_nineteen_of_twenty_intervals_hold_the_truth_averaged_over_shares(trials: int) -> None:
    coverages = [coverage(percent / 100, trials) for percent in range(1, 100)]
    assert sum(coverages) / len(coverages) == pytest.approx(0.95, abs=0.01)
    assert min(coverages) > 0.83
