"""Pairs: aggregated with their weights and probabilities, vote by vote, and with margins."""

import pytest

from labeler.quality.adjudications import Finding
from labeler.work.rubrics import Verdict
from tests.exports.made import GOOD, NAMES, QUESTION, record, row, rows, said, told


def test_a_pair_with_all_that_is_known_of_it() -> None:
    """Two of three votes are for answer 0, by 2 and by 3 steps of 3."""
    made = row("dpo", told("0+2", "0+3", "1+1"))
    posterior = made.pop("posterior")
    assert 0.5 < posterior < 1
    assert {key: made[key] for key in made if not key.endswith("_id")} == {
        "prompt": [{"role": "user", "content": QUESTION}],
        "chosen": [{"role": "assistant", "content": GOOD[0]}],
        "rejected": [{"role": "assistant", "content": GOOD[1]}],
        "language": "en",
        "n_votes": 3,
        "agreement": 2 / 3,
        "adjudicated": False,
        "strength": 2.5,
        "weight": 1.0,
        "chosen_model": "m0",
        "rejected_model": "m1",
        "annotator_ids": [NAMES[1], NAMES[2], NAMES[3]],
    }


def test_the_posterior_is_that_of_the_chosen_answer() -> None:
    """Nothing tells three people apart: that for which two voted is the more probable one."""
    one = record(told("1+1", "1+1", "0+1"))
    made = row("dpo", told("1+1", "1+1", "0+1"))
    assert made["posterior"] == one["posterior"][1] > one["posterior"][0]
    assert sum(one["posterior"]) == pytest.approx(1, abs=1e-5)


def test_who_was_erased_counts_and_is_not_named() -> None:
    votes = told("0+1", said("0+1", person=77))
    made = row("dpo", votes)
    assert (made["n_votes"], made["annotator_ids"]) == (2, [NAMES[1]])


def test_what_a_person_found_is_chosen_whatever_the_votes_say() -> None:
    """Answer 1 was found better; one vote of two was for it, by 2 steps."""
    found = Finding(Verdict.preference, 1)
    made = row("dpo", told("0+1", "1+2", found=found))
    assert made["chosen"][0]["content"] == GOOD[1]
    assert (made["adjudicated"], made["agreement"], made["strength"]) == (True, 0.5, 2.0)
    nobody = row("dpo", told(found=found))
    assert (nobody["n_votes"], nobody["agreement"], nobody["posterior"]) == (0, 0.0, 1.0)


def test_judgments_that_do_not_count_are_no_votes() -> None:
    late = said("1+3", person=2, state="late")
    made = row("dpo", told("0+1", late))
    assert (made["n_votes"], made["annotator_ids"]) == (1, [NAMES[1]])
    assert rows("dpo", told(late)) == rows("dpo_per_vote", told(late)) == []


def test_what_is_no_pair_has_no_row() -> None:
    for votes in (["tie"], ["bad"], ["0+1", "1+1"], []):
        for name in ("dpo", "reward", "sft", "openai", "nemo", "llamafactory"):
            assert rows(name, told(*votes)) == []


# Soft labels


def test_votes_that_disagree_come_both_ways() -> None:
    """Two for answer 0, one for answer 1, one for neither: three rows, one the other way round."""
    made = rows("dpo_per_vote", told("0+2", "1+3", "tie", "0+1"))
    assert [(one["chosen"][0]["content"], one["strength"]) for one in made] == [
        (GOOD[0], 2.0),
        (GOOD[1], 3.0),
        (GOOD[0], 1.0),
    ]
    assert [one["rejected"][0]["content"] for one in made] == [GOOD[1], GOOD[0], GOOD[1]]
    assert [one["annotator_id"] for one in made] == [NAMES[1], NAMES[2], NAMES[4]]
    assert [(one["chosen_model"], one["rejected_model"]) for one in made[:2]] == [
        ("m0", "m1"),
        ("m1", "m0"),
    ]
    assert len({one["pair_id"] for one in made}) == 1


def test_a_pair_on_which_people_are_split_is_there_vote_by_vote() -> None:
    split = told("0+1", "1+1")
    assert record(split)["outcome"] == "split"
    assert len(rows("dpo_per_vote", split)) == 2
    unsure = told("0+1")
    assert record(unsure, min_posterior=1.0)["outcome"] == "unsure"
    assert len(rows("dpo_per_vote", unsure, min_posterior=1.0)) == 1


def test_what_is_no_better_or_unfit_is_not() -> None:
    """Where nobody can tell them apart a vote for one says little."""
    assert rows("dpo_per_vote", told("tie", "tie", "0+1")) == []
    assert rows("dpo_per_vote", told("bad", "bad", "0+1")) == []
    assert rows("dpo_per_vote", told("0+1", "1+1", answers=("", "All day."))) == []


# Margins


def test_the_margin_is_the_share_of_the_scale() -> None:
    """Of 7 steps, 3 lie on each side: mean strength 2.5 of 3 is 5/6."""
    made = row("reward", told("0+2", "0+3", "1+1"))
    assert made["margin"] == pytest.approx(2.5 / 3)
    assert row("reward", told("0+3"))["margin"] == 1.0
    assert row("reward", told("0+1"))["margin"] == pytest.approx(1 / 3)


def test_an_answer_that_nobody_voted_for_has_no_margin() -> None:
    found = Finding(Verdict.preference, 1)
    assert row("reward", told("0+3", found=found))["margin"] == 0.0


def test_of_orders_the_margin_is_the_share_in_which_it_stands_above() -> None:
    """0 is above 1 in two orders of three, above 2 in all; 1 is above 2 in two."""
    answers = ("Best.", "Middling.", "Worst.")
    made = rows("reward", told("0>1>2", "0>1>2", "1>0>2", answers=answers))
    margins = {
        (one["chosen"][0]["content"], one["rejected"][0]["content"]): one["margin"] for one in made
    }
    assert margins == {
        ("Best.", "Middling."): 2 / 3,
        ("Best.", "Worst."): 1.0,
        ("Middling.", "Worst."): 1.0,
    }


def test_its_other_columns_are_those_of_dpo() -> None:
    given = told("0+2", "1+1", "0+1")
    made = row("reward", given)
    assert {key: made[key] for key in made if key != "margin"} == row("dpo", given)
