"""Answers that were put in order: mean ranks, and the pairs that are made of orders."""

import pytest

from exports.choosing import preferences
from exports.choosing.criteria import RankingPairs
from exports.choosing.pairs import Reason
from exports.choosing.texts import pair_id
from labeler.quality.adjudications import Finding
from labeler.work.rubrics import Verdict
from tests.exports.made import NAMES, record, row, rows, said, told

THREE = ("Answer A.", "Answer B.", "Answer C.")


@pytest.mark.parametrize(
    ("orders", "ranks"),
    [
        ([[[0], [1], [2]]], [1.0, 2.0, 3.0]),
        ([[[2], [0, 1]]], [2.5, 2.5, 1.0]),  # two share the ranks 2 and 3
        ([[[0, 1, 2]]], [2.0, 2.0, 2.0]),
        ([[[1]]], [2.5, 1.0, 2.5]),  # who has no place shares the last ones
        ([[[0], [1], [2]], [[2], [1], [0]]], [2.0, 2.0, 2.0]),
        ([[[0], [1], [2]], [[0], [2], [1]], [[1], [0], [2]]], [4 / 3, 2.0, 8 / 3]),
        ([[[0], [1], [2]], []], [1.0, 2.0, 3.0]),  # "none will do" puts nothing in order
        ([[]], [0.0, 0.0, 0.0]),
    ],
)
def test_mean_ranks(orders: list[preferences.Order], ranks: list[float]) -> None:
    assert preferences.mean_ranks(orders, 3) == pytest.approx(ranks)


def test_a_ranking_is_best_first_with_its_mean_ranks() -> None:
    """A: 1, 1, 2; B: 2, 3, 1; C: 3, 2, 3."""
    made = row("ranking", told("0>1>2", "0>2>1", "1>0>2", answers=THREE))
    assert made["answers"] == ["Answer A.", "Answer B.", "Answer C."]
    assert made["mean_ranks"] == pytest.approx([4 / 3, 2, 8 / 3])
    assert made["models"] == ["m0", "m1", "m2"]
    assert (made["n_votes"], made["annotator_ids"]) == (3, [NAMES[1], NAMES[2], NAMES[3]])
    turned = row("ranking", told("2>1>0", answers=THREE))
    assert (turned["answers"], turned["models"]) == ([*THREE[::-1]], ["m2", "m1", "m0"])


def test_what_was_compared_is_no_ranking() -> None:
    assert rows("ranking", told("0+1")) == []


def pairs(
    *orders: str, wanted: RankingPairs = "all", **rules: object
) -> dict[str, tuple[float, float]]:
    """Return share of orders and weight by pair, such as "A>B"."""
    made = rows("dpo", told(*orders, answers=THREE), ranking_pairs=wanted, **rules)
    return {
        ">".join(one[side][0]["content"][7] for side in ("chosen", "rejected")): (
            one["agreement"],
            one["weight"],
        )
        for one in made
    }


def test_every_two_answers_are_a_pair_and_share_the_weight() -> None:
    """A is above B in 2 orders of 3, above C in 3; B is above C in 2."""
    made = pairs("0>1>2", "0>2>1", "1>0>2")
    third = pytest.approx(1 / 3)
    assert made == {"A>B": (2 / 3, third), "A>C": (1.0, third), "B>C": (2 / 3, third)}


def test_the_best_with_each_other_one() -> None:
    made = pairs("0>1>2", "0>2>1", "1>0>2", wanted="top")
    assert made == {"A>B": (2 / 3, 0.5), "A>C": (1.0, 0.5)}


def test_each_with_the_next_one() -> None:
    """Mean ranks 1.33, 2, 2.67: A, B, C."""
    made = pairs("0>1>2", "0>2>1", "1>0>2", wanted="adjacent")
    assert made == {"A>B": (2 / 3, 0.5), "B>C": (2 / 3, 0.5)}


def test_answers_in_one_place_are_no_pair() -> None:
    """C is above both in every order; A and B are alike in one and once each above."""
    assert pairs("2>0=1") == {"C>A": (1.0, 0.5), "C>B": (1.0, 0.5)}
    assert pairs("2>0=1", "2>0>1", "2>1>0") == {"C>A": (1.0, 0.5), "C>B": (1.0, 0.5)}
    # Next to each other by rank are C, A, B; A and B are alike, so one pair is left.
    assert pairs("2>0=1", wanted="adjacent") == {"C>A": (1.0, 1.0)}


def test_an_answer_that_was_not_placed_stands_below_those_that_were() -> None:
    one = said("x", verdict="ranking", more={"ranking": [[1], [0]]})
    made = rows("dpo", told(one, answers=THREE))
    named = [(each["chosen"][0]["content"], each["rejected"][0]["content"]) for each in made]
    assert named == [(THREE[1], THREE[0]), (THREE[0], THREE[2]), (THREE[1], THREE[2])]


def test_who_says_that_none_will_do_speaks_against_every_pair() -> None:
    """A is above C in 2 of 3 orders; that one found all of them bad counts against both."""
    assert pairs("0>1>2", "0>2>1", "none") == {
        "A>B": (2 / 3, 0.5),
        "A>C": (2 / 3, 0.5),
    }
    half = record(told("0>1>2", "none", answers=THREE))
    assert (half["outcome"], half["n_votes"]) == (Reason.both_bad.value, 2)


def test_rules_of_votes_hold_for_orders() -> None:
    orders = ("0>1>2", "0>2>1", "1>0>2")
    assert list(pairs(*orders, min_agreement=0.7)) == ["A>C"]
    assert list(pairs(*orders, min_margin=2)) == ["A>C"]
    assert pairs(*orders, min_agreement=0.7)["A>C"] == (1.0, 1.0)
    few = record(told(*orders, answers=THREE), min_judgments=4)
    assert few["outcome"] == Reason.too_few_judgments.value
    torn = record(told("0>1>2", "2>1>0", answers=THREE))
    assert torn["outcome"] == Reason.split.value


def test_a_pair_of_an_order_has_an_id_of_its_own() -> None:
    """It is the one that the two answers have wherever they are compared."""
    made = rows("dpo", told("0>1>2", answers=THREE))
    alone = row("dpo", told("0+1", answers=THREE[:2]))
    assert made[0]["pair_id"] == alone["pair_id"] == pair_id(made[0]["prompt_id"], THREE[:2])
    assert len({one["pair_id"] for one in made}) == 3
    assert {one["strength"] for one in made} == {0.0}
    assert [one["posterior"] for one in made] == [one["agreement"] for one in made]


def test_what_a_person_found_of_more_than_two_is_no_pair() -> None:
    found = Finding(Verdict.preference, 0)
    assert record(told("0>1>2", answers=THREE, found=found))["outcome"] == "not_a_pair"


def test_an_order_of_two_is_a_pair_as_any_other() -> None:
    made = row("dpo", told("1>0", "1>0", "0>1"))
    assert (made["agreement"], made["weight"], made["chosen_model"]) == (2 / 3, 1.0, "m1")
    assert row("reward", told("1>0", "1>0", "0>1"))["margin"] == 2 / 3


def test_the_one_that_stands_alone_on_top_is_to_be_imitated() -> None:
    made = row("sft", told("0>1>2", "0>2>1", "1>0>2", answers=THREE))
    assert made["completion"] == [{"role": "assistant", "content": THREE[0]}]
    assert (made["n_votes"], made["agreement"]) == (3, 2 / 3)
    assert rows("sft", told("0=1>2", answers=THREE)) == []
