"""Agreement beyond chance, against published values and against plain counting of pairs."""

from itertools import permutations
from math import comb, isnan, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from labeler.stats.agreement import (
    Weights,
    bootstrap_interval,
    cohen_interval,
    cohen_kappa,
    fleiss_kappa,
    gwet_ac1,
    gwet_ac2,
    krippendorff_alpha,
    reason_undefined,
)

SCALES: list[Weights] = ["nominal", "ordinal", "linear", "quadratic", "interval"]
# Ten subjects, fourteen raters, five categories: the example that Wikipedia works through.
FOURTEEN_RATERS = [
    [0, 0, 0, 0, 14],
    [0, 2, 6, 4, 2],
    [0, 0, 3, 5, 6],
    [0, 3, 9, 2, 0],
    [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0],
    [3, 2, 6, 3, 0],
    [2, 5, 3, 2, 2],
    [6, 5, 2, 1, 0],
    [0, 2, 2, 3, 7],
]
# Krippendorff's four observers, counted: units by the five values.
FOUR_OBSERVERS = [
    [3, 0, 0, 0, 0],
    [0, 3, 1, 0, 0],
    [0, 0, 4, 0, 0],
    [0, 0, 4, 0, 0],
    [0, 4, 0, 0, 0],
    [1, 1, 1, 1, 0],
    [0, 0, 0, 4, 0],
    [3, 1, 0, 0, 0],
    [0, 4, 0, 0, 0],
    [0, 0, 0, 0, 3],
    [2, 0, 0, 0, 0],
    [0, 0, 1, 0, 0],
]
# Two abstractors of a hundred records (Gwet's example of a table).
ABSTRACTORS = np.array([[13, 0, 0], [0, 20, 7], [0, 4, 56]])
PARADOX = np.array([[118, 5], [2, 0]])

tables = arrays(
    dtype=np.int64,
    shape=st.tuples(st.integers(1, 10), st.integers(2, 5)),
    elements=st.integers(0, 4),
)
squares = st.integers(2, 4).flatmap(
    lambda q: arrays(dtype=np.int64, shape=(q, q), elements=st.integers(0, 9))
)


def pairs_of(table: np.ndarray) -> np.ndarray:
    """Return the counts of the items that two people put into a table, a row per item."""
    q = len(table)
    rows = [np.eye(q, dtype=int)[a] + np.eye(q, dtype=int)[b] for a in range(q) for b in range(q)]
    return np.repeat(rows, table.reshape(-1), axis=0)


def test_cohens_kappa_of_two_annotators() -> None:
    assert cohen_kappa([[20, 5], [10, 15]]) == pytest.approx(0.40, abs=1e-12)
    assert cohen_kappa(ABSTRACTORS) == pytest.approx(0.7964094, abs=5e-8)


def test_fleiss_kappa_of_fourteen_raters() -> None:
    assert fleiss_kappa(FOURTEEN_RATERS) == pytest.approx(0.210, abs=5e-4)


def test_four_observers_with_gaps() -> None:
    assert gwet_ac1(FOUR_OBSERVERS) == pytest.approx(0.775, abs=5e-4)
    assert fleiss_kappa(FOUR_OBSERVERS) == pytest.approx(0.761, abs=5e-4)


def test_gwets_coefficient_of_two_abstractors() -> None:
    counts = pairs_of(ABSTRACTORS)
    assert gwet_ac1(counts) == pytest.approx(0.8493305, abs=5e-8)
    assert krippendorff_alpha(counts) == pytest.approx(0.7972585, abs=5e-8)


def test_kappa_collapses_where_one_label_prevails_and_ac1_does_not() -> None:
    assert cohen_kappa(PARADOX) == pytest.approx(-0.0234, abs=5e-5)
    assert gwet_ac1(pairs_of(PARADOX)) == pytest.approx(0.9408, abs=5e-5)


def test_half_of_the_credit_for_a_neighbour() -> None:
    # The textbook form: one minus the ratio of observed to expected squared (or plain) distance.
    shares = ABSTRACTORS / ABSTRACTORS.sum()
    by_chance = np.outer(shares.sum(axis=1), shares.sum(axis=0))
    steps = np.abs(np.subtract.outer(range(3), range(3)))
    for weights, distance in (("linear", steps), ("quadratic", steps**2)):
        expected = 1 - (shares * distance).sum() / (by_chance * distance).sum()
        assert cohen_kappa(ABSTRACTORS, weights) == pytest.approx(expected, abs=1e-12)
    assert cohen_kappa(ABSTRACTORS, "interval") == cohen_kappa(ABSTRACTORS, "quadratic")


