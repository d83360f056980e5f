"""How few votes the first place hangs on, against trying every way to remove some."""

from itertools import combinations_with_replacement, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeler.stats.fragility import Overtaking, votes_to_change_first, votes_to_change_order
from labeler.stats.ranking import bradley_terry, davidson


def fewest(wins: np.ndarray) -> int:
    """Try all tables with fewer votes, and return how many less change the first place."""
    first = int(bradley_terry(wins, 0.5).strengths.argmax())
    best = int(wins.sum())
    for cells in product(*(range(count + 1) for count in wins.ravel().tolist())):
        removed = int(wins.sum()) - sum(cells)
        if removed < best:
            strengths = bradley_terry(np.reshape(cells, wins.shape), 0.5).strengths
            best = removed if strengths.max() > strengths[first] + 1e-9 else best
    return best


def test_a_lead_of_three_votes_hangs_on_four() -> None:
    assert votes_to_change_first([[0, 8], [5, 0]]) == Overtaking(4, 1)


@settings(max_examples=8, deadline=None)
@given(st.lists(st.integers(0, 2), min_size=6, max_size=6).filter(any))
def test_the_bound_is_the_fewest_of_small_tables(cells: list[int]) -> None:
    wins = np.zeros((3, 3), dtype=int)
    wins[~np.eye(3, dtype=bool)] = cells
    found = votes_to_change_first(wins, prior=0.5)
    least = fewest(wins)
    if found is None:
        assert least == wins.sum()
    else:
        assert found.votes == least


def by_losing_to_the_rival(wins: np.ndarray, ties: np.ndarray) -> int:
    """Take the first model's wins over the second away until it is first no more."""
    second, first = np.argsort(davidson(wins, ties).strengths)[-2:]
    fewer = wins.copy()
    while davidson(fewer, ties).strengths.argmax() == first:
        fewer[first, second] -= 1
    return int(wins.sum() - fewer.sum())


@pytest.mark.parametrize("seed", range(4))
def test_the_plainest_way_takes_as_many_votes_or_more(seed: int) -> None:
    wins = np.random.default_rng(seed).integers(40, 80, size=(6, 6))
    np.fill_diagonal(wins, 0)
    ties = 10 - 10 * np.eye(6, dtype=int)
    found = votes_to_change_first(wins, ties)
    assert found is not None
    assert 0 < found.votes <= by_losing_to_the_rival(wins, ties)


def test_ties_of_two_neither_help_nor_hinder() -> None:
    assert votes_to_change_first([[0, 8], [5, 0]], [[0, 9], [9, 0]]) == Overtaking(4, 1)


def test_a_tie_with_a_weak_model_is_taken_from_a_rival() -> None:
    # Both win and lose as often against the third; that one tied with the second pulls it down.
    wins = np.array([[0, 50, 90], [50, 0, 90], [10, 10, 0]])
    ties = np.zeros((3, 3), dtype=int)
    ties[1, 2] = ties[2, 1] = 1
    assert votes_to_change_first(wins, ties) == Overtaking(1, 1)


def changes(wins: np.ndarray, ties: np.ndarray, removed: tuple[tuple[int, int, bool], ...]) -> bool:
    """Tell whether the first place changes without these votes: row, column, whether a tie."""
    first = davidson(wins, ties, 0.5).strengths.argmax()
    won, tied = wins.copy(), ties.copy()
    for row, column, is_tie in removed:
        for place in [(row, column), (column, row)] if is_tie else [(row, column)]:
            (tied if is_tie else won)[place] -= 1
    if min(won.min(), tied.min()) < 0:
        return False
    strengths = davidson(won, tied, 0.5).strengths
    return bool(strengths.max() > strengths[first] + 1e-9)


def test_four_votes_with_ties_are_the_fewest() -> None:
    wins = np.array([[0, 0, 10], [0, 0, 1], [20, 0, 0]])
    ties = np.array([[0, 7, 1], [7, 0, 1], [1, 1, 0]])
    cells = [(row, column, False) for row, column in np.argwhere(wins).tolist()]
    cells += [(row, column, True) for row, column in np.argwhere(np.triu(ties)).tolist()]
    tried = {
        number: any(
            changes(wins, ties, way) for way in combinations_with_replacement(cells, number)
        )
        for number in (1, 2, 3, 4)
    }
    assert tried == {1: False, 2: False, 3: False, 4: True}
    assert votes_to_change_first(wins, ties, 0.5) == Overtaking(4, 1)


def test_nobody_overtakes_the_only_model_with_wins() -> None:
    assert votes_to_change_first([[0, 3], [0, 0]], prior=0.5) is None


@pytest.mark.parametrize("scale", [10, 100])
def test_more_votes_hold_a_first_place_better(scale: int) -> None:
    wins = np.array([[0, 6, 7], [5, 0, 6], [4, 4, 0]])
    few, many = votes_to_change_first(wins), votes_to_change_first(wins * scale)
    assert few is not None
    assert many is not None
    assert many.votes > few.votes * scale / 2


def test_each_place_hangs_on_the_lead_before_the_next() -> None:
    wins = np.array([[0, 60, 60], [20, 0, 32], [20, 30, 0]])
    first, second = votes_to_change_order(wins, places=10)
    assert first is not None
    assert second == Overtaking(3, 2)
    assert (first, first.model) == (votes_to_change_first(wins), 1)
    assert votes_to_change_order(wins, places=1) == [first]


def test_a_lead_is_gone_after_the_votes_that_it_hangs_on() -> None:
    wins = np.random.default_rng(5).integers(40, 80, size=(6, 6))
    np.fill_diagonal(wins, 0)
    order = np.argsort(-bradley_terry(wins, 0.5).strengths)
    for place, found in enumerate(votes_to_change_order(wins, prior=0.5, places=5)):
        assert found is not None
        ahead, behind = order[place : place + 2]
        plain = wins.copy()
        while bradley_terry(plain, 0.5).strengths[[ahead, behind]].argmax() == 0:
            plain[ahead, behind] -= 1
        assert (found.model, found.votes <= wins.sum() - plain.sum()) == (behind, True)
