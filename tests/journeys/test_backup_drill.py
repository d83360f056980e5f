"""A backup while people judge, restored elsewhere: what was acknowledged before it is in it."""

import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Event

import pytest
import sqlalchemy as sa

from labeler.database import Database
from labeler.work.judgments import Judgment
from tests import postgres
from tests.gunicorn import running
from tests.journeys.opening import SLUG, load_pairs, open_projects
from tests.journeys.wire import PATIENCE_S, Wire
from tests.labeler.cli.conftest import Terminal

pytestmark = pytest.mark.slow
PEOPLE = 8
WRITES_PER_S = 50


class Person:
    """Judges at a steady pace, and keeps what was acknowledged."""

    def __init__(self, url: str, token: str) -> None:
        self.wire = Wire(url, token)
        self.receipts: list[str] = []

    def work(self, done: Event) -> None:
        with closing(self.wire):
            # To take and to submit are a write each.
            while not done.wait(2 * PEOPLE / WRITES_PER_S):
                given = self.wire.post(f"/projects/{SLUG}/assignments")
                assert given.status == 201, given
                key = str(uuid.uuid4())
                said = {"key": key, "choice": 1}
                told = self.wire.post(f"/assignments/{given.json['id']}/judgment", said)
                assert told.status == 201, told
                self.receipts.append(key)


@pytest.fixture
def elsewhere(backend: str, address: str, tmp_path: Path) -> Iterator[str]:
    """The address of a place where no database is yet."""
    if backend == "sqlite":
        yield f"sqlite:///{tmp_path / 'elsewhere' / 'labeler.db'}"
        return
    empty = postgres.create_database(address)
    yield empty
    postgres.drop_database(empty)


def test_what_was_acknowledged_before_a_backup_is_in_it(
    address: str, elsewhere: str, terminal: Terminal, tmp_path: Path, soak: bool
) -> None:
    opened = open_projects(terminal, tmp_path, [SLUG], annotators=PEOPLE)
    load_pairs(terminal, tmp_path, SLUG, count=2000 if soak else 200)
    backup, done = tmp_path / "backup.tar", Event()
    with running(address, tmp_path) as server, ThreadPoolExecutor(PEOPLE) as pool:
        people = [Person(server.url, token) for token in opened.annotators]
        working = [pool.submit(person.work, done) for person in people]
        try:
            wait_for(people, 600 if soak else 40)
            before = acknowledged(people)
            terminal.good("backup", backup, pg_programs=str(postgres.programs()))
            wait_for(people, len(acknowledged(people)) + 10)
        finally:
            done.set()
        for one in working:
            one.result()
    there = {
        "LABELER_DATABASE_URL": elsewhere,
        "LABELER_DATA": str(tmp_path / "elsewhere"),
        "LABELER_PG_PROGRAMS": str(postgres.programs()),
    }
    Terminal(there).good("restore", backup)
    Terminal(there).good("verify")
    restored = stored(elsewhere)
    assert before <= restored < stored(address) == acknowledged(people)


def wait_for(people: list[Person], count: int) -> None:
    until = time.monotonic() + PATIENCE_S
    while len(acknowledged(people)) < count:
        assert time.monotonic() < until
        time.sleep(0.01)


def acknowledged(people: list[Person]) -> set[str]:
    return {key for person in people for key in list(person.receipts)}


def stored(address: str) -> set[str]:
    database = Database(address)
    with database.reading() as session:
        keys = set(session.scalars(sa.select(Judgment.key)))
    database.close()
    return keys
