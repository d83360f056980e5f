"""Forms through the API: published, told with the work, answered by kind, told again."""

import uuid
from typing import Any

import pytest

from labeler.database import Database
from tests.calling import API, HELPFUL, Callers, claim, problem

FORM = {
    "questions": [
        {"kind": "ranking", "partial": True},
        {"kind": "criteria", "criteria": [{"name": "Clear", "points": 4}]},
        {"kind": "reason", "tags": ["Facts"]},
        {"kind": "marks", "types": ["Wrong"], "severities": []},
        {"kind": "edit"},
        {"kind": "flags"},
    ]
}


def answer(callers: Callers, assignment: dict[str, Any], **answers: Any) -> Any:
    said = {"key": str(uuid.uuid4()), "answers": answers}
    return callers.ada.post(f"{API}/assignments/{assignment['id']}/judgment", json=said)


@pytest.fixture
def given(callers: Callers) -> dict[str, Any]:
    told = callers.olga.post(f"{HELPFUL}/rubrics", json=FORM)
    assert (told.status_code, told.json["number"]) == (200, 2)
    assert callers.olga.post(f"{HELPFUL}/rubrics", json=FORM).json == told.json
    assignment = claim(callers.ada)
    assert assignment["rubric"] == told.json
    return assignment


def test_every_kind_by_place(callers: Callers, given: dict[str, Any], database: Database) -> None:
    answers = {
        "ranking": [["B"], ["A"]],
        "criteria": {"Clear": {"A": 1, "B": 4}},
        "reason": {"text": "Count.", "tags": ["Facts"]},
        "marks": [{"place": "A", "start": 0, "end": 2, "type": "Wrong"}],
        "edit": {"place": "B", "text": "It is better."},
        "flags": {"A": ["broken"]},
    }
    said = answer(callers, given, **answers)
    assert (said.status_code, said.json["choice"]) == (201, None)
    [told] = callers.rex.get(f"{HELPFUL}/judgments").json["judgments"]
    best = told["preferred"]
    other = 1 - best
    assert (told["choice"], told["verdict"], told["reason"]) == (None, "ranking", "Count.")
    assert told["answers"] == {
        "ranking": {
            "tiers": [[best], [other]],
            "ranks": {str(n): 1 + (n == other) for n in (0, 1)},
            "none": False,
        },
        "criteria": {
            "criteria": [
                {"name": "Clear", "points": {str(n): 4 if n == best else 1 for n in (0, 1)}}
            ]
        },
        "reason": {"text": "Count.", "tags": ["Facts"]},
        "marks": {
            "marks": [
                {
                    "response": other,
                    "start": 0,
                    "end": 2,
                    "quote": "It",
                    "type": "Wrong",
                    "severity": "",
                    "comment": "",
                }
            ]
        },
        "edit": {"text": "It is better.", "improves": best},
        "flags": {"flags": [{"response": other, "flags": ["broken"]}]},
    }


@pytest.mark.parametrize(
    ("answers", "field"),
    [
        ({}, "ranking"),
        ({"ranking": [["A"], ["Z"]]}, "ranking"),
        ({"ranking": [["A"], ["B"]]}, "criteria.0.A"),
        ({"pairwise": 1, "ranking": [["A"], ["B"]]}, "pairwise"),
        ({"essay": "x"}, "answers.essay"),
        ({"ranking": "A"}, "answers.ranking"),
    ],
)
def test_what_cannot_be_taken(
    callers: Callers, given: dict[str, Any], answers: dict[str, Any], field: str
) -> None:
    assert field in problem(answer(callers, given, **answers), 422)["fields"]


@pytest.mark.parametrize("body", [{"steps": 12}, {"questions": [{"kind": "reason"}]}, {"x": 1}])
def test_a_form_that_cannot_be(callers: Callers, body: dict[str, Any]) -> None:
    assert problem(callers.olga.post(f"{HELPFUL}/rubrics", json=body), 422)["fields"]


def test_only_owners_ask(callers: Callers) -> None:
    assert callers.rex.post(f"{HELPFUL}/rubrics", json=FORM).status_code == 403
