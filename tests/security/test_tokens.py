"""Programs: what a token may be used for, and what no request can set."""

import uuid
from typing import Any

import pytest
import sqlalchemy as sa

from labeler.people.accounts import Person
from labeler.people.memberships import Membership
from labeler.people.tokens import Scope, Token
from labeler.work.judgments import Judgment
from labeler.work.projects import Project
from tests.calling import API, Caller, make_caller
from tests.security.stage import PASSWORD, Stage

SCOPES = {
    ("POST", f"{API}/projects/helpful/assignments"): Scope.judge,
    ("POST", API + "/assignments/{held}/judgment"): Scope.judge,
    ("POST", API + "/assignments/{held}/skip"): Scope.judge,
    ("POST", f"{API}/projects"): Scope.manage,
    ("POST", f"{API}/projects/helpful/rubrics"): Scope.manage,
    ("POST", f"{API}/projects/helpful/batches"): Scope.manage,
    ("GET", f"{API}/projects/helpful/progress"): Scope.read,
    ("GET", f"{API}/projects/helpful/judgments"): Scope.read,
    ("GET", f"{API}/projects/helpful/leaderboard"): Scope.read,
    ("GET", f"{API}/projects/helpful/releases"): Scope.read,
    ("GET", f"{API}/projects/helpful/releases/1"): Scope.read,
    ("GET", f"{API}/projects/helpful/releases/1/files/MANIFEST.json"): Scope.read,
    ("GET", f"{API}/projects/helpful/releases/1/archive"): Scope.read,
    ("POST", f"{API}/projects/helpful/releases"): Scope.manage,
    ("GET", API + "/projects/helpful/releases/orders/{order}"): Scope.manage,
    ("POST", API + "/projects/helpful/releases/orders/{order}/stop"): Scope.manage,
}
WISHES: dict[str, Any] = {
    "is_admin": True,
    "id": 1,
    "person_id": 1,
    "role": "owner",
    "state": "closed",
    "created_by": 1,
    "pay_minor": 10**6,
    "gold_right": True,
    "password_hash": "x",
    "created_at": "2020-01-01T00:00:00Z",
    "project_id": 2,
    "assignment_id": 1,
    "version": 9,
    "guideline_number": 9,
    "duration_ms": 1,
    "wanted": 100,
}


@pytest.mark.parametrize("scope", Scope)
@pytest.mark.parametrize("operation", SCOPES, ids=" ".join)
def test_a_token_is_good_for_its_scope_alone(
    stage: Stage, operation: tuple[str, str], scope: Scope
) -> None:
    method, path = operation
    caller = make_caller(stage.app, stage.database, stage.people.olga, scope)
    answer = caller.client.open(
        stage.path(path), method=method, headers=caller.headers, buffered=True
    )
    if scope is SCOPES[operation]:
        assert answer.status_code not in (401, 403)
    else:
        assert answer.status_code == 403
        assert f"scope {SCOPES[operation].value}" in answer.text


@pytest.mark.parametrize(
    "shown",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer lbl_",
        "Bearer null",
        "Basic bG9sOmxvbA==",
        "Basic %%%",
        "{token}",
        "Token {token}",
        "Bearer {token}x",
        "Bearer {token} x",
        "Bearer x={token}",
        "Bearer \u00ff",
        "Digest username=x",
    ],
)
def test_what_is_no_token_lets_nobody_in(stage: Stage, shown: str) -> None:
    caller = stage.callers["rex"]
    headers = {"Authorization": shown.format(token=caller.token)}
    answer = caller.client.get(f"{API}/projects/helpful/progress", headers=headers)
    assert answer.status_code == 401


def test_no_answer_ever_shows_a_secret_again(stage: Stage) -> None:
    ada = stage.visits["ada"]
    with stage.database.reading() as session:
        kept = {*session.scalars(sa.select(Token.secret_digest))}
    for path in ("/account", "/", "/judgments", "/projects"):
        page = ada.get(path).text
        assert "lbl_" not in page
        assert not [digest for digest in kept if digest in page]
        assert "argon2" not in page


