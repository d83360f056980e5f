"""What becomes of records: by models of who judges, by their equals, by terms and rules."""

from datetime import UTC, datetime
from random import Random

import pytest

from exports.choosing.criteria import Aggregation, Criteria
from exports.choosing.pairs import Reason
from exports.choosing.records import PREFERRED
from exports.choosing.texts import output_use
from tests.exports.made import GOOD, NAMES, Told, record, records, rows, said, told


def outcomes(*given: Told, **rules: object) -> dict[str, str]:
    return {one["comparison_id"]: one["outcome"] for one in records(*given, **rules)}


# Aggregation


def project_of_one_who_knows() -> list[Told]:
    """Ada, Dan and Eve agree on 30 comparisons, where Bea and Cyd toss coins.

    Then Ada finds answer 0 better, and Bea and Cyd find the other one so.
    """
    coin, given = Random(7), []
    for number in range(30):
        true = number % 2
        votes = [f"{each}+1" for each in (true, coin.randrange(2), coin.randrange(2), true, true)]
        given.append(told(*votes, prompt=f"What is {number}?", external_id=f"p{number}"))
    return [*given, told("0+1", "1+1", "1+1", prompt="Who is right?", external_id="contested")]


@pytest.mark.parametrize(
    ("aggregation", "preferred"), [("majority", 1), ("one_coin", 0), ("dawid_skene", 0)]
)
def test_a_model_hears_who_is_mostly_right_where_a_majority_counts_heads(
    aggregation: Aggregation, preferred: int
) -> None:
    made = {
        one["comparison_id"]: one
        for one in records(*project_of_one_who_knows(), aggregation=aggregation)
    }
    contested = made["contested"]
    assert (contested["outcome"], contested["preferred"]) == (PREFERRED, preferred)
    assert contested["agreement"] == (1 / 3 if preferred == 0 else 2 / 3)
    assert contested["posterior"][0] > 0.6  # it is told whatever decides
    assert all(made[f"p{number}"]["preferred"] == number % 2 for number in range(30))


def test_a_majority_that_the_model_does_not_believe_is_unsure() -> None:
    found = outcomes(*project_of_one_who_knows(), min_posterior=0.6)
    assert found.pop("contested") == "unsure"
    assert set(found.values()) == {PREFERRED}


def test_without_a_vote_there_is_no_probability() -> None:
    """Records without votes stand before and after others that have some."""
    made = records(
        told("rated", prompt="One?"), told("0+1", prompt="Two?"), told("rated", prompt="Three?")
    )
    assert sorted(len(one["posterior"]) for one in made) == [0, 0, 4]
    assert records(told("rated"))[0]["posterior"] == []
    four = record(told("0+1", "bad", "bad"))
    assert (len(four["posterior"]), four["outcome"]) == (4, "both_bad")


# Equal pairs


def test_of_equal_pairs_the_one_with_more_votes_is_left() -> None:
    """It does not matter which answer comes first; of as many votes the first id wins."""
    found = outcomes(
        told("0+1", external_id="few"),
        told("1+1", "1+1", answers=GOOD[::-1], external_id="more"),
        told("0+2", "0+2", external_id="zed"),
        told("tie", external_id="alike"),
    )
    assert found == {"few": "repeated", "more": PREFERRED, "zed": "repeated", "alike": "tie"}


def test_equal_pairs_of_which_something_else_came_are_all_left_out() -> None:
    contradicted = {"yes": "contradicted", "no": "contradicted"}
    assert outcomes(told("0+1", external_id="yes"), told("1+1", external_id="no")) == contradicted
    assert outcomes(told("0+1", external_id="yes"), told("bad", external_id="no")) == contradicted
    orders = told("0>1", external_id="yes"), told("1+1", external_id="no")
    assert outcomes(*orders) == contradicted


def test_equal_orders_are_there_once() -> None:
    three = ("Answer A.", "Answer B.", "Answer C.")
    twice = (
        told("0>1>2", external_id="a", answers=three),
        told("2>1>0", "2>1>0", external_id="b", answers=three[::-1]),
    )
    assert outcomes(*twice) == {"a": "repeated", "b": "ranked"}
    other = told("0>2>1", external_id="c", answers=three)
    assert set(outcomes(*twice, other).values()) == {"contradicted"}
    agreeing = told("0>1", external_id="a"), told("0+1", "0+1", external_id="b")
    assert outcomes(*agreeing) == {"a": "repeated", "b": PREFERRED}


def test_both_bad_twice_is_there_once_in_kto() -> None:
    twice = told("bad", external_id="a"), told("bad", external_id="b")
    assert outcomes(*twice) == {"a": "both_bad", "b": "repeated"}
    assert len(rows("kto", *twice)) == 2


# Terms


