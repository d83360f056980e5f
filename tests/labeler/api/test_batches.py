"""Sending a file of comparisons, as a program does."""

import gzip
import io
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from labeler.database import Database
from labeler.errors import Conflict, Invalid
from labeler.people import tokens
from labeler.people.memberships import Role
from labeler.work import batches, projects
from labeler.work.batches import CHUNK, Batch
from labeler.work.comparisons import Comparison
from labeler.work.gold import Gold
from labeler.work.layouts import Refused, Row
from tests.calling import HELPFUL, Caller, Callers, make_caller, problem
from tests.cast import Cast
from tests.make import make_row
from tests.serving import close_app, make_app

NDJSON = "application/x-ndjson"
CSV = "id,prompt,response_a,response_b\nsum,What is 1 + 1?,2,3\n"


def row(number: int, **changes: Any) -> dict[str, Any]:
    """Make a row of the native layout."""
    given = {
        "id": f"new-{number}",
        "prompt": f"What is {number} + {number}?",
        "language": "en",
        "responses": [
            {"text": f"{2 * number}", "model": "x"},
            {"text": f"{3 * number + 1}", "model": "y"},
        ],
    }
    return given | changes


def lines(*rows: dict[str, Any]) -> bytes:
    """Write rows as lines of JSON."""
    return b"".join(json.dumps(each).encode() + b"\n" for each in rows)


def send(caller: Caller, body: bytes, media_type: str = NDJSON, **query: Any) -> TestResponse:
    """Send a file to Olga's project."""
    return caller.post(f"{HELPFUL}/batches", data=body, content_type=media_type, query_string=query)


def stored(database: Database) -> int:
    """Count the comparisons of the project beside the three that were there."""
    with database.reading() as session:
        return (session.scalar(sa.select(sa.func.count(Comparison.id))) or 0) - 3


def parquet() -> bytes:
    """Write the rows of CSV as Parquet."""
    table = pa.table({"id": ["p"], "prompt": ["1 + 1?"], "response_a": ["2"], "response_b": ["3"]})
    pq.write_table(table, buffer := io.BytesIO())
    return buffer.getvalue()


def test_every_kind_of_file(callers: Callers, database: Database) -> None:
    for body, media_type in (
        (lines(row(1)), NDJSON),
        (lines(row(2)), f"{NDJSON}; charset=utf-8"),
        (gzip.compress(lines(row(3))), "application/gzip"),
        (CSV.encode(), "text/csv"),
        (parquet(), "application/vnd.apache.parquet"),
    ):
        answer = send(callers.olga, body, media_type, name="sums")
        assert answer.status_code == 201, answer.text
        assert answer.json == {
            "batch": answer.json["batch"],
            "name": "sums",
            "comparisons": 1,
            "refused_count": 0,
            "refused": [],
        }
    assert stored(database) == 5


def test_a_long_file_is_there_as_a_whole(callers: Callers, database: Database) -> None:
    answer = send(callers.olga, lines(*map(row, range(1201))))
    assert (answer.status_code, answer.json["comparisons"]) == (201, 1201)
    with database.reading() as session:
        batch = session.get_one(Batch, answer.json["batch"])
        assert (batch.state, batch.comparisons) == (batches.BatchState.ready, 1201)


def test_the_same_file_again(callers: Callers, database: Database) -> None:
    body = lines(row(1), row(2))
    send(callers.olga, body, name="first")
    assert "first" in problem(send(callers.olga, body, name="second"), 409)["message"]
    assert stored(database) == 2


@pytest.mark.both
def test_the_same_file_twice_at_once(app: Flask, callers: Callers, database: Database) -> None:
    body = lines(*map(row, range(2500)))

    def load(_number: int) -> int:
        return send(Caller(app.test_client(), callers.olga.token), body).status_code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(load, range(2))) == [201, 409]
    assert stored(database) == 2500


@pytest.mark.both
def test_a_later_attempt_at_a_file_takes_over(database: Database, people: Cast) -> None:
    def attempt(session: Session) -> Iterator[batches.Progress]:
        project = projects.find(session, "helpful", by=people.olga, role=Role.owner)
        rows = [make_row(number) for number in range(10, 2400)]
        for progress in batches.load(
            session, project, rows, name="sums", digest="d", by=people.olga
        ):
            session.commit()
            yield progress

    with database.writing() as one, database.writing() as other:
        first, second = attempt(one), attempt(other)
        assert [next(first).loaded for _ in range(2)] == [0, CHUNK]
        assert next(progress.loaded for progress in second if progress.loaded) == CHUNK
        with pytest.raises(Conflict):
            next(first)
        one.close()
        assert [progress.loaded for progress in second][-1] == 2390
    assert stored(database) == 2390


def test_refused_rows_are_named_and_nothing_is_loaded(callers: Callers, database: Database) -> None:
    same = [{"text": "2"}, {"text": "2"}]
    body = lines(row(1), row(2, responses=same)) + b"not json\n" + lines(row(1))
    found = problem(send(callers.olga, body), 422)
    assert set(found["fields"]) == {"line 2, responses", "line 3, row", "line 4, id"}
    assert stored(database) == 0
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count(Batch.id))) == 1


def test_the_rest_is_loaded_when_asked(callers: Callers, database: Database) -> None:
    body = lines(row(1), row(2, responses=[]), row(3))
    answer = send(callers.olga, body, skip_bad="true")
    assert (answer.status_code, answer.json["comparisons"]) == (201, 2)
    assert answer.json["refused_count"] == 1
    (refused,) = answer.json["refused"]
    assert (refused["line"], refused["field"]) == (2, "responses")
    assert refused["reason"]
    assert stored(database) == 2


