"""Argilla's flattened export: who said what, in its three lists, and what is refused."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from labeler import audit
from labeler.work.layouts import Refused
from labeler.work.migrated import storing
from labeler.work.migrated.given import Brought
from labeler.work.sources import argilla, reading
from labeler.work.sources.argilla import Questions
from labeler.work.sources.reading import Fields
from tests.cast import Cast
from tests.labeler.work.migrated import told
from tests.make import make_project

ADA, BEA, CLO = (f"5b0c0000-0000-4000-8000-00000000000{n}" for n in range(3))
FIELDS = Fields("instruction", ("response1", "response2"))
RANKING = Questions("ranking", "why")


def order(*ranks: int) -> list[dict[str, Any]]:
    return [{"value": f"response{n}", "rank": rank} for n, rank in enumerate(ranks, start=1)]


def record(number: int, *said: tuple[Any, str, str], **changes: Any) -> dict[str, Any]:
    values, users, states = ([each[n] for each in said] for n in range(3))
    return {
        "id": f"r{number}",
        "status": "completed",
        "instruction": f"{number}+{number}?",
        "response1": str(2 * number),
        "response2": "5",
        "topic": "sums",
        "ranking.responses": values,
        "ranking.responses.users": users,
        "ranking.responses.status": states,
        "ranking.suggestion": None,
        "why.responses": [f"{who[-1:]} says so." for who in users],
        "why.responses.users": users,
        "why.responses.status": states,
    } | changes


STORY = [
    record(
        1,
        (order(1, 2), ADA, "submitted"),
        (order(2, 1), BEA, "submitted"),
        (order(1, 1), CLO, "submitted"),
    ),
    record(
        2,
        (["response2", "response1"], ADA, "submitted"),
        (order(1, 2), BEA, "discarded"),
        (order(1, 2), CLO, "draft"),
    ),
    record(3) | {"ranking.responses": None, "why.responses": None},
]
SAID = Counter(
    {
        ("r1", ADA, "preference", "2", 1): 1,
        ("r1", BEA, "preference", "5", 1): 1,
        ("r1", CLO, "tie", None, None): 1,
        ("r2", ADA, "preference", "5", 1): 1,
        ("r2", BEA, "skip", None, None): 1,
    }
)


def write(path: Path, records: list[dict[str, Any]]) -> Path:
    """Write an export, as one piece of JSON or as lines of it, as the name says."""
    if path.suffix == ".json":
        path.write_text(json.dumps(records), "utf-8")
    else:
        path.write_text("".join(json.dumps(each) + "\n" for each in records), "utf-8")
    return path


@pytest.mark.parametrize("name", ["export.json", "export.jsonl"])
def test_an_equal_multiset_of_judgments_is_stored(
    session: Session, cast: Cast, tmp_path: Path, name: str
) -> None:
    project = make_project(session, cast)
    found = list(argilla.read(write(tmp_path / name, STORY), FIELDS, RANKING))
    assert sum((told.of(each) for each in found if isinstance(each, Brought)), Counter()) == SAID
    storing.load(
        session, project, found, source="argilla", name=name, digest="d" * 64, by=cast.olga
    )
    assert told.told(session, project) == SAID
    assert list(audit.faults(session)) == []


def test_reasons_and_what_else_a_record_has_are_kept(tmp_path: Path) -> None:
    first, *_ = argilla.read(write(tmp_path / "e.jsonl", STORY), FIELDS, RANKING)
    assert isinstance(first, Brought)
    assert [given.reason for given in first.given] == ["0 says so.", "1 says so.", "2 says so."]
    assert first.row.metadata == {"status": "completed", "topic": "sums"}


def test_labels_mean_what_the_owner_says(tmp_path: Path) -> None:
    said = [
        ("response1", ADA, "submitted"),
        ("Both are fine", BEA, "submitted"),
        ("Much better: 2", CLO, "submitted"),
    ]
    meant = reading.means(["both are  FINE=tie", "Much better: 2=2:3"])
    fields = Fields("instruction", ("response1", "response2"), means=meant)
    (found,) = argilla.read(write(tmp_path / "e.jsonl", [record(1, *said)]), fields, RANKING)
    assert isinstance(found, Brought)
    assert [each[2:] for each in told.of(found)] == [
        ("preference", "2", 1),
        ("tie", None, None),
        ("preference", "5", 3),
    ]


REFUSED = {
    "nested": ({"fields": {}, "responses": {}}, "fields"),
    "uneven": (
        record(1, (order(1, 2), ADA, "submitted")) | {"ranking.responses.users": []},
        "ranking.responses.users",
    ),
    "no user": (record(1, (order(1, 2), "", "submitted")), "ranking.responses.users.0"),
    "state": (record(1, (order(1, 2), ADA, "pending")), "ranking.responses.status.0"),
    "unknown word": (record(1, ("neither", ADA, "submitted")), "ranking.responses.0"),
    "half an order": (
        record(1, ([{"value": "response1", "rank": 1}], ADA, "submitted")),
        "ranking.responses.0",
    ),
    "no list": (record(1) | {"ranking.responses": "response1"}, "ranking.responses"),
    "empty answer": (record(1, response2=" "), "response2"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_by_record_and_field(tmp_path: Path, case: str) -> None:
    bad, field = REFUSED[case]
    _, found = argilla.read(write(tmp_path / "e.json", [STORY[0], bad]), FIELDS, RANKING)
    assert isinstance(found, Refused)
    assert (found.line, found.field) == (2, field)
