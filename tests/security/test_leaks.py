"""What annotators must not see: models' names, known answers, which comparison is which."""

import html
import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from labeler.work.assignments import Assignment
from labeler.work.comparisons import Comparison
from labeler.work.layouts import ResponseIn, Row
from tests.calling import API
from tests.conftest import NewAddress
from tests.make import load_rows, make_project, make_row
from tests.security.stage import Stage, staged
from tests.visits import Visit

SECRETS = ("model-q", "model-z", "origin-of", "count it", "named-", "note-on", "gold", "wanted")
# A moment has no fraction where it is a whole second: once in a thousand, as SQLite counts.
MOMENT = r"\d{4}-\d\d-\d\dT[\d:.+-]+"
SEALED = r'csrf_token" value="[^"]+"'
CLOCK = re.compile(r'data-clock="([^"]+)"')
CHANGING = re.compile(rf"[0-9a-f]{{8}}-[0-9a-f-]{{27}}|{SEALED}|Said \d+ \w+|{MOMENT}|\d[\d:, -]*")
PAIRS = 40  # so many that not one known answer is drawn once in a million runs


@pytest.fixture
def secret(new_address: NewAddress, tmp_path: Path) -> Iterator[Stage]:
    """A project in which half of what is given out has a known answer."""
    with staged(new_address("sqlite"), tmp_path) as stage:
        with stage.database.writing() as session:
            project = make_project(session, stage.people, slug="blind", gold_share=0.5)
            load_rows(session, project, map(_row, range(PAIRS)), by=stage.people.olga)
            session.commit()
        yield stage


def _row(number: int) -> Row:
    return make_row(
        number,
        gold=0 if number % 2 else None,
        id=f"named-{number}",
        responses=tuple(
            ResponseIn.model_validate(
                {"text": f"Said {number} {side}.", "model": model, "from": f"origin-of-{model}"}
            )
            for side, model in (("one", "model-q"), ("two", "model-z"))
        ),
        metadata={"about": f"note-on-{number}"},
    )


def test_pages_tell_nothing(secret: Stage) -> None:
    ada, seen = secret.visits["ada"], {True: set[str](), False: set[str]()}
    ada.get("/")
    following = ada.post("/projects/blind/start").location
    while following != "/finished":
        path, page = following, ada.get(following)
        answer = ada.post(path, choice="2", key=ada.hidden("key"))
        again, following = ada.get(f"{path}/change"), answer.location
        _hold_no_secret(page.text, repr(page.headers), again.text, repr(answer.headers))
        headers = f"{answer.status_code} {sorted(set(answer.headers.keys()))}"
        if "Change my last judgment" in page.text:  # which the first one alone does not offer
            seen[_is_gold(secret, path)] |= {_shape(page.text), _shape(again.text), headers}
    assert len(seen[False]) == 3
    assert seen[True] == seen[False]
    _hold_no_secret(*(ada.get(p).text for p in ("/", "/judgments", "/finished", "/projects")))


def test_the_api_tells_nothing(secret: Stage) -> None:
    ada, seen = secret.callers["ada"], {True: set[str](), False: set[str]()}
    while (given := ada.post(f"{API}/projects/blind/assignments")).status_code == 201:
        told = dict(given.json or {})
        said = {"key": f"00000000-0000-4000-8000-{told['id']:012d}", "choice": 1}
        receipt = ada.post(f"{API}/assignments/{told['id']}/judgment", json=said)
        _hold_no_secret(given.text, repr(given.headers), receipt.text, repr(receipt.headers))
        seen[_is_gold(secret, f"/{told['id']}")] |= {_shape(given.text), _shape(receipt.text)}
    assert len(seen[False]) == 2
    assert seen[True] == seen[False]


def _is_gold(stage: Stage, path: str) -> bool:
    with stage.database.reading() as session:
        assignment = session.get_one(Assignment, int(path.rsplit("/", 1)[1]))
        return session.get_one(Comparison, assignment.comparison_id).is_gold


def _shape(text: str) -> str:
    """Return an answer without what is different in each: numbers, tokens, the texts."""
    plain = re.sub(r"What is .*?\?", "?", html.unescape(text))
    return CHANGING.sub("#", CLOCK.sub(lambda found: _kind(found[1]), plain))


def _kind(slip: str) -> str:
    """Return what the slip of a page's clock says of it, but for numbers and its name."""
    said = slip.partition(".")[0]
    _, *told = json.loads(urlsafe_b64decode(said + "=" * (-len(said) % 4)))
    return " ".join(word for word in told if isinstance(word, str))


def _hold_no_secret(*texts: str) -> None:
    for text in texts:
        assert [secret for secret in SECRETS if secret in text.lower()] == []


def test_the_place_of_the_right_answer_is_drawn(secret: Stage) -> None:
    for who in ("ada", "bea", "rex"):
        visit = Visit(secret.app).arrive(f"{who}@example.org")
        following = visit.post("/projects/blind/start").location
        while following != "/finished":
            visit.get(following)
            following = visit.post(following, choice="2", key=visit.hidden("key")).location
    with secret.database.reading() as session:
        firsts = session.scalars(
            sa.select(Assignment.places[0].as_integer())
            .join(Comparison, Comparison.id == Assignment.comparison_id)
            .where(Comparison.is_gold)
        )
        assert {*firsts} == {0, 1}


def test_nobody_reads_what_another_annotator_said(stage: Stage) -> None:
    ada, path = stage.visits["ada"], stage.path("/projects/helpful/comparisons/{comparison}")
    assert ada.client.get(path).status_code == 403
    for page in ("/", "/judgments", "/projects"):
        assert "Bea" not in ada.get(page).text
