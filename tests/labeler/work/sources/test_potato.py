"""Potato's folders: both ways of writing what somebody said, and what is refused."""

import json
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from labeler import audit
from labeler.errors import Invalid
from labeler.work.layouts import Refused
from labeler.work.migrated import storing
from labeler.work.sources import potato, reading
from labeler.work.sources.reading import Fields
from tests.cast import Cast
from tests.labeler.work.migrated import told
from tests.make import make_project

FIELDS = Fields("prompt", ("candidates",))
ITEMS = [
    {"id": "i1", "prompt": "1+1?", "candidates": ["2", "five"], "topic": "sums"},
    {"id": "i2", "prompt": "2+2?", "left": "4", "right": "five"},
    {"id": "i3", "prompt": "3+3?", "candidates": ["6", "five"]},
]


def pair(name: str, value: Any, schema: str = "preference") -> list[Any]:
    return [{"schema": schema, "name": name}, value]


def state(who: str, labels: Mapping[str, Any], **behaviour: Any) -> dict[str, Any]:
    return {
        "user_id": who,
        "instance_id_ordering": list(labels),
        "instance_id_to_label_to_value": labels,
        "instance_id_to_span_to_value": {},
        "instance_id_to_behavioral_data": dict.fromkeys(labels, behaviour),
    }


def write(folder: Path, items: list[Any] | None = None) -> tuple[list[Path], Path]:
    """Write a task: Ann and Bo as newer versions do, Cy as older ones."""
    data, output = folder / "items.json", folder / "annotation_output"
    data.write_text("\n".join(json.dumps(item) for item in items or ITEMS), "utf-8")
    ann = {
        "i1": [pair("selection", "A"), pair("mood", "5", "mood")],
        "i2": [pair("scale_value", "2")],
        "i3": [pair("mood", "1", "mood")],
    }
    bo = {"i1": {"preference": {"selection": "tie"}}, "i2": {"preference": {"scale_value": "-3"}}}
    told_of = {"session_start": 1740000000.0, "session_end": 1740000060.0, "total_time_ms": 41000}
    for who, labels in (("ann", ann), ("bo", bo)):
        (output / who).mkdir(parents=True)
        written = state(who, labels, **told_of)
        (output / who / "user_state.json").write_text(json.dumps(written), "utf-8")
    (output / "cy").mkdir()
    lines = [
        {
            "id": "i1",
            "displayed_text": "1+1?",
            "label_annotations": {"preference": {"B is better": "true"}},
            "span_annotations": [],
            "behavioral_data": {"time_string": "Time spent: 0d 0h 1m 12s "},
        },
    ]
    path = output / "cy" / "annotated_instances.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    (output / "logs").mkdir()
    return [data], output


SAID = Counter(
    {
        ("i1", "ann", "preference", "2", 1): 1,
        ("i1", "bo", "tie", None, None): 1,
        ("i1", "cy", "preference", "five", 1): 1,
        ("i2", "ann", "preference", "five", 2): 1,
        ("i2", "bo", "preference", "4", 3): 1,
    }
)
MEANT = Fields("prompt", ("candidates",), means=reading.means(["B is better=2"]))


def test_an_equal_multiset_of_judgments_is_stored(
    session: Session, cast: Cast, tmp_path: Path
) -> None:
    project = make_project(session, cast)
    items, folder = write(tmp_path)
    found = list(potato.read(items, folder, MEANT, "preference"))
    assert [each for each in found if isinstance(each, Refused)] == []
    assert sum((told.of(each) for each in found), Counter()) == SAID  # type: ignore[arg-type]
    storing.load(
        session, project, found, source="potato", name="out", digest="d" * 64, by=cast.olga
    )
    assert told.told(session, project) == SAID
    assert list(audit.faults(session)) == []


def test_when_and_how_long_is_kept(tmp_path: Path) -> None:
    items, folder = write(tmp_path)
    first, second, _ = potato.read(items, folder, MEANT, "preference")
    ann, _, cy = first.given  # type: ignore[union-attr]
    assert (ann.at, ann.seconds) == (datetime.fromtimestamp(1740000060, UTC), 41.0)
    assert (cy.at, cy.seconds) == (None, 72.0)
    assert first.row.metadata == {"topic": "sums"}  # type: ignore[union-attr]
    assert second.row.metadata == {}  # type: ignore[union-attr]


def test_words_that_nobody_explained_are_refused(tmp_path: Path) -> None:
    items, folder = write(tmp_path)
    refused, *_ = potato.read(items, folder, FIELDS, "preference")
    assert isinstance(refused, Refused)
    assert (refused.line, refused.field) == (1, "cy")
    assert "B is better" in refused.reason


def test_what_is_judged_must_be_among_the_items(tmp_path: Path) -> None:
    items, folder = write(tmp_path, ITEMS[1:])
    with pytest.raises(Invalid, match="ann judged “i1”"):
        list(potato.read(items, folder, MEANT, "preference"))


def test_a_folder_of_nobody_and_a_broken_state_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="no folder of a person"):
        potato.files(tmp_path)
    items, folder = write(tmp_path)
    (folder / "ann" / "user_state.json").write_text("{", "utf-8")
    with pytest.raises(Invalid, match=r"user_state\.json is not what Potato writes"):
        list(potato.read(items, folder, MEANT, "preference"))


def test_the_hash_is_of_items_and_of_everybody(tmp_path: Path) -> None:
    items, folder = write(tmp_path)
    before = potato.digest_of(items, folder)
    assert potato.digest_of(items, folder) == before
    (folder / "cy" / "annotated_instances.jsonl").write_text("", "utf-8")
    assert potato.digest_of(items, folder) != before