@pytest.mark.parametrize(
    ("counts", "reason"),
    [
        (np.zeros((0, 3)), "There are no votes."),
        ([[0, 0], [0, 0]], "There are no votes."),
        ([[1, 0], [0, 1]], "No item has two votes."),
        ([[2, 0], [0, 1]], "All votes say the same, so that chance cannot be told from agreement."),
        ([[2, 0], [1, 1]], None),
    ],
)
def test_the_reason_for_no_number_is_given_in_words(counts: np.ndarray, reason: str | None) -> None:
    assert reason_undefined(counts) == reason
    assert isnan(krippendorff_alpha(counts)) == (reason is not None)


@given(tables)
def test_whatever_has_no_number_has_a_reason(counts: np.ndarray) -> None:
    reason = reason_undefined(counts)
    assert isnan(krippendorff_alpha(counts)) == (reason is not None)
    if isnan(gwet_ac1(counts)):
        assert reason in {"There are no votes.", "No item has two votes."}
    if isnan(fleiss_kappa(counts)):
        assert reason is not None


def test_total_chance_is_undefined_for_kappa_and_harmless_for_ac1() -> None:
    assert isnan(cohen_kappa([[9, 0], [0, 0]]))
    assert isnan(cohen_kappa([[0, 0], [0, 0]]))
    assert isnan(fleiss_kappa([[3, 0], [3, 0]]))
    assert gwet_ac1([[3, 0], [3, 0]]) == 1.0
    assert isnan(gwet_ac1([[3], [3]]))


def plainly_counted(counts: np.ndarray, weights: Weights) -> float:
    """Return Gwet's AC2 from ordered pairs of votes, one at a time."""
    q = counts.shape[1]

    def credit(a: int, b: int) -> float:
        d = abs(a - b)
        return {
            "nominal": float(a == b),
            "linear": 1 - d / (q - 1),
            "ordinal": 1 - comb(d + 1, 2) / comb(q, 2),
        }.get(weights, 1 - d**2 / (q - 1) ** 2)

    votes = [[label for label, n in enumerate(row) for _ in range(n)] for row in counts]
    several = [list(permutations(row, 2)) for row in votes if len(row) >= 2]
    if not several:
        return nan
    agreed = np.mean([np.mean([credit(a, b) for a, b in pairs]) for pairs in several])
    share = np.mean([[row.count(k) / len(row) for k in range(q)] for row in votes if row], axis=0)
    total = sum(credit(a, b) for a in range(q) for b in range(q))
    chance = total * sum(share * (1 - share)) / (q * (q - 1))
    return float((agreed - chance) / (1 - chance)) if chance < 1 - 1e-12 else nan


@given(tables, st.sampled_from(SCALES))
def test_ac2_is_what_plain_counting_gives(counts: np.ndarray, weights: Weights) -> None:
    expected = plainly_counted(counts, weights)
    assert gwet_ac2(counts, weights) == pytest.approx(expected, nan_ok=True)


@given(tables, st.randoms(use_true_random=False))
def test_the_order_of_items_and_the_names_of_labels_change_nothing(counts, random) -> None:
    items = random.sample(range(len(counts)), len(counts))
    labels = random.sample(range(counts.shape[1]), counts.shape[1])
    shuffled = counts[items][:, labels]
    for statistic in (fleiss_kappa, gwet_ac1):
        assert statistic(shuffled) == pytest.approx(statistic(counts), nan_ok=True)


@given(squares, st.sampled_from(SCALES))
def test_two_annotators_who_change_places_agree_as_before(table, weights) -> None:
    assert cohen_kappa(table.T, weights) == pytest.approx(cohen_kappa(table, weights), nan_ok=True)
    mirrored = table[::-1, ::-1]
    assert cohen_kappa(mirrored, weights) == pytest.approx(cohen_kappa(table, weights), nan_ok=True)


@given(tables)
def test_an_item_counted_twice_is_two_items(counts: np.ndarray) -> None:
    times = np.arange(len(counts)) % 3
    repeated = np.repeat(counts, times, axis=0)
    for statistic in (fleiss_kappa, gwet_ac1):
        assert statistic(counts, times=times) == pytest.approx(statistic(repeated), nan_ok=True)


def test_the_interval_of_cohens_kappa_is_that_of_its_items() -> None:
    interval = cohen_interval(ABSTRACTORS)
    # Gwet's asymptotic interval of this table is (0.68, 0.913).
    assert (interval.low, interval.high) == pytest.approx((0.68, 0.913), abs=0.02)
    assert isnan(cohen_interval([[9, 0], [0, 0]]).low)


def test_ac1_has_an_interval_where_kappa_has_none() -> None:
    counts = pairs_of(np.array([[30, 0], [0, 0]]))
    assert isnan(bootstrap_interval(fleiss_kappa, counts).low)
    assert bootstrap_interval(gwet_ac1, counts).low == 1.0
