"""Labels: what a judgment of any form finds best, as one number."""

import pytest

from labeler.work import labels, questions
from labeler.work.questions.pairwise import Verdict

PAIR = {"kind": "pairwise", "steps": 7, "tie": True, "both_bad": True}


@pytest.mark.parametrize(
    ("verdict", "preferred", "label"),
    [
        (Verdict.preference, 1, 1),
        (Verdict.tie, None, 2),
        (Verdict.both_bad, None, 3),
        (Verdict.ranking, 0, 0),
        (Verdict.ranking, None, 2),
    ],
)
def test_of_two_answers(verdict: Verdict, preferred: int | None, label: int) -> None:
    assert labels.of(verdict, preferred, None, 2) == label


def test_a_ranking_without_one_at_the_top_is_a_tie_beyond_the_last_answer() -> None:
    assert labels.of(Verdict.ranking, None, {"ranking": [[0, 2], [1]]}, 3) == 3


@pytest.mark.parametrize(
    ("criteria", "label"),
    [
        ({"Correct": {"preferred": 0, "strength": 2}, "Kind": {"preferred": 1, "strength": 1}}, 0),
        ({"Correct": {"preferred": 0, "strength": 1}, "Kind": {"preferred": 1, "strength": 1}}, 2),
        ({"Correct": {"preferred": None, "strength": 0}}, 2),
        ({"Correct": {"points": {"0": 3, "1": 5}}, "Kind": {"points": {"0": 4, "1": 4}}}, 1),
        ({"Correct": {"points": {"0": 4, "1": 4}}}, 2),
        ({}, 2),
    ],
)
def test_criteria_add_up(criteria: dict[str, object], label: int) -> None:
    assert labels.of(Verdict.criteria, None, {"criteria": criteria}, 2) == label


@pytest.mark.parametrize(
    ("asked", "answers", "number"),
    [
        ([PAIR], 2, 4),
        ([PAIR | {"both_bad": False}], 2, 3),
        ([PAIR | {"steps": 6, "tie": False, "both_bad": False}], 2, 2),
        ([{"kind": "ranking"}], 5, 6),
        ([{"kind": "criteria", "criteria": [{"name": "Correct"}]}], 3, 4),
    ],
)
def test_how_many_there_are(asked: list[dict[str, object]], answers: int, number: int) -> None:
    assert labels.number(questions.parse(asked), answers) == number
