"""Single answers: which are good, which are bad, and where they stand."""

from itertools import pairwise
from random import Random

from exports.formats.columns import Row
from labeler.quality.adjudications import Finding
from labeler.work.rubrics import Verdict
from tests.exports.made import GOOD, Told, rows, told


def labels(*given: Told) -> dict[str, bool]:
    made = rows("kto", *given)
    return {row["completion"][0]["content"]: row["label"] for row in made}


def test_the_better_answer_is_good_and_the_other_bad() -> None:
    assert labels(told("0+1", "0+2")) == {GOOD[0]: True, GOOD[1]: False}
    assert labels(told("1+1")) == {GOOD[0]: False, GOOD[1]: True}
    assert labels(told("0+3", found=Finding(Verdict.preference, 1)))[GOOD[1]] is True


def test_where_both_are_bad_both_are() -> None:
    made = rows("kto", told("bad", "bad", "0+1"))
    assert {row["completion"][0]["content"] for row in made} == {*GOOD}
    assert [row["label"] for row in made] == [False, False]
    assert all(type(row["label"]) is bool for row in made)
    assert labels(told(found=Finding(Verdict.both_bad, None))) == dict.fromkeys(GOOD, False)


def test_nothing_is_said_of_those_that_are_alike_or_unfit() -> None:
    for votes in (["tie", "tie"], ["0+1", "1+1"], ["rated"]):
        assert labels(told(*votes)) == {}
    assert labels(told("bad", answers=("", "All day."))) == {}


def test_of_an_order_the_first_is_good_and_the_last_bad() -> None:
    """Mean ranks of 2>0=1 and 2>1>0: 2 has 1; 0 has (2.5+3)/2; 1 has (2.5+2)/2."""
    answers = ("Worst.", "Middling.", "Best.")
    assert labels(told("2>0=1", "2>1>0", answers=answers)) == {"Best.": True, "Worst.": False}
    assert labels(told("none", "none", answers=answers)) == dict.fromkeys(answers, False)


def many(better: list[int]) -> list[Row]:
    """Make the rows of comparisons of which this answer is the better one each time."""
    given = [
        told(
            f"{number}+1",
            prompt=f"What is {place} plus one?",
            answers=(f"It is {place + 1}.", f"It is {place}."),
            external_id=f"p{place}",
        )
        for place, number in enumerate(better)
    ]
    return rows("kto", *given)


def test_no_answer_stands_beside_another_one_to_its_prompt() -> None:
    made = many([Random(1).randrange(2) for _ in range(40)])
    assert len(made) == 80
    prompts = [row["prompt_id"] for row in made]
    assert all(one != other for one, other in pairwise(prompts))
    near = [abs(prompts.index(one) - 79 + prompts[::-1].index(one)) for one in set(prompts)]
    assert min(near) > 10  # a good part of the circle away


def test_good_and_bad_are_mixed_even_where_the_better_answer_always_came_first() -> None:
    made = [row["label"] for row in many([0] * 40)]
    assert made.count(True) == 40
    for start in range(0, 80, 20):
        assert 3 <= made[start : start + 20].count(True) <= 17


def test_where_it_stands_follows_from_what_it_says() -> None:
    assert many([0] * 40)[3]["pair_id"] == many([1] * 40)[3]["pair_id"]
