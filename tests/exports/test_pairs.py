"""What votes come to: worked examples, and what must hold of all votes."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exports import pairs
from exports.pairs import WORDS, Majority, Reason
from exports.selection import Criteria, Judged, Voter, Votes
from labeler.quality.adjudications import Finding
from labeler.work.rubrics import Verdict

THEN = datetime(2026, 11, 23, tzinfo=UTC)
ADA = Voter(1, 1, 1)


def judged(*said: str, **changes: object) -> Judged:
    """Read votes such as "0+2" (response 0 by two steps), "tie" or "bad"."""
    sides = [[int(one[2]) for one in said if one[:2] == f"{number}+"] for number in (0, 1)]
    tally = (len(sides[0]), len(sides[1]), said.count("tie"), said.count("bad"))
    steps = (sum(sides[0]), sum(sides[1]))
    votes = Votes(len(said), tally, steps, (ADA,) * len(said), THEN, THEN)
    given = {"id": 1, "external_id": "a", "language": "en", "is_gold": False, "prompt_id": 1}
    given |= {"is_withdrawn": False, "is_adaptive": False}
    return Judged(**(given | changes), votes=votes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        (["0+1"], Majority(0, 1, 1.0, 1.0)),
        (["1+3", "1+2", "0+1"], Majority(1, 3, 2 / 3, 2.5)),
        (["0+1", "0+3", "tie", "bad", "1+1"], Majority(0, 5, 0.4, 2.0)),
        (["0+1", "1+1"], Reason.split),
        (["tie", "0+1"], Reason.tie),
        (["tie", "tie", "0+1"], Reason.tie),
        (["bad", "0+1"], Reason.both_bad),
        (["bad", "bad", "1+2"], Reason.both_bad),
        (["bad", "tie"], Reason.both_bad),
        ([], Reason.excluded),
    ],
)
def test_the_kind_with_most_votes_wins(said: list[str], outcome: Majority | Reason) -> None:
    assert pairs.decide(judged(*said), Criteria()) == outcome


@pytest.mark.parametrize(
    ("said", "rules", "is_pair"),
    [
        (["0+1", "0+1"], {"min_judgments": 2}, True),
        (["0+1", "0+1"], {"min_judgments": 3}, False),
        (["0+1", "0+1", "1+1"], {"min_margin": 1}, True),
        (["0+1", "0+1", "1+1"], {"min_margin": 2}, False),
        (["0+1", "0+1", "tie"], {"min_margin": 2}, True),
        (["0+1", "0+1", "tie"], {"min_agreement": 0.66}, True),
        (["0+1", "0+1", "tie"], {"min_agreement": 0.67}, False),
    ],
)
def test_rules_ask_for_more(said: list[str], rules: dict[str, float], is_pair: bool) -> None:
    assert isinstance(pairs.decide(judged(*said), Criteria(**rules)), Majority) is is_pair


@pytest.mark.parametrize(
    ("found", "outcome"),
    [
        (Finding(Verdict.preference, 0), Majority(0, 3, 1 / 3, 2.0, True)),
        (Finding(Verdict.preference, 1), Majority(1, 3, 0.0, 0.0, True)),
        (Finding(Verdict.preference, 2), Reason.not_a_pair),
        (Finding(Verdict.tie, None), Reason.tie),
        (Finding(Verdict.both_bad, None), Reason.both_bad),
    ],
)
def test_what_a_person_found_counts_whatever_the_votes_say(
    found: Finding, outcome: Majority | Reason
) -> None:
    one = judged("tie", "tie", "0+2", found=found)
    assert pairs.decide(one, Criteria(min_judgments=5, min_agreement=1)) == outcome


def test_what_a_person_found_without_a_vote_is_a_pair_all_the_same() -> None:
    one = judged(found=Finding(Verdict.preference, 1))
    assert pairs.decide(one, Criteria()) == Majority(1, 0, 0.0, 0.0, True)


def test_gold_and_other_languages_stay_out_whatever_people_said() -> None:
    assert pairs.decide(judged("0+1", is_gold=True), Criteria()) is Reason.gold
    only_swahili = Criteria(languages=("sw",))
    assert pairs.decide(judged("0+1"), only_swahili) is Reason.language
    assert isinstance(pairs.decide(judged("0+1", language="sw"), only_swahili), Majority)
    found = Finding(Verdict.preference, 0)
    assert pairs.decide(judged(is_withdrawn=True, found=found), Criteria()) is Reason.withdrawn


def test_every_reason_has_words() -> None:
    assert list(WORDS) == list(Reason)


votes = st.lists(st.sampled_from(["0+1", "0+2", "0+3", "1+1", "1+2", "1+3", "tie", "bad"]))
rules = st.builds(
    Criteria,
    min_judgments=st.integers(1, 4),
    min_margin=st.integers(1, 3),
    min_agreement=st.floats(0, 1),
)


@given(votes, rules)
def test_swapping_the_answers_swaps_the_outcome(said: list[str], criteria: Criteria) -> None:
    there = pairs.decide(judged(*said), criteria)
    back = pairs.decide(judged(*(_swap(one) for one in said)), criteria)
    if isinstance(there, Majority):
        assert isinstance(back, Majority)
        assert back == Majority(1 - there.preferred, there.n_votes, there.agreement, there.strength)
    else:
        assert back is there


def _swap(said: str) -> str:
    return f"{1 - int(said[0])}{said[1:]}" if said[1] == "+" else said


@given(votes.flatmap(lambda said: st.tuples(st.just(said), st.permutations(said))), rules)
def test_the_order_of_votes_is_irrelevant(
    orders: tuple[list[str], list[str]], criteria: Criteria
) -> None:
    one, other = orders
    assert pairs.decide(judged(*one), criteria) == pairs.decide(judged(*other), criteria)
