"""Nobody is watched: there is no place to keep it, and the clock of a page does not look."""

import re

import pytest

import labeler.app  # noqa: F401 (which every table comes with)
from labeler.schema import Base
from labeler.web import worktime
from tests.house.source import ROOT

WATCHED = re.compile(
    r"keys?_?(strokes?|press|log|down|up)|pressed|typing|typed|mouse|pointer|cursor|clicks?|scroll"
    r"|screen_?(shots?|cast)|webcam|camera|microphone|audio|video|recording|emotion|mood|sentiment"
    r"|face|gaze|eyes?|attention|productiv|biometric|latitude|longitude|geo_?location"
)
CLOCK = (ROOT / "labeler" / "static" / "clock.js").read_text("utf-8")


def names() -> set[str]:
    """Return the name of every table and of every column."""
    tables = Base.metadata.tables.values()
    return {table.name for table in tables} | {c.name for table in tables for c in table.columns}


def test_no_table_has_a_place_for_what_people_press_look_at_or_feel() -> None:
    assert len(names()) > 100
    assert [name for name in sorted(names()) if WATCHED.search(name)] == []


@pytest.mark.parametrize(
    "name", ["keystrokes", "keys_pressed", "mouse_path", "screenshot_id", "webcam", "emotion"]
)
def test_such_a_place_would_be_found(name: str) -> None:
    assert WATCHED.search(name)


def test_the_clock_of_a_page_does_not_look_at_what_was_touched() -> None:
    assert not re.search(r"\b(event|target|value|key|code|clientX|clientY|innerText)\b", CLOCK)
    sent = re.search(r"return (\[\[\"slip\".*\]\]);", CLOCK)
    assert sent
    assert re.findall(r'\["(\w+)"', sent[1]) == list(worktime.FIELDS)
