"""Taking work, judging it and handing it back, as a program does."""

import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from labeler.database import Database
from labeler.pay.ledger import Transfer
from labeler.people import memberships
from labeler.people.memberships import Role
from labeler.work import projects
from labeler.work.judgments import Judgment
from tests.calling import API, HELPFUL, Caller, Callers, claim, judge, problem
from tests.cast import Cast
from tests.conftest import StoppedClock
from tests.make import load_rows, make_project, make_row


def everything(value: Any) -> set[str]:
    """Return every key and every text in what was told."""
    if isinstance(value, dict):
        return set(value) | {text for each in value.values() for text in everything(each)}
    if isinstance(value, list):
        return {text for each in value for text in everything(each)}
    return {str(value)}


def count(database: Database, *what: sa.ColumnElement[Any] | type[Any]) -> int:
    """Count rows."""
    with database.reading() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(*what)) or 0


def test_an_assignment(frozen: StoppedClock, callers: Callers) -> None:
    told = claim(callers.ada)
    assert told["project"] == "helpful"
    assert told["question"] == "Which answer is better?"
    assert (told["opened_at"], told["deadline"]) == ("2026-11-23T09:00:00Z", "2026-11-23T10:00:00Z")
    assert [turn["role"] for turn in told["prompt"]] == ["user"]
    assert [response["place"] for response in told["responses"]] == ["A", "B"]
    assert told["rubric"] == {
        "number": 1,
        "questions": [
            {"kind": "pairwise", "steps": 7, "tie": True, "both_bad": True},
            {
                "kind": "reason",
                "text": "optional",
                "min": 0,
                "max": 10_000,
                "tags": [],
                "tags_required": False,
            },
        ],
    }
    assert told["guideline_number"] == 1
    assert told["pay"] == {"amount_minor": 35, "currency": "EUR", "text": "0.35 EUR"}


def test_an_assignment_tells_nothing_that_could_sway(
    app: Flask, database: Database, people: Cast, callers: Callers
) -> None:
    with database.writing() as session:
        project = make_project(session, people, slug="gold", gold_share=0.5)
        rows = [
            make_row(n, gold=0, id=f"model-x-{n}", metadata={"from": "model-y"}) for n in range(2)
        ]
        load_rows(session, project, [*rows, make_row(9, id="model-y-9")], by=people.olga)
        session.commit()
    for _ in range(3):
        answer = callers.ada.post(f"{API}/projects/gold/assignments")
        if answer.status_code == 204:
            break
        assert "model-" not in answer.text
        assert "gold" not in everything(answer.json) - {answer.json["project"]}
        assert set(answer.json["responses"][0]) == {"place", "text"}
        receipt = judge(callers.ada, answer.json["id"])
        assert set(receipt.json) == {"id", "assignment", "choice", "created_at", "earned"}


def test_who_holds_one_is_given_it_again(frozen: StoppedClock, callers: Callers) -> None:
    assert claim(callers.ada) == claim(callers.ada)
    assert claim(callers.bea)["id"] != claim(callers.ada)["id"]


def test_until_nothing_is_left(callers: Callers) -> None:
    for _ in range(3):
        judge(callers.ada, claim(callers.ada)["id"])
    answer = callers.ada.post(f"{HELPFUL}/assignments")
    assert (answer.status_code, answer.data) == (204, b"")


def test_a_paused_project_gives_out_nothing(
    callers: Callers, database: Database, people: Cast
) -> None:
    with database.writing() as session:
        project = projects.find(session, "helpful", by=people.olga)
        projects.move(session, project, projects.ProjectState.paused, by=people.olga)
        session.commit()
    assert problem(callers.ada.post(f"{HELPFUL}/assignments"), 409)["code"] == "conflict"


