"""The same comparison again, with its sides exchanged."""

from math import isnan

from hypothesis import given
from hypothesis import strategies as st

from labeler.stats.signals.repeats import Repeats, repeat_signals

repeats = st.lists(st.tuples(*[st.integers(0, 1)] * 3), min_size=1, max_size=60)


def with_exchanged_sides(before: list[int], after: list[int], shown_first: list[int]) -> Repeats:
    """Return the signals of preferred responses, and which was first before; then it is second."""
    side_before = [int(r != first) for r, first in zip(before, shown_first, strict=True)]
    side_after = [int(r == first) for r, first in zip(after, shown_first, strict=True)]
    return repeat_signals(before, after, side_before, side_after)


def test_who_says_the_same_again_is_not_noticed() -> None:
    found = with_exchanged_sides([0, 1] * 20, [0, 1] * 20, [0] * 40)
    assert (found.response.statistic, found.side.statistic) == (1.0, 0.0)
    assert not found.response.noticeable
    assert not found.side.noticeable


def test_who_chooses_by_side_prefers_the_other_response_each_time() -> None:
    found = with_exchanged_sides([0, 1] * 5, [1, 0] * 5, [0] * 10)
    assert (found.response.statistic, found.side.statistic) == (0.0, 1.0)
    assert found.response.noticeable
    assert found.side.noticeable
    assert found.side.sentence.startswith("In 10 of 10 repeated comparisons")


def test_one_mind_changed_in_four_is_usual() -> None:
    found = with_exchanged_sides([0] * 40, [0, 0, 0, 1] * 10, [0] * 40)
    assert found.response.statistic == 0.75
    assert found.response.interval.low < 0.75 < found.response.interval.high
    assert not found.response.noticeable


def test_random_clicks_show_in_the_responses_and_not_in_the_sides() -> None:
    found = with_exchanged_sides([0] * 80, [0, 1] * 40, [0] * 80)
    assert found.response.noticeable
    assert not found.side.noticeable


def test_neither_answer_twice_is_the_same_and_no_side() -> None:
    found = repeat_signals([-1, -1], [-1, 5], [-1, -1], [-1, 0])
    assert (found.response.statistic, found.side.statistic) == (0.5, 0.0)


def test_no_repeats() -> None:
    found = repeat_signals([], [], [], [])
    assert isnan(found.response.statistic)
    assert isnan(found.side.interval.high)
    assert not found.response.noticeable
    assert not found.side.noticeable


@given(repeats)
def test_names_of_responses_and_sides_do_not_matter(given_repeats: list[tuple[int, ...]]) -> None:
    before, after, first = (list(values) for values in zip(*given_repeats, strict=True))
    mirrored = ([1 - value for value in values] for values in (before, after, first))
    assert with_exchanged_sides(before, after, first) == with_exchanged_sides(*mirrored)


@given(repeats)
def test_without_ties_each_repeat_is_the_same_response_or_the_same_side(
    given_repeats: list[tuple[int, ...]],
) -> None:
    before, after, first = (list(values) for values in zip(*given_repeats, strict=True))
    found = with_exchanged_sides(before, after, first)
    assert round((found.response.statistic + found.side.statistic) * found.side.n) == len(first)
