"""Tails of the binomial distribution, and chances compared together, against plain counting."""

from fractions import Fraction
from math import comb, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeler.stats.binomial import at_least, at_most, benjamini_hochberg

counts = st.integers(0, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def counted(successes: int, trials: int, share: Fraction) -> Fraction:
    ways = (
        comb(trials, k) * share**k * (1 - share) ** (trials - k)
        for k in range(successes, trials + 1)
    )
    return sum(ways, Fraction(0))


@pytest.mark.parametrize(("successes", "trials"), [(0, 0), (15, 15), (31, 40), (7, 60), (60, 60)])
@pytest.mark.parametrize("share", [Fraction(1, 3), Fraction(3, 5), Fraction(99, 100)])
def test_it_is_the_sum_of_the_ways(successes: int, trials: int, share: Fraction) -> None:
    exact = float(counted(successes, trials, share))
    assert at_least(successes, trials, float(share)) == pytest.approx(exact, rel=1e-9)


@given(counts, st.floats(0.01, 0.99))
def test_both_tails_meet_in_the_count_itself(count: tuple[int, int], share: float) -> None:
    successes, trials = count
    below = at_most(successes - 1, trials, share) if successes else 0.0
    assert below + at_least(successes, trials, share) == pytest.approx(1.0, abs=1e-9)


@given(counts, st.floats(0.01, 0.98))
def test_more_is_rarer_and_a_larger_share_makes_it_likelier(
    count: tuple[int, int], share: float
) -> None:
    successes, trials = count
    assert at_least(successes + 1, trials, share) <= at_least(successes, trials, share) + 1e-12
    assert at_least(successes, trials, share) <= at_least(successes, trials, share + 0.01) + 1e-12


def test_the_fifteen_chances_of_benjamini_and_hochberg_1995() -> None:
    chances = [
        0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344,
        0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000,
    ]  # fmt: skip
    assert benjamini_hochberg(chances, 0.05).tolist() == [True] * 4 + [False] * 11
    assert benjamini_hochberg(chances[::-1], 0.05).tolist() == [False] * 11 + [True] * 4


def test_what_is_unknown_neither_stands_out_nor_counts() -> None:
    assert benjamini_hochberg([nan, 0.05, nan], 0.05).tolist() == [False, True, False]
    assert benjamini_hochberg([nan], 0.05).tolist() == [False]
    assert benjamini_hochberg([], 0.05).tolist() == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.randoms())
def test_the_order_of_people_does_not_matter(chances: list[float], random) -> None:
    order = list(range(len(chances)))
    random.shuffle(order)
    shuffled = benjamini_hochberg([chances[at] for at in order], 0.05)
    assert shuffled.tolist() == benjamini_hochberg(chances, 0.05)[order].tolist()