def test_a_judgment_brings_a_receipt(frozen: StoppedClock, callers: Callers) -> None:
    turns = [callers.ada] * 3 + [callers.bea] * 2
    for caller, choice in zip(turns, [1, 4, 7, "tie", "both_bad"], strict=True):
        assignment = claim(caller)["id"]
        answer = judge(caller, assignment, choice=choice, reason="Because.")
        assert answer.status_code == 201
        assert answer.json == {
            "id": answer.json["id"],
            "assignment": assignment,
            "choice": choice,
            "created_at": "2026-11-23T09:00:00Z",
            "earned": {"amount_minor": 35, "currency": "EUR", "text": "0.35 EUR"},
        }


def test_the_same_key_again_is_the_same_judgment(callers: Callers, database: Database) -> None:
    assignment, key = claim(callers.ada)["id"], str(uuid.uuid4())
    first = judge(callers.ada, assignment, key=key)
    again = judge(callers.ada, assignment, key=key.upper())
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json == again.json
    assert count(database, Judgment) == count(database, Transfer) == 1


def test_another_judgment_is_refused(callers: Callers, database: Database) -> None:
    assignment, key = claim(callers.ada)["id"], str(uuid.uuid4())
    judge(callers.ada, assignment, key=key, choice=1)
    problem(judge(callers.ada, assignment, key=key, choice=2), 409)
    problem(judge(callers.ada, assignment), 409)
    problem(judge(callers.ada, claim(callers.ada)["id"], key=key, choice=1), 409)
    problem(judge(callers.bea, claim(callers.bea)["id"], key=key, choice=1), 409)
    assert count(database, Judgment) == count(database, Transfer) == 1


@pytest.mark.both
def test_twenty_at_once_with_one_key(app: Flask, callers: Callers, database: Database) -> None:
    assignment, key = claim(callers.ada)["id"], str(uuid.uuid4())
    answers = at_once(app, callers.ada, assignment, [key] * 20)
    assert answers == Counter({200: 19, 201: 1})
    assert count(database, Judgment) == count(database, Transfer) == 1
    assert at_once(app, callers.ada, assignment, [str(uuid.uuid4()) for _ in range(20)]) == {
        409: 20
    }
    assert count(database, Judgment) == count(database, Transfer) == 1


@pytest.mark.both
def test_twenty_at_once_with_as_many_keys(app: Flask, callers: Callers, database: Database) -> None:
    assignment = claim(callers.ada)["id"]
    answers = at_once(app, callers.ada, assignment, [str(uuid.uuid4()) for _ in range(20)])
    assert answers == Counter({409: 19, 201: 1})
    assert count(database, Judgment) == count(database, Transfer) == 1


@pytest.mark.both
def test_one_key_for_two_assignments_at_once(
    app: Flask, callers: Callers, database: Database
) -> None:
    key = str(uuid.uuid4())
    both = [(callers.ada, claim(callers.ada)["id"]), (callers.bea, claim(callers.bea)["id"])]
    with ThreadPoolExecutor(2) as pool:
        answers = [pool.submit(judge, *one, key=key) for one in both]
    assert sorted(answer.result().status_code for answer in answers) == [201, 409]
    assert count(database, Judgment) == 1


def at_once(app: Flask, caller: Caller, assignment: int, keys: list[str]) -> Counter[int]:
    """Send a judgment with each key from a thread of its own; count the answers by status."""

    def send(key: str) -> int:
        return judge(Caller(app.test_client(), caller.token), assignment, key=key).status_code

    with ThreadPoolExecutor(len(keys)) as pool:
        return Counter(pool.map(send, keys))


