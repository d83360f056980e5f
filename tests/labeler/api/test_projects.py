"""Making projects and watching them, as a program does."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask

from labeler.database import Database
from labeler.people.memberships import Role
from labeler.work import projects
from tests.calling import API, HELPFUL, Caller, Callers, claim, judge, problem
from tests.cast import Cast
from tests.conftest import StoppedClock

DRAFT: dict[str, Any] = {
    "title": "Which is kinder?",
    "guidelines": "Prefer what is **kind**.",
    "rubric": {"steps": 4, "tie": False, "reason": "required", "reason_min": 10},
    "judgments_per_comparison": 5,
    "repeat_share": 0.05,
    "most_per_person": 500,
    "most_per_language": {"sw": 0},
    "languages": ["en", "sw"],
    "pay": {"per_judgment": "12.50", "currency": "KES"},
}


def test_an_owner_makes_another_project(
    frozen: StoppedClock, callers: Callers, database: Database, people: Cast
) -> None:
    answer = callers.olga.post(f"{API}/projects", json=DRAFT)
    assert answer.status_code == 201
    assert answer.json == {
        "slug": "which-is-kinder",
        "title": "Which is kinder?",
        "state": "active",
        "guideline_number": 1,
        "rubric_number": 1,
        "created_at": "2026-11-23T09:00:00Z",
    }
    with database.reading() as session:
        project = projects.find(session, "which-is-kinder", by=people.olga, role=Role.owner)
        assert (project.pay_minor, project.currency) == (1250, "KES")
        assert projects.rubric_draft(session, project).steps == 4
        assert (project.repeat_share, project.most_per_person) == (0.05, 500)
        assert project.most_per_language == {"sw": 0}


def test_who_owns_nothing_makes_nothing(callers: Callers) -> None:
    for caller in (callers.ada, callers.rex, callers.mallory):
        problem(caller.post(f"{API}/projects", json=DRAFT), 403)


def test_a_name_that_is_taken(callers: Callers) -> None:
    problem(callers.olga.post(f"{API}/projects", json=DRAFT | {"slug": "helpful"}), 409)


@pytest.mark.both
def test_one_name_for_two_projects_at_once(app: Flask, callers: Callers) -> None:
    def send(_number: int) -> int:
        olga = Caller(app.test_client(), callers.olga.token)
        return olga.post(f"{API}/projects", json=DRAFT).status_code

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(send, range(4))) == [201, 409, 409, 409]


REFUSED: list[tuple[dict[str, Any], set[str]]] = [
    ({"title": " "}, {"title"}),
    ({"slug": "No spaces"}, {"slug"}),
    ({"judgments_per_comparison": "3"}, {"judgments_per_comparison"}),
    (
        {"judgments_per_comparison": 0, "gold_share": 2},
        {"judgments_per_comparison", "gold_share"},
    ),
    ({"rubric": {"steps": 12}}, {"rubric.steps"}),
    ({"rubric": {"steps": 3, "tie": False}}, {"rubric"}),
    ({"rubric": {"stars": 5}}, {"rubric.stars"}),
    ({"languages": ["en", "english!"]}, {"languages.1"}),
    ({"pay": {"per_judgment": 0.35}}, {"pay.per_judgment"}),
    ({"created_by": 1}, {"created_by"}),
    ({"state": "closed"}, {"state"}),
    ({"owner_id": 1, "is_admin": True}, {"owner_id", "is_admin"}),
]


def test_a_project_that_cannot_be_made(callers: Callers) -> None:
    for changes, fields in REFUSED:
        answer = callers.olga.post(f"{API}/projects", json=DRAFT | changes)
        assert set(problem(answer, 422)["fields"]) == fields


def test_what_no_project_can_hold(callers: Callers) -> None:
    for changes in (
        {"title": "a\0b"},
        {"guidelines": "a\0b"},
        {"pay": {"per_judgment": "0.35", "currency": "EURO"}},
        {"pay": {"per_judgment": "0.001", "currency": "EUR"}},
        {"pay": {"per_judgment": "NaN", "currency": "EUR"}},
    ):
        problem(callers.olga.post(f"{API}/projects", json=DRAFT | changes), 422)


def test_progress(callers: Callers) -> None:
    for _ in range(3):
        judge(callers.ada, claim(callers.ada)["id"])
    judge(callers.bea, claim(callers.bea)["id"])
    told = callers.rex.get(f"{HELPFUL}/progress").json
    assert told is not None
    assert (told["done"], told["planned"], told["comparisons"], told["people"]) == (4, 6, 3, 2)
    assert told["cost"] == [{"amount_minor": 140, "currency": "EUR", "text": "1.40 EUR"}]
    assert told["forecast"]["amount_minor"] == 70
    assert told["pace_per_day"] == 4
    assert [told[f"ends_{name}"] for name in ("on", "earliest", "latest")] == 3 * [None]


def test_the_end_is_told_after_three_days(frozen: StoppedClock, callers: Callers) -> None:
    for _ in range(3):
        judge(callers.ada, claim(callers.ada)["id"])
        frozen.forward(days=1)
    told = callers.rex.get(f"{HELPFUL}/progress").json
    assert told is not None
    ends = [told[f"ends_{name}"] for name in ("on", "earliest", "latest")]
    assert ends == 3 * ["2026-11-29"]  # 3 of 6 are left, one a day, from the 26th


def test_progress_before_anything_happened(callers: Callers) -> None:
    told = callers.rex.get(f"{HELPFUL}/progress").json
    assert told is not None
    assert (told["done"], told["pace_per_day"], told["ends_on"]) == (0, 0, None)
    assert told["cost"] == []
