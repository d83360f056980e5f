"""Gold: how many items a check needs, and what a test does that is looked at after every answer."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeler.stats.gold import Verdict, gold_check, gold_test, judge, rates

HALF, THIRD = 0.5, 1 / 3


@pytest.mark.parametrize(
    ("accuracy", "chance", "items", "cut"),
    [
        (0.80, HALF, 52, 34),
        (0.85, HALF, 38, 26),
        (0.90, HALF, 25, 18),
        (0.95, HALF, 17, 13),
        (0.98, HALF, 14, 11),
        (0.80, THIRD, 23, 13),
        (0.85, THIRD, 17, 10),
        (0.90, THIRD, 13, 8),
        (0.95, THIRD, 9, 6),
        (0.98, THIRD, 7, 5),
        (0.90, 0.65, 56, 44),
    ],
)
def test_items_needed(accuracy: float, chance: float, items: int, cut: int) -> None:
    check = gold_check(accuracy, chance)
    assert (check.items, check.cut) == (items, cut)
    assert max(check.missed, check.false) <= 0.01


def test_the_goal_for_two_options() -> None:
    test = gold_test(0.90, HALF)
    assert test.check.items == 25
    assert test.clicker.caught >= 0.99
    assert test.clicker.mean <= 14
    assert test.honest.ever <= 0.01


@pytest.mark.parametrize("accuracy", [0.80, 0.90, 0.98])
@pytest.mark.parametrize("chance", [HALF, THIRD])
def test_no_honest_person_is_ever_caught_more_often_than_stated(
    accuracy: float, chance: float
) -> None:
    test = gold_test(accuracy, chance)
    assert test.honest.ever <= 0.01
    assert test.clicker.caught >= 0.99
    assert rates(test, (accuracy + 1) / 2).ever < test.honest.ever


def test_the_rate_is_what_all_paths_through_its_check_say() -> None:
    test = gold_test(0.95, THIRD)  # its check has nine items
    caught = 0.0
    for path in product([True, False], repeat=test.check.items):
        if judge(test, path).verdict is Verdict.CAUGHT:
            caught += 0.95 ** sum(path) * 0.05 ** (len(path) - sum(path))
    assert caught == pytest.approx(test.honest.caught, rel=1e-9)


def test_a_simulated_lifetime_of_five_hundred_answers() -> None:
    test, random = gold_test(), np.random.default_rng(5)
    lives = random.random((4000, 500)) < 0.90
    caught = np.mean([judge(test, life).verdict is Verdict.CAUGHT for life in lives])
    assert caught == pytest.approx(test.honest.ever, abs=0.005)


def test_clickers_are_cleared_no_more_often_than_stated() -> None:
    test, random = gold_test(), np.random.default_rng(6)
    lives = random.random((4000, 25)) < 0.5
    seen = range(8, 26)  # fewer than eight answers clear nobody
    cleared = [
        any(judge(test, life[:n]).verdict is Verdict.CLEARED for n in seen) for life in lives
    ]
    assert 0 < np.mean(cleared) <= 0.01


def test_who_reads_less_well_is_told_a_larger_error_and_not_the_stated_one() -> None:
    assert 0.05 < rates(gold_test(), 0.85).ever < 0.10
    assert rates(gold_test(), 0.60).ever == pytest.approx(1.0)


def test_verdicts_and_the_rates_beside_them() -> None:
    test = gold_test()
    assert judge(test, [True] * 7).verdict is Verdict.NOT_YET
    assert judge(test, [True] * 8).verdict is Verdict.CLEARED  # 1.8⁸ is the first above 100
    found = judge(test, [True, False] * 7)
    assert (found.verdict, found.right, found.n) == (Verdict.CAUGHT, 7, 14)
    assert (found.caught_if_honest, found.cleared_if_clicker) == (test.honest.ever, 0.01)
    assert found.sentence.endswith("answer 90 of 100 as expected, up to 10 come here by mistake.")


def test_who_was_caught_reads_the_numbers_of_that_time() -> None:
    found = judge(gold_test(), [True, False] * 7 + [True] * 100)
    assert found.verdict is Verdict.CAUGHT
    assert (found.right, found.n) == (107, 114)
    assert found.sentence.startswith("By the time that ")
    assert int(found.sentence.split()[4]) <= 14


def test_nothing_answered_says_nothing() -> None:
    found = judge(gold_test(), [])
    assert (found.verdict, found.n) == (Verdict.NOT_YET, 0)


def test_a_seventh_wrong_answer_of_the_first_25_cannot_be_made_good() -> None:
    one_in_three = [False, True, True] * 6
    assert judge(gold_test(), one_in_three).verdict is not Verdict.CAUGHT
    assert judge(gold_test(), [*one_in_three, False]).verdict is Verdict.CAUGHT


@given(st.lists(st.booleans(), min_size=1, max_size=60), st.data())
def test_caught_stays_caught_and_a_better_answer_never_harms(
    answers: list[bool], data: st.DataObject
) -> None:
    test = gold_test()
    if judge(test, answers).verdict is Verdict.CAUGHT:
        assert judge(test, [*answers, data.draw(st.booleans())]).verdict is Verdict.CAUGHT
    else:
        at = data.draw(st.integers(0, len(answers) - 1))
        better = [*answers[:at], True, *answers[at + 1 :]]
        assert judge(test, better).verdict is not Verdict.CAUGHT