def test_somebody_elses_assignment_is_not_there(callers: Callers, database: Database) -> None:
    assignment = claim(callers.ada)["id"]
    unknown = problem(judge(callers.bea, 10**6), 404)
    assert problem(judge(callers.bea, assignment), 404) == unknown
    assert problem(judge(callers.olga, assignment), 404) == unknown
    problem(callers.bea.post(f"{API}/assignments/{assignment}/skip", json={"reason": "other"}), 404)
    problem(judge(callers.ada, 2**63), 404)
    assert count(database, Judgment) == 0


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"key": "one"}, "key"),
    ({"key": 1}, "key"),
    ({"key": None}, "key"),
    ({"choice": 0}, "choice"),
    ({"choice": 8}, "choice"),
    ({"choice": "3"}, "choice"),
    ({"choice": 3.0}, "choice"),
    ({"choice": True}, "choice"),
    ({"choice": None}, "choice"),
    ({"choice": ["tie"]}, "choice"),
    ({"choice": "better"}, "choice"),
    ({"reason": None}, "reason"),
    ({"reason": "x" * 10_001}, "reason"),
    ({"reason": "a\0b"}, "reason"),
    ({"pay_minor": 10**6}, "pay_minor"),
    ({"person_id": 1}, "person_id"),
    ({"gold_right": True}, "gold_right"),
    ({"state": "accepted"}, "state"),
]


def test_a_judgment_that_cannot_be_taken(callers: Callers, database: Database) -> None:
    assignment = claim(callers.ada)["id"]
    for changes, field in REFUSED:
        found = problem(judge(callers.ada, assignment, **changes), 422)
        assert list(found["fields"]) == [field]
    assert count(database, Judgment) == 0
    assert judge(callers.ada, assignment).status_code == 201


def test_a_body_that_is_no_object(callers: Callers) -> None:
    address = f"{API}/assignments/1/judgment"
    for body in (b"", b"{", b"[]", b"null", b"\xff", b"[" * 10_000, b'"tie"'):
        answer = callers.ada.post(address, data=body, content_type="application/json")
        assert list(problem(answer, 422)["fields"]) == ["body"]


def test_every_bad_field_is_named(callers: Callers) -> None:
    answer = callers.ada.post(f"{API}/assignments/1/judgment", json={"choice": 12, "rate": 5})
    assert set(problem(answer, 422)["fields"]) == {"key", "choice", "rate"}


def test_only_json_is_read(callers: Callers) -> None:
    address, body = f"{API}/assignments/1/judgment", f'{{"key": "{uuid.uuid4()}", "choice": 1}}'
    for media_type in ("text/plain", "application/x-www-form-urlencoded", None):
        problem(callers.ada.post(address, data=body, content_type=media_type), 415)


def test_a_body_that_is_too_long(callers: Callers) -> None:
    problem(judge(callers.ada, 1, reason="x" * 3_000_000), 413)


def test_skipping(callers: Callers) -> None:
    skipped = claim(callers.ada)["id"]
    skip = f"{API}/assignments/{skipped}/skip"
    for _ in range(2):
        answer = callers.ada.post(skip, json={"reason": "language"})
        assert (answer.status_code, answer.data) == (204, b"")
    problem(callers.ada.post(skip, json={"reason": "broken"}), 409)
    problem(judge(callers.ada, skipped), 409)
    assert claim(callers.ada)["id"] != skipped


def test_skipping_without_a_reason(callers: Callers) -> None:
    skip = f"{API}/assignments/{claim(callers.ada)['id']}/skip"
    assert list(problem(callers.ada.post(skip, json={}), 422)["fields"]) == ["reason"]
    assert list(problem(callers.ada.post(skip, json={"reason": "dull"}), 422)["fields"]) == [
        "reason"
    ]


def test_past_the_deadline_and_given_to_nobody(frozen: StoppedClock, callers: Callers) -> None:
    assignment = claim(callers.ada)["id"]
    frozen.forward(hours=2)
    assert judge(callers.ada, assignment).status_code == 201


def test_work_that_was_begun_may_be_finished(
    callers: Callers, database: Database, people: Cast
) -> None:
    assignment = claim(callers.ada)["id"]
    with database.writing() as session:
        project = projects.find(session, "helpful", by=people.olga, role=Role.owner)
        memberships.remove(session, project.id, people.ada, by=people.olga)
        session.commit()
    problem(callers.ada.post(f"{HELPFUL}/assignments"), 404)
    assert judge(callers.ada, assignment).status_code == 201
