"""A damaged SQLite file is noticed, and what is damaged is named."""

import sqlite3
from pathlib import Path

import pytest

from labeler import storage
from labeler.database import Database
from tests.conftest import NewAddress
from tests.damage import scribble


@pytest.fixture
def address(new_address: NewAddress) -> str:
    return new_address("sqlite")


@pytest.fixture
def path(address: str) -> Path:
    return Path(address.removeprefix("sqlite:///"))


def faults(address: str) -> list[str]:
    database = Database(address)
    with database.reading() as session:
        found = list(storage.faults(session))
    database.close()
    return found


def test_a_sound_file_has_no_fault(address: str) -> None:
    assert faults(address) == []


def test_a_page_that_was_scribbled_on_is_named(address: str, path: Path) -> None:
    scribble(path, "ix_events_project_id")
    assert any("Tree" in fault or "malformed" in fault for fault in faults(address))


def test_a_file_that_is_no_database_any_more_is_named(address: str, path: Path) -> None:
    path.write_bytes(b"\xff" * path.stat().st_size)
    assert faults(address) == ["file is not a database"]


def test_a_key_that_refers_to_nothing_is_named(address: str, path: Path) -> None:
    with sqlite3.connect(path) as careless:  # it does not look at keys unless told to
        careless.execute(
            "INSERT INTO guidelines (project_id, number, text, created_by, created_at) "
            "VALUES (77, 1, '', 78, '2026-11-23')"
        )
    careless.close()
    assert sorted(faults(address)) == [
        "row 1 of guidelines refers to a row of people that is not there",
        "row 1 of guidelines refers to a row of projects that is not there",
    ]


def test_postgresql_has_nothing_to_say(new_address: NewAddress) -> None:
    assert faults(new_address("postgresql")) == []
