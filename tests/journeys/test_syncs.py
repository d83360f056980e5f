"""An acknowledged judgment is on the disk: the server waits for it before it answers."""

import time
import uuid
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from labeler.database import Database
from tests.gunicorn import running
from tests.journeys.opening import SLUG, load_pairs, open_projects
from tests.journeys.tracing import PATIENCE_S, traced, worker
from tests.journeys.wire import Wire
from tests.labeler.cli.conftest import Terminal
from tests.serving import disconnect

pytestmark = pytest.mark.slow
CALLS = "fsync,fdatasync,sendto,sendmsg"
OTHERS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
SYNCS = """
    SELECT sum(fsyncs) FROM pg_stat_io WHERE object = 'wal' AND backend_type = 'client backend'
"""
SYNCS_BEFORE_18 = "SELECT wal_sync FROM pg_stat_wal"


@pytest.fixture
def count(soak: bool) -> int:
    """How many judgments are submitted, one after the other."""
    return 500 if soak else 40


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_sqlite_waits_for_the_disk_before_it_answers(
    address: str, terminal: Terminal, tmp_path: Path, count: int
) -> None:
    token = open_for_one(terminal, tmp_path, count)
    calls = tmp_path / "calls.txt"
    with (
        running(address, tmp_path) as server,
        closing(Wire(server.url, token)) as wire,
        traced(worker(server.pid), calls, CALLS),
    ):
        judge(wire, count)
    assert waited_for(calls.read_text().splitlines()) == [True] * (2 * count)


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_postgresql_waits_for_the_disk_at_every_commit(
    address: str, terminal: Terminal, database: Database, tmp_path: Path, count: int
) -> None:
    token = open_for_one(terminal, tmp_path, count)
    before = wal_syncs(database, address)
    with running(address, tmp_path) as server, closing(Wire(server.url, token)) as wire:
        judge(wire, count)
    assert wal_syncs(database, address) - before >= 2 * count


def open_for_one(terminal: Terminal, folder: Path, count: int) -> str:
    opened = open_projects(terminal, folder, [SLUG], annotators=1)
    load_pairs(terminal, folder, SLUG, count=count)
    return opened.annotators[0]


def judge(wire: Wire, count: int) -> list[str]:
    """Take and submit, one after the other: two commits for each; return the keys."""
    keys = [str(uuid.uuid4()) for _ in range(count)]
    for key in keys:
        held = wire.post(f"/projects/{SLUG}/assignments")
        assert held.status == 201, held
        said = {"key": key, "choice": 1}
        told = wire.post(f"/assignments/{held.json['id']}/judgment", said)
        assert told.status == 201, told
    return keys


def waited_for(calls: list[str]) -> list[bool]:
    """Tell of each answer that something was made whether the disk was waited for before it."""
    told, waited = [], False
    for line in calls:
        waited = waited or "fdatasync(" in line or "fsync(" in line
        if "HTTP/1.1 201" in line:
            told.append(waited)
            waited = False
    return told


def wal_syncs(database: Database, address: str) -> int:
    """Return how often connections have waited for the server's log to be on the disk.

    They tell at the latest when they are closed, so this waits until all others are.
    """
    disconnect(address)
    until = time.monotonic() + PATIENCE_S
    while connected_others(database):
        assert time.monotonic() < until
        time.sleep(0.01)
    with database.reading() as session:
        newer = int(session.scalar(sa.text("SHOW server_version_num")) or 0) >= 180000
        return int(session.scalar(sa.text(SYNCS if newer else SYNCS_BEFORE_18)) or 0)


def connected_others(database: Database) -> int:
    with database.reading() as session:
        return int(session.scalar(sa.text(OTHERS)) or 0)
