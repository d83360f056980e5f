"""Who may call: a token that works, for what it was made, and nothing else."""

from typing import Any

from flask import Flask

from exports.api import DESCRIBED
from labeler.api.operations import Operation
from labeler.database import Database
from labeler.people import sign_ins, tokens
from labeler.people.tokens import Scope
from tests.calling import HELPFUL, Caller, Callers, make_caller, problem
from tests.cast import Cast

BODIES = {
    "withdrawals": {"comparison": "pair-0", "reason": "A name in it."},
    "releases": {"key": "1c9a3f4e-54a2-4b0e-8f7e-0d5f2a9f9b11"},
}
PLACES = {"assignment_id": 1, "batch_id": 1, "number": 1, "order_id": 1, "path": "README.md"}


def address(operation: Operation) -> str:
    """Write an operation's address with something in every place."""
    return operation.address.format(slug="helpful", **PLACES)


def test_without_a_token_nothing_is_done(app: Flask, people: Cast) -> None:
    for operation in DESCRIBED:
        answer = app.test_client().open(address(operation), method=operation.method)
        assert problem(answer, 401)["code"] == "unauthorized"
        assert answer.headers["WWW-Authenticate"].startswith("Bearer ")
        assert "Set-Cookie" not in answer.headers


def test_a_token_without_the_scope(app: Flask, database: Database, people: Cast) -> None:
    lacking = {
        scope: make_caller(app, database, people.root, *set(Scope) - {scope}) for scope in Scope
    }
    for operation in DESCRIBED:
        caller = lacking[operation.scope]
        answer = caller.client.open(
            address(operation), method=operation.method, headers=caller.headers
        )
        assert operation.scope.value in problem(answer, 403)["message"]


def test_what_is_no_token(app: Flask, people: Cast) -> None:
    client = app.test_client()
    for given in (
        "Bearer",
        "Bearer ",
        "Bearer lbl_guess",
        "Basic YWRhOmE=",
        "lbl_guess",
        "Bearer é",
    ):
        problem(client.post(f"{HELPFUL}/assignments", headers={"Authorization": given}), 401)


def test_cookies_say_nothing(app: Flask, database: Database, people: Cast) -> None:
    with database.writing() as session:
        secret = sign_ins.make_link(session, people.ada, by=people.root)
        _, sign_in = sign_ins.use_link(session, secret)
        session.commit()
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = sign_in
        cookie["_fresh"] = True
    problem(client.post(f"{HELPFUL}/assignments"), 401)


def test_a_token_in_the_address_says_nothing(callers: Callers) -> None:
    ada = callers.ada
    problem(ada.client.post(f"{HELPFUL}/assignments?access_token={ada.token}"), 401)


def test_a_revoked_token(callers: Callers, database: Database, people: Cast) -> None:
    with database.writing() as session:
        (token,) = tokens.current(session, people.ada)
        tokens.revoke(session, token.id, by=people.ada)
        session.commit()
    answer = callers.ada.post(f"{HELPFUL}/assignments")
    problem(answer, 401)
    assert "invalid_token" in answer.headers["WWW-Authenticate"]


def test_a_closed_account(callers: Callers, database: Database, people: Cast) -> None:
    with database.writing() as session:
        session.merge(people.ada).closed_at = people.ada.created_at
        session.commit()
    problem(callers.ada.post(f"{HELPFUL}/assignments"), 401)


def test_strangers_find_nothing(callers: Callers) -> None:
    mallory = callers.mallory
    for operation in DESCRIBED:
        if "{slug}" in operation.path:
            options: dict[str, Any] = {"method": operation.method, "headers": mallory.headers}
            if operation.body is None:
                options["content_type"] = "text/csv"
            else:
                options["json"] = BODIES.get(operation.path.rpartition("/")[2], {})
            there = mallory.client.open(address(operation), **options)
            nowhere = mallory.client.open(address(operation).replace("helpful", "no"), **options)
            assert problem(there, 404) == problem(nowhere, 404)


def test_reading_is_for_reviewers_and_owners(callers: Callers) -> None:
    for path in ("progress", "judgments"):
        problem(callers.ada.get(f"{HELPFUL}/{path}"), 403)
        for caller in (callers.rex, callers.olga, callers.root):
            assert caller.get(f"{HELPFUL}/{path}").status_code == 200


def test_errors_outside_the_operations_have_the_same_shape(callers: Callers) -> None:
    for path in ("/api/v1/nothing", "/api/v2", "/api/v1/projects/a%00b/progress"):
        problem(callers.ada.get(path), 404)


def test_another_method(callers: Callers) -> None:
    answer = callers.ada.get("/api/v1/projects")
    assert problem(answer, 405)["code"] == "method_not_allowed"
    assert "POST" in answer.headers["Allow"]


def test_answers_stay_out_of_caches(callers: Callers) -> None:
    answer = callers.rex.get(f"{HELPFUL}/progress")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_request_from_a_page_of_another_site(callers: Callers) -> None:
    ada: Caller = callers.ada
    headers = ada.headers | {"Sec-Fetch-Site": "cross-site"}
    problem(ada.client.post(f"{HELPFUL}/assignments", headers=headers), 403)
