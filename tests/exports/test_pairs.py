"""What votes come to: worked examples, and what must hold of all votes."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exports.choosing import pairs
from exports.choosing.criteria import Aggregation, Criteria
from exports.choosing.pairs import UNFIT, WORDS, Majority, Reason
from labeler.quality.adjudications import Finding
from labeler.work.rubrics import Verdict
from tests.exports.made import counted, judged


def decide(*said: str, found: Finding | None = None, **rules: Any) -> Majority | Reason:
    """Decide by the number of votes, unless the rules say otherwise."""
    return pairs.decide(counted(*said), found, (), Criteria(**rules))


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
    assert decide(*said) == outcome


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
    assert isinstance(decide(*said, **rules), Majority) is is_pair


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
    rules = {"min_judgments": 5, "min_agreement": 1}
    assert decide("tie", "tie", "0+2", found=found, **rules) == outcome


def test_what_a_person_found_without_a_vote_is_a_pair_all_the_same() -> None:
    assert decide(found=Finding(Verdict.preference, 1)) == Majority(1, 0, 0.0, 0.0, True)


def test_who_only_rated_did_not_compare() -> None:
    assert decide("rated", "rated") is Reason.not_compared
    assert isinstance(decide("rated", "0+1"), Majority)


# By a model of who judges how well the kind with the highest probability wins.


@pytest.mark.parametrize(
    ("posterior", "rules", "outcome"),
    [
        ((0.6, 0.4), {}, Majority(0, 3, 1 / 3, 1.0)),  # although two of three are against it
        ((0.2, 0.8), {}, Majority(1, 3, 2 / 3, 2.5)),
        ((0.5, 0.5), {}, Reason.split),
        ((0.2, 0.3, 0.5), {}, Reason.tie),
        ((0.4, 0.2, 0.4), {}, Reason.tie),
        ((0.1, 0.4, 0.1, 0.4), {}, Reason.both_bad),
        ((0.2, 0.8), {"min_posterior": 0.8}, Majority(1, 3, 2 / 3, 2.5)),
        ((0.2, 0.8), {"min_posterior": 0.81}, Reason.unsure),
        ((0.6, 0.4), {"min_agreement": 0.5}, Reason.split),
        ((0.6, 0.4), {"min_margin": 3}, Majority(0, 3, 1 / 3, 1.0)),  # a margin is of votes
        ((0.2, 0.8), {"min_judgments": 4}, Reason.too_few_judgments),
    ],
)
@pytest.mark.parametrize("aggregation", ["one_coin", "dawid_skene"])
def test_by_a_model_the_most_probable_wins(
    posterior: tuple[float, ...],
    rules: dict[str, Any],
    outcome: Majority | Reason,
    aggregation: Aggregation,
) -> None:
    criteria = Criteria(aggregation=aggregation, **rules)
    assert pairs.decide(counted("0+1", "1+2", "1+3"), None, posterior, criteria) == outcome


def test_a_majority_too_must_be_probable_enough() -> None:
    votes = counted("1+2", "1+2", "0+1")
    for least, is_pair in ((0.7, True), (0.71, False)):
        outcome = pairs.decide(votes, None, (0.3, 0.7), Criteria(min_posterior=least))
        assert outcome == (Majority(1, 3, 2 / 3, 2.0) if is_pair else Reason.unsure)


def test_gold_and_what_nobody_asked_for_stays_out_whatever_people_said() -> None:
    only_swahili, only_may = Criteria(languages=("sw",)), Criteria(batches=("may",))
    assert pairs.unasked(judged("0+1"), Criteria()) is None
    assert pairs.unasked(judged("0+1", is_gold=True), Criteria()) is Reason.gold
    assert pairs.unasked(judged("0+1", is_withdrawn=True), Criteria()) is Reason.withdrawn
    assert pairs.unasked(judged("0+1"), only_swahili) is Reason.language
    assert pairs.unasked(judged("0+1", language="sw"), only_swahili) is None
    assert pairs.unasked(judged("0+1", batch="june"), only_may) is Reason.batch
    assert pairs.unasked(judged("0+1", batch="may"), only_may) is None
    found = Finding(Verdict.preference, 0)
    assert pairs.unasked(judged(is_withdrawn=True, found=found), Criteria()) is Reason.withdrawn


def test_every_reason_has_words() -> None:
    assert list(WORDS) == list(Reason)
    first_that_is_not = list(Reason).index(Reason.excluded)
    assert set(list(Reason)[:first_that_is_not]) > UNFIT  # asked before what people said


votes = st.lists(st.sampled_from(["0+1", "0+2", "0+3", "1+1", "1+2", "1+3", "tie", "bad"]))
rules = st.builds(
    Criteria,
    min_judgments=st.integers(1, 4),
    min_margin=st.integers(1, 3),
    min_agreement=st.floats(0, 1),
)


@given(votes, rules)
def test_swapping_the_answers_swaps_the_outcome(said: list[str], criteria: Criteria) -> None:
    there = pairs.decide(counted(*said), None, (), criteria)
    back = pairs.decide(counted(*map(_swap, said)), None, (), criteria)
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
    outcomes = [pairs.decide(counted(*said), None, (), criteria) for said in (one, other)]
    assert outcomes[0] == outcomes[1]
