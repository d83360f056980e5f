"""Programs that call the JSON API: a client with a token, and what they do most often."""

import uuid
from dataclasses import dataclass
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from labeler.database import Database
from labeler.people import tokens
from labeler.people.accounts import Person
from labeler.people.tokens import Scope

API = "/api/v1"
HELPFUL = f"{API}/projects/helpful"


@dataclass(frozen=True)
class Caller:
    """Somebody's program: a client and the token that it shows."""

    client: FlaskClient
    token: str

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.client.get(path, headers=self.headers, **options)

    def post(self, path: str, **options: Any) -> TestResponse:
        return self.client.post(path, headers=self.headers, **options)

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@dataclass(frozen=True)
class Callers:
    """Everybody's program."""

    root: Caller
    olga: Caller
    rex: Caller
    ada: Caller
    bea: Caller
    mallory: Caller


def make_caller(app: Flask, database: Database, person: Person, *scopes: Scope) -> Caller:
    """Make a program for the person, with a token for these scopes; without any, for all."""
    with database.writing() as session:
        secret = tokens.create(session, person, scopes=scopes or tuple(Scope))
        session.commit()
    return Caller(app.test_client(), secret)


def claim(caller: Caller) -> dict[str, Any]:
    """Take the next assignment."""
    answer = caller.post(f"{HELPFUL}/assignments")
    assert answer.status_code == 201, answer.text
    return dict(answer.json or {})


def judge(caller: Caller, assignment: int, **changes: Any) -> TestResponse:
    """Send a judgment of an assignment."""
    given = {"key": str(uuid.uuid4()), "choice": 2} | changes
    return caller.post(f"{API}/assignments/{assignment}/judgment", json=given)


def problem(answer: TestResponse, status: int) -> dict[str, Any]:
    """Return what is wrong with a request, in the one shape of errors."""
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/json"
    assert answer.json is not None
    assert set(answer.json) == {"error"}
    found = dict(answer.json["error"])
    assert set(found) == {"code", "message", "fields"}
    assert found["message"]
    return found
