"""Agreement, against the examples that its inventor published and against plain counting."""

from functools import partial
from itertools import combinations
from math import isnan, nan
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from labeler.stats.agreement import (
    Interval,
    Level,
    Statistic,
    bootstrap_interval,
    krippendorff_alpha,
    percent_agreement,
)

LEVELS: list[Level] = ["nominal", "ordinal", "interval"]
ORDINAL: Statistic = partial(krippendorff_alpha, level="ordinal")
STATISTICS: list[Statistic] = [percent_agreement, krippendorff_alpha, ORDINAL]

# One string per observer, one character per unit, a dot where the observer said nothing.
BINARY = ["0100000010", "1110010000"]
NOMINAL = ["aabbdcccedda", "babbbccceddd"]
FOUR_OBSERVERS = ["123321412...", "1233224125.3", ".3332342251.", "12332441251."]
THREE_OBSERVERS = [".....34121133.3", "1.213343.......", "..21344.21133.4"]

tables = arrays(
    dtype=np.int64,
    shape=st.tuples(st.integers(1, 12), st.integers(2, 5)),
    elements=st.integers(0, 4),
)


def counted(observers: list[str]) -> np.ndarray:
    labels = sorted(set("".join(observers)) - {"."})
    units = list(zip(*observers, strict=True))
    return np.array([[unit.count(label) for label in labels] for unit in units])


@pytest.mark.parametrize("level", LEVELS)
def test_two_observers_of_a_binary_question(level: Level) -> None:
    assert krippendorff_alpha(counted(BINARY), level) == pytest.approx(0.095, abs=5e-4)


def test_two_observers_with_five_names() -> None:
    assert krippendorff_alpha(counted(NOMINAL)) == pytest.approx(0.692, abs=5e-4)


@pytest.mark.parametrize(
    ("level", "alpha"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)]
)
def test_four_observers_with_gaps(level: Level, alpha: float) -> None:
    assert krippendorff_alpha(counted(FOUR_OBSERVERS), level) == pytest.approx(alpha, abs=5e-4)


@pytest.mark.parametrize(
    ("level", "alpha"), [("nominal", 0.691), ("ordinal", 0.807), ("interval", 0.811)]
)
def test_three_observers_who_rarely_meet(level: Level, alpha: float) -> None:
    assert krippendorff_alpha(counted(THREE_OBSERVERS), level) == pytest.approx(alpha, abs=5e-4)


def test_percent_agreement_counts_pairs_of_votes() -> None:
    # 3:0 has three agreeing pairs of three, 2:1 has one of three, a lone vote has no pair.
    assert percent_agreement([[3, 0], [2, 1], [1, 0]]) == pytest.approx(4 / 6)


def test_one_dissent_among_twenty_pairs_is_no_better_than_chance() -> None:
    counts = [[2, 0]] * 19 + [[1, 1]]
    assert krippendorff_alpha(counts) == pytest.approx(0.0)
    assert percent_agreement(counts) == pytest.approx(0.95)


def test_opposite_votes_are_worse_than_chance() -> None:
    assert krippendorff_alpha([[1, 1], [1, 1]]) == pytest.approx(-0.5)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    "counts",
    [
        pytest.param([[2, 0, 0], [3, 0, 0]], id="one label only"),
        pytest.param([[1, 0, 0], [0, 1, 0], [0, 0, 0]], id="nobody voted on the same item"),
        pytest.param([[2, 0, 0], [0, 1, 0]], id="the other label is on a lone vote"),
        pytest.param(np.zeros((0, 3)), id="no items"),
    ],
)
def test_alpha_without_variety_or_pairs_is_undefined(level: Level, counts: np.ndarray) -> None:
    assert isnan(krippendorff_alpha(counts, level))


def test_percent_agreement_without_a_pair_is_undefined() -> None:
    assert isnan(percent_agreement([[1, 0], [0, 1]]))
    assert isnan(percent_agreement(np.zeros((0, 2))))


@pytest.mark.parametrize("statistic", STATISTICS)
@pytest.mark.parametrize("counts", [np.zeros((0, 2)), [[1, 0], [0, 1]]])
def test_the_interval_of_an_undefined_number_is_undefined(
    statistic: Statistic, counts: np.ndarray
) -> None:
    assert isnan(bootstrap_interval(statistic, counts, resamples=50).low)
    assert isnan(bootstrap_interval(statistic, counts, resamples=50).high)