@pytest.mark.parametrize("use", ["no-competing", "no-other-models", "research-only"])
def test_answers_whose_terms_allow_no_training_are_held_back_from_every_format(use: str) -> None:
    """Whatever was said of them: no format has their texts, not even that of all judgments."""
    provenance = f'{{"output_use":"{use}"}}'
    for votes in (["0+1"], ["bad"], ["0+1", "1+1"], ["tie"], ["rated"], []):
        given = told(*votes, provenance=provenance)
        assert record(given)["outcome"] == Reason.held_back.value
        for name in ("comparisons", "dpo", "dpo_per_vote", "kto", "sft", "criteria", "edits"):
            assert rows(name, given) == []


def test_whole_conversations_are_in_no_format_for_training() -> None:
    """What a chat's two sides are is no answer to the prompt; it stands beside all judgments."""
    provenance = '{"finish_reason":"stop","transcript":[{"content":"Yes.","role":"assistant"}]}'
    for votes in (["0+1"], ["bad"], ["0+1", "1+1"], ["tie"], ["rated"]):
        given = told(*votes, provenance=provenance)
        assert record(given)["outcome"] == Reason.transcripts.value
        for name in ("dpo", "dpo_per_vote", "reward", "kto", "sft", "openai", "criteria", "edits"):
            assert rows(name, given) == []
        (row,) = rows("comparisons", given)
        assert [each["provenance"] for each in row["responses"]] == [provenance] * 2
    assert record(told("0+1", provenance='{"note":"no transcript"}'))["outcome"] == PREFERRED


def test_somebody_releases_them_with_a_reason() -> None:
    given = told("0+1", provenance='{"output_use":"research-only"}')
    assert record(given, held_back="The licence was bought.")["outcome"] == PREFERRED
    assert record(told("0+1", provenance='{"output_use":"any"}'))["outcome"] == PREFERRED


def test_what_terms_say() -> None:
    assert output_use("") == output_use('{"licence":"mit"}') == ""
    assert output_use('{"a":1,"output_use":"no-competing"}') == "no-competing"


# Which judgments are in


def at(day: int, hour: int = 0, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, second, tzinfo=UTC)


def test_a_period_begins_and_ends_at_midnight_utc() -> None:
    """Of the 23rd are its first and its last second; neither the one before nor the one after."""
    moments = (at(22, 23, 59, 59), at(23), at(23, 23, 59, 59), at(24))
    given = told(*(said("0+1", n, created_at=moment) for n, moment in enumerate(moments, 1)))
    one = record(given, since="2026-11-23", until="2026-11-23")
    assert [each["annotator"] for each in one["judgments"]] == [NAMES[2], NAMES[3]]
    assert [each["day"] for each in one["judgments"]] == [20261123, 20261123]
    assert record(given, since="2026-11-23")["n_votes"] == 3
    assert record(given, until="2026-11-22")["n_votes"] == 1
    assert record(given, since="2026-11-25")["outcome"] == Reason.excluded.value


def test_only_judgments_by_these_guidelines() -> None:
    given = told("1+1", said("0+1", 2, guideline_number=2), said("0+1", 3, guideline_number=3))
    assert record(given, guidelines=(1,))["preferred"] == 1
    later = record(given, guidelines=(2, 3))
    assert (later["preferred"], later["n_votes"], later["agreement"]) == (0, 2, 1.0)
    assert {each["guideline"] for each in later["judgments"]} == {2, 3}


def test_reasons_are_told_only_if_that_is_asked() -> None:
    given = told(said("0+1", reason="Rice spoils, says my aunt Rosa."))
    assert record(given)["judgments"][0]["reason"] == ""
    assert "Rosa" not in str(record(given))
    assert record(given, free_text=True)["judgments"][0]["reason"] == given.judged.said[0].reason


# The record


def test_a_judgment_tells_what_was_said_seen_and_when() -> None:
    """Five and a half seconds on the second form, of whose scale nothing is known here."""
    one = said("1+2", 2, rubric_number=2, duration_ms=5500, version=3, guideline_number=4)
    (entry,) = record(told(one))["judgments"]
    assert entry == {
        "annotator": NAMES[2],
        "verdict": "preference",
        "preferred": 1,
        "strength": 2,
        "scale_max": 0,
        "ranking": [],
        "criteria": [],
        "edited": -1,
        "edit": "",
        "reason": "",
        "shown": [1, 0],
        "guideline": 4,
        "rubric": 2,
        "version": 3,
        "seconds": 5.5,
        "day": 20261123,
        "state": "accepted",
        "counts": True,
    }


def test_what_does_not_count_is_told_as_such() -> None:
    one = record(told("0+1", said("1+3", 2, state="excluded")))
    assert [(each["state"], each["counts"]) for each in one["judgments"]] == [
        ("accepted", True),
        ("excluded", False),
    ]
    assert (one["n_votes"], one["agreement"]) == (1, 1.0)


def test_rules_that_are_left_out_say_what_they_always_said() -> None:
    """A release from before must be made again by the same rules."""
    plain = Criteria().model_dump(exclude={"formats"})
    assert plain["aggregation"] == "majority"
    assert (plain["min_margin"], plain["min_agreement"], plain["test_share"]) == (1, 0.0, 0.1)