def test_a_key_says_nothing_of_the_judgment_that_it_made(fresh: Stage) -> None:
    with fresh.database.reading() as session:
        of_bea = session.get_one(Judgment, int(fresh.ids["of_bea"]))
    said = {"key": of_bea.key, "choice": of_bea.step, "reason": of_bea.reason}
    path = fresh.path(f"{API}/assignments/{{held}}/judgment")
    same = fresh.callers["ada"].post(path, json=said)
    other = fresh.callers["ada"].post(path, json=said | {"choice": "tie"})
    assert (same.status_code, same.json) == (other.status_code, other.json)
    assert same.status_code == 409
    assert (
        fresh.callers["ada"].post(path, json=said | {"key": str(uuid.uuid4())}).status_code == 201
    )


@pytest.mark.parametrize("wish", WISHES)
def test_no_field_is_set_that_is_not_asked_for(stage: Stage, wish: str) -> None:
    before = _powers(stage)
    for path, form in _forms(stage).items():
        visit = stage.visits["ada" if path.startswith(("/work", "/account")) else "olga"]
        visit.get("/account")
        wished: dict[str, Any] = {wish: str(WISHES[wish])} | form
        answer = visit.post(path, **wished)
        assert answer.status_code == 422, path
    for path, body in _bodies(stage).items():
        caller = stage.callers["ada" if "assignments" in path else "olga"]
        answer = caller.post(path, json=body | {wish: WISHES[wish]})
        assert answer.status_code == 422, path
        assert wish in answer.json["error"]["fields"]  # type: ignore[index]
    assert _powers(stage) == before


def _forms(stage: Stage) -> dict[str, dict[str, str]]:
    person = {"email": f"m{uuid.uuid4().hex}@example.org", "name": "M"}
    wrong = {"role": "administrator"}
    return {
        "/account/password": {"password": PASSWORD},
        stage.path("/work/{held}"): {"choice": "2", "key": str(uuid.uuid4())},
        stage.path("/work/{held}/skip"): {"skip_reason": "other"},
        "/projects/new": {"title": "Wish {fresh}", "languages": "en", "rubric.tie": "1"},
        "/projects/helpful/setup": {"title": "Helpful", "languages": "en", "rubric.tie": "1"},
        "/projects/helpful/people/invite": person | wrong,
        stage.path("/projects/helpful/people/{bea}/role"): wrong,
        "/projects/helpful/batches": {},
    }


def _bodies(stage: Stage) -> dict[str, dict[str, Any]]:
    return {
        f"{API}/projects": {"title": "Wish"},
        stage.path(f"{API}/assignments/{{held}}/judgment"): {"key": str(uuid.uuid4()), "choice": 2},
        stage.path(f"{API}/assignments/{{held}}/skip"): {"reason": "other"},
    }


def _powers(stage: Stage) -> list[Any]:
    """Return all that decides who may do what, and what is paid."""
    columns = (
        (Person.id, Person.is_admin, Person.password_hash),
        (Membership.id, Membership.person_id, Membership.role, Membership.removed_at),
        (Project.id, Project.state, Project.pay_minor, Project.created_by),
        (Judgment.id, Judgment.state, Judgment.gold_right, Judgment.person_id),
    )
    with stage.database.reading() as session:
        return [row for some in columns for row in session.execute(sa.select(*some))]


def test_a_person_who_left_judges_no_more(fresh: Stage) -> None:
    olga, ada = fresh.visits["olga"], fresh.callers["ada"]
    olga.post(f"/projects/helpful/people/{fresh.people.ada.id}/remove")
    assert _claims(ada) == 404
    assert fresh.visits["ada"].client.get("/projects/helpful").status_code == 404


def _claims(caller: Caller) -> int:
    return caller.post(f"{API}/projects/helpful/assignments").status_code