def test_an_interval_that_hangs_on_one_dissent_is_undefined() -> None:
    counts = [[2, 0]] * 19 + [[1, 1]]
    assert isnan(bootstrap_interval(krippendorff_alpha, counts).low)
    assert bootstrap_interval(percent_agreement, counts).low == pytest.approx(0.85)


def test_the_same_seed_gives_the_same_interval() -> None:
    counts = counted(FOUR_OBSERVERS)
    first = bootstrap_interval(ORDINAL, counts, seed=7)
    assert first == bootstrap_interval(ORDINAL, counts[::-1], seed=7)
    assert first != bootstrap_interval(ORDINAL, counts, seed=8)


def test_a_higher_level_is_wider() -> None:
    counts = counted(FOUR_OBSERVERS)
    narrow = bootstrap_interval(krippendorff_alpha, counts, level=0.5)
    wide = bootstrap_interval(krippendorff_alpha, counts, level=0.95)
    assert wide.low < narrow.low < narrow.high < wide.high


@given(tables)
def test_percent_agreement_is_what_plain_counting_gives(counts: np.ndarray) -> None:
    votes = [[label for label, n in enumerate(row) for _ in range(n)] for row in counts]
    pairs = [a == b for row in votes for a, b in combinations(row, 2)]
    expected = sum(pairs) / len(pairs) if pairs else nan
    assert percent_agreement(counts) == pytest.approx(expected, nan_ok=True)


@given(tables, st.randoms(use_true_random=False))
def test_the_order_of_items_and_the_names_of_labels_change_nothing(
    counts: np.ndarray, random: Random
) -> None:
    items = random.sample(range(len(counts)), len(counts))
    labels = random.sample(range(counts.shape[1]), counts.shape[1])
    shuffled = counts[items][:, labels]
    assert krippendorff_alpha(shuffled) == pytest.approx(krippendorff_alpha(counts), nan_ok=True)
    assert percent_agreement(shuffled) == pytest.approx(percent_agreement(counts), nan_ok=True)


@given(tables, st.sampled_from(LEVELS))
def test_a_scale_read_from_the_other_end_changes_nothing(counts: np.ndarray, level: Level) -> None:
    expected = krippendorff_alpha(counts, level)
    assert krippendorff_alpha(counts[:, ::-1], level) == pytest.approx(expected, nan_ok=True)


@given(tables, st.sampled_from(LEVELS))
def test_items_without_a_pair_of_votes_change_nothing(counts: np.ndarray, level: Level) -> None:
    lone = np.vstack([counts, np.eye(counts.shape[1], dtype=int), counts[:1] * 0])
    expected = krippendorff_alpha(counts, level)
    assert krippendorff_alpha(lone, level) == pytest.approx(expected, nan_ok=True)


@given(tables, st.sampled_from(LEVELS))
def test_an_item_counted_twice_is_two_items(counts: np.ndarray, level: Level) -> None:
    times = np.arange(len(counts)) % 3
    expected = krippendorff_alpha(np.repeat(counts, times, axis=0), level)
    assert krippendorff_alpha(counts, level, times=times) == pytest.approx(expected, nan_ok=True)


@settings(max_examples=40, deadline=None)
@given(tables, st.sampled_from(STATISTICS))
def test_the_interval_holds_the_number(counts: np.ndarray, statistic: Statistic) -> None:
    interval = bootstrap_interval(statistic, counts, resamples=60)
    point = statistic(counts, times=np.ones(len(counts)))
    assert isnan(interval.low) == isnan(interval.high)
    assert isnan(interval.low) or interval.low <= point <= interval.high <= 1.0 + 1e-12


def simulated(items: int, votes: int, rng: np.random.Generator) -> np.ndarray:
    """Binary votes on items some of which are clear and some nearly even."""
    first = rng.binomial(votes, rng.beta(0.8, 0.8, size=items))
    return np.column_stack([first, votes - first])


@pytest.mark.parametrize("statistic", STATISTICS)
def test_nineteen_of_twenty_intervals_hold_the_truth(statistic: Statistic) -> None:
    rng = np.random.default_rng(20)
    crowd = simulated(200_000, 5, rng)
    truth = statistic(crowd, times=np.ones(len(crowd)))

    def holds(interval: Interval) -> bool:
        return interval.low <= truth <= interval.high

    drawn = (simulated(200, 5, rng) for _ in range(200))
    covered = [holds(bootstrap_interval(statistic, sample, resamples=200)) for sample in drawn]
    assert 0.91 <= np.mean(covered) <= 0.985
