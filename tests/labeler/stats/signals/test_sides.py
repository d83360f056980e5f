"""Sides: the margin protects small habits, and choosing by side is still seen soon."""

from math import isnan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeler.stats.binomial import at_least
from labeler.stats.signals.sides import side_chance, side_signals

counts = st.integers(0, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def votes_needed(share: float, power: float = 0.90, level: float = 0.005) -> int:
    """Return how many votes notice a person of this share with such power, alone."""
    for n in range(1, 500):
        cuts = (cut for cut in range(n // 2 + 1, n + 1) if side_chance(cut, n) <= level)
        cut = next(cuts, None)
        if cut is not None and at_least(cut, n, share) >= power:
            return n
    raise AssertionError(f"not seen within 500 votes: {share}")


@pytest.mark.parametrize(("share", "votes"), [(1 - 1e-12, 11), (0.9, 31), (0.8, 79), (0.7, 345)])
def test_votes_needed_at_one_per_cent_half_of_it_to_either_side(share: float, votes: int) -> None:
    assert votes_needed(share) == votes


def test_always_the_first_is_noticed_by_15_votes_of_one_person_in_a_hundred() -> None:
    signals = side_signals([15, *[8] * 99], [15] * 100)
    assert [signal.noticeable for signal in signals] == [True] + [False] * 99


def test_a_small_habit_of_a_thousand_votes_is_not_noticed() -> None:
    # An exact test against one half would give 600 of 1,000 a chance of one in a billion.
    assert not any(signal.noticeable for signal in side_signals([600, 400, 550], [1000] * 3))


def test_a_few_votes_on_one_side_are_not_noticed_even_alone() -> None:
    assert not side_signals([10], [10])[0].noticeable
    assert side_signals([11], [11])[0].noticeable


def test_the_sentence_says_what_was_seen_and_what_is_usual() -> None:
    signal = side_signals([58], [60])[0]
    assert signal.sentence == (
        "In 58 of 60 judgments the answer shown first was chosen; between 40 and 60 of 100 would "
        "be usual."
    )
    assert signal.statistic == pytest.approx(58 / 60)
    assert signal.interval.low < signal.statistic < signal.interval.high


def test_who_has_not_judged_is_undefined_and_takes_nobodys_place() -> None:
    nobody, person = side_signals([0, 11], [0, 11])
    assert isnan(nobody.statistic)
    assert isnan(nobody.interval.low)
    assert not nobody.noticeable
    assert person.noticeable
    assert side_signals([], []) == []


@given(st.lists(counts, max_size=12))
def test_mirrored_sides_are_noticed_alike(people: list[tuple[int, int]]) -> None:
    n = [votes for _, votes in people]
    straight = side_signals([first for first, _ in people], n)
    mirrored = side_signals([votes - first for first, votes in people], n)
    assert [s.noticeable for s in straight] == [s.noticeable for s in mirrored]
    assert [repr(s.chance) for s in straight] == [repr(s.chance) for s in mirrored]


@given(counts)
def test_one_vote_more_to_the_larger_side_is_never_likelier(count: tuple[int, int]) -> None:
    first, n = count
    larger = max(first, n - first)
    if larger < n:
        assert side_chance(larger + 1, n) <= side_chance(larger, n) + 1e-12