def test_known_answers_become_gold_only_when_asked(callers: Callers, database: Database) -> None:
    transcript = "\n\nHuman: What is 1 + 1?\n\nAssistant: "
    pair = {"chosen": transcript + "2", "rejected": transcript + "3"}
    other = {"chosen": transcript + "two", "rejected": transcript + "three"}
    send(callers.olga, lines(pair), layout="hh", language="en")
    assert golds(database) == 0
    send(callers.olga, lines(other), layout="hh", language="en", known_answers="true")
    assert golds(database) == 1


def golds(database: Database) -> int:
    """Count the known answers."""
    with database.reading() as session:
        return session.scalar(sa.select(sa.func.count(Gold.comparison_id))) or 0


def test_what_is_not_such_a_file(callers: Callers, database: Database) -> None:
    for body, media_type in (
        (b"", NDJSON),
        (b"\n\n", NDJSON),
        (gzip.compress(lines(row(1))), NDJSON),
        (lines(row(1)), "application/gzip"),
        (b"PAR1 and nothing else", "application/vnd.apache.parquet"),
        (gzip.compress(lines(row(1)))[:-20], "application/gzip"),
        (b"id,prompt\n", "text/csv"),
    ):
        problem(send(callers.olga, body, media_type), 422)
    assert stored(database) == 0


def test_another_type_of_body(callers: Callers) -> None:
    for media_type in ("application/json", "text/plain", ""):
        assert "text/csv" in problem(send(callers.olga, b"{}", media_type), 415)["message"]


def test_what_cannot_be_asked(callers: Callers) -> None:
    for query in (
        {"layout": "xml"},
        {"language": "not a language"},
        {"skip_bad": "perhaps"},
        {"name": "x" * 201},
        {"name": "a\0b"},
        {"project_id": "2"},
    ):
        found = problem(send(callers.olga, lines(row(1)), **query), 422)
        assert list(found["fields"]) == list(query)


def test_only_owners_load(callers: Callers, database: Database) -> None:
    for caller in (callers.ada, callers.rex):
        problem(send(caller, lines(row(1))), 403)
    problem(send(callers.mallory, lines(row(1))), 404)
    assert stored(database) == 0


def test_a_file_that_is_too_large(
    address: str, tmp_path: Path, database: Database, people: Cast
) -> None:
    app = make_app(address, tmp_path, upload_mb=1)
    olga = make_caller(app, database, people.olga, tokens.Scope.manage)
    large = lines(row(1, metadata={"why": "x" * 2**20}))
    problem(send(olga, large), 413)
    unannounced = {
        "input_stream": io.BytesIO(large),
        "environ_base": {"wsgi.input_terminated": True},
    }
    problem(olga.post(f"{HELPFUL}/batches", content_type=NDJSON, **unannounced), 413)
    assert stored(database) == 0
    close_app(app)


def test_nothing_stays_behind_on_disk(callers: Callers, tmp_path: Path) -> None:
    send(callers.olga, lines(row(1)))
    send(callers.olga, b"not json\n")
    assert list((tmp_path / "uploads").iterdir()) == []


@pytest.mark.parametrize("last", [make_row(2400), Refused(3, "prompt", "Missing.")])
@pytest.mark.both
def test_others_write_while_rows_are_read(
    database: Database, people: Cast, last: Row | Refused
) -> None:
    """Between chunks, and before a complaint is written, the turn to write is with the others."""

    def rows() -> Iterator[Row | Refused]:
        for number in range(10, 2400):
            if number in (700, 2100):
                write_something(database, people)
            if number == 500:
                yield last
            yield make_row(number)

    with database.writing() as session:
        project = projects.find(session, "helpful", by=people.olga, role=Role.owner)
        load = batches.load(session, project, rows(), name="long", digest="d", by=people.olga)
        try:
            for _progress in load:
                session.commit()
        except Invalid:
            assert isinstance(last, Refused)


def write_something(database: Database, people: Cast) -> None:
    """Write from another thread, as another request would; fails if it has to wait."""

    def write() -> None:
        with database.writing() as session:
            tokens.create(session, people.ada)
            session.commit()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(write).result(timeout=3)


def test_a_batch_is_arranged_and_what_is_left_out_stays(callers: Callers, people: Cast) -> None:
    (batch,) = callers.olga.get(f"{HELPFUL}/batches").json["batches"]  # type: ignore[index]
    first = {"priority": 0, "cohorts": [], "most_per_person": None, "judgments": 2}
    first["is_qualification"] = False
    assert batch == {"batch": 1, "name": "pairs", "state": "ready", "comparisons": 3} | first
    address = f"{HELPFUL}/batches/{batch['batch']}"
    expected = batch
    for change in (
        {"priority": 5, "cohorts": ["experts"], "most_per_person": 50, "judgments": 5},
        {"judgments": 3},
        {"most_per_person": None, "judgments": None},
        {"cohorts": []},
        {},
    ):
        expected |= {n: v for n, v in change.items() if n != "judgments" or v is not None}
        answer = callers.olga.post(address, json=change)
        assert (answer.status_code, answer.json) == (200, expected)
    assert callers.olga.get(f"{HELPFUL}/batches").json == {"batches": [expected]}


def test_a_batch_that_cannot_be_arranged(callers: Callers, people: Cast) -> None:
    address = f"{HELPFUL}/batches/1"
    for given in ({"priority": "5"}, {"priority": None}, {"cohorts": ["a b"]}, {"more": 1}):
        faults = problem(callers.olga.post(address, json=given), 422)["fields"]
        assert [name.partition(".")[0] for name in faults] == list(given)
    problem(callers.olga.post(f"{HELPFUL}/batches/99", json={}), 404)
    problem(callers.rex.post(address, json={}), 403)
    problem(callers.rex.get(f"{HELPFUL}/batches"), 403)
