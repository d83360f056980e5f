"""Label Studio's JSON export: sides, cancelled and changed annotations, and what is refused."""

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from labeler import audit
from labeler.work.layouts import Refused
from labeler.work.migrated import storing
from labeler.work.migrated.given import Brought
from labeler.work.sources import label_studio, reading
from labeler.work.sources.label_studio import Questions
from labeler.work.sources.reading import Fields
from tests.cast import Cast
from tests.labeler.work.migrated import told
from tests.make import make_project

FIELDS = Fields("prompt", ("answer1", "answer2"), models=("model1", "model2"))
PAIRWISE = Questions("comparison", "why")


def chosen(side: str, to_name: str = "answer1,answer2") -> dict[str, Any]:
    return {
        "from_name": "comparison",
        "to_name": to_name,
        "type": "pairwise",
        "value": {"selected": side},
    }


def words(*said: str) -> dict[str, Any]:
    value = {"choices": list(said)}
    return {"from_name": "comparison", "to_name": "prompt", "type": "choices", "value": value}


def why(text: str) -> dict[str, Any]:
    value = {"text": [text]}
    return {"from_name": "why", "to_name": "prompt", "type": "textarea", "value": value}


def annotation(who: Any, *result: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "id": 9,
        "completed_by": who,
        "was_cancelled": False,
        "lead_time": 21.4,
        "created_at": "2025-03-09T21:52:49.513742Z",
        "result": list(result),
    } | changes


def task(number: int, *annotations: dict[str, Any], **data: Any) -> dict[str, Any]:
    given = {
        "id": f"own-{number}",
        "prompt": f"{number}+{number}?",
        "answer1": str(2 * number),
        "answer2": "five",
        "model1": "m-1",
        "model2": "m-2",
        "topic": "sums",
    }
    return {"id": number, "project": 4, "data": given | data, "annotations": list(annotations)}


STORY = [
    task(
        1,
        annotation(3, chosen("left"), why("Right.")),
        annotation({"id": 5, "email": "ann@example.org"}, chosen("right")),
        annotation(7, chosen("right", "answer2,answer1")),
    ),
    task(
        2,
        annotation(3, was_cancelled=True),
        annotation(5, chosen("left"), created_at="2025-03-10T09:00:00Z"),
        annotation(5, chosen("right"), created_at="2025-03-10T10:00:00Z"),
        annotation(7),
    ),
    task(3) | {"annotations": []},
]
SAID = Counter(
    {
        ("1", "3", "preference", "2", 1): 1,
        ("1", "ann@example.org", "preference", "five", 1): 1,
        ("1", "7", "preference", "2", 1): 1,
        ("2", "3", "skip", None, None): 1,
        ("2", "5", "preference", "five", 1): 1,
        ("2", "7", "skip", None, None): 1,
    }
)


def write(path: Path, tasks: list[Any]) -> Path:
    path.write_text(json.dumps(tasks), "utf-8")
    return path


def read(path: Path, fields: Fields = FIELDS, questions: Questions = PAIRWISE) -> list[Any]:
    return list(label_studio.read(path, fields, questions))


def test_an_equal_multiset_of_judgments_is_stored(
    session: Session, cast: Cast, tmp_path: Path
) -> None:
    project = make_project(session, cast)
    found = read(write(tmp_path / "export.json", STORY))
    assert sum((told.of(each) for each in found), Counter()) == SAID
    storing.load(
        session, project, found, source="label-studio", name="e", digest="d" * 64, by=cast.olga
    )
    assert told.told(session, project) == SAID
    assert list(audit.faults(session)) == []


def test_times_reasons_models_and_other_data_are_kept(tmp_path: Path) -> None:
    first = read(write(tmp_path / "export.json", STORY))[0]
    given = first.given[0]
    assert given.at == datetime(2025, 3, 9, 21, 52, 49, 513742, tzinfo=UTC)
    assert (given.seconds, given.reason) == (21.4, "Right.")
    assert [each.model for each in first.row.responses] == ["m-1", "m-2"]
    assert first.row.metadata == {"topic": "sums", "label_studio": {"project": 4}}


def test_no_decision_may_mean_a_tie(tmp_path: Path) -> None:
    path = write(tmp_path / "export.json", [task(1, annotation(3))])
    (found,) = read(path, questions=Questions("comparison", empty_is_tie=True))
    assert list(told.of(found)) == [("1", "3", "tie", None, None)]


def test_choices_mean_what_the_owner_says(tmp_path: Path) -> None:
    said = [annotation(n, words(each)) for n, each in enumerate(("left", "B", "Equal", "Bad", "-"))]
    meant = reading.means(["equal=tie", "bad=both-bad", "-=skip"])
    fields = Fields("prompt", ("answer1", "answer2"), means=meant)
    (found,) = read(write(tmp_path / "export.json", [task(1, *said)]), fields)
    assert [each[2:4] for each in told.of(found)] == [
        ("preference", "2"),
        ("preference", "five"),
        ("tie", None),
        ("both_bad", None),
        ("skip", None),
    ]


REFUSED = {
    "no data": ({"id": 1, "annotations": []}, "data"),
    "nobody": (task(1, annotation(None, chosen("left"))), "annotations.0.completed_by"),
    "no side": (task(1, annotation(3, chosen("top"))), "annotations.0.result"),
    "two words": (task(1, annotation(3, words("left", "right"))), "annotations.0.result"),
    "unknown words": (task(1, annotation(3, words("Sideways"))), "annotations.0.result"),
    "no moment": (task(1, annotation(3, created_at="soon")), "annotations.0.created_at"),
    "annotations": (task(1) | {"annotations": ["?"]}, "annotations.0"),
    "same answers": (task(1, answer2="2"), "answer2"),
    "no object": ("task", "row"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_by_task_and_field(tmp_path: Path, case: str) -> None:
    bad, field = REFUSED[case]
    _, found = read(write(tmp_path / "export.json", [STORY[0], bad]))
    assert isinstance(found, Refused)
    assert (found.line, found.field) == (2, field)
    assert isinstance(read(write(tmp_path / "export.json", [STORY[0]]))[0], Brought)
