"""The disk is full: reading goes on, saving is refused in words, nothing acknowledged is lost."""

import json
import secrets
import shutil
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
import sqlalchemy as sa

from labeler.database import Database
from labeler.work.judgments import Judgment
from tests import postgres, volumes
from tests.gunicorn import Server, running
from tests.journeys.opening import SLUG, Opened, load_pairs, open_projects
from tests.journeys.wire import Wire
from tests.labeler.cli.conftest import Terminal
from tests.volumes import MIB, Volume

pytestmark = pytest.mark.slow
PEOPLE = 4
COMPARISONS = 300
REFUSALS = 6
"""How often each person tries in vain before there is room again."""
REASON_BYTES = 1900
"""Drawn anew for each, in hexadecimal, so that no database makes it small."""


@pytest.fixture
def volume() -> Iterator[Volume]:
    """A disk of its own."""
    with volumes.mounted() as volume:
        yield volume


@pytest.fixture
def address(backend: str, volume: Volume, request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a fresh database whose tables lie on the small disk."""
    if backend == "sqlite":
        path = volume.path / "labeler.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    server = request.getfixturevalue("postgresql_server")
    template = request.getfixturevalue("postgresql_template")
    with postgres.connect(server) as connection:
        space = f"space_{uuid.uuid4().hex[:12]}"
        folder = postgres.own_folder(volume.path / "tables")
        connection.execute(f"CREATE TABLESPACE {space} LOCATION '{folder}'")
        made = postgres.create_database(server, template=template, tablespace=space)
        yield made
        postgres.drop_database(made)
        connection.execute(f"DROP TABLESPACE {space}")


class Person:
    """Judges, and keeps a receipt of what was acknowledged; `pending` was not."""

    def __init__(self, url: str, token: str) -> None:
        self.wire = Wire(url, token)
        self.receipts: set[str] = set()
        self.refusals: list[Any] = []
        self.pending: tuple[int, dict[str, Any]] | None = None

    def until_full(self) -> None:
        """Judge until saving has been refused again and again."""
        while len(self.refusals) < REFUSALS:
            self._act()

    def on(self) -> None:
        """Save what could not be saved, and go on for a while."""
        for _ in range(10):
            assert self._act()

    def _act(self) -> bool:
        if self.pending is None and (held := self._post(f"/projects/{SLUG}/assignments")):
            key = str(uuid.uuid4())
            reason = secrets.token_hex(REASON_BYTES)
            self.pending = held["id"], {"key": key, "choice": 1, "reason": reason}
        if self.pending is None:
            return False
        assignment, said = self.pending
        if self._post(f"/assignments/{assignment}/judgment", said) is None:
            return False
        self.receipts.add(said["key"])
        self.pending = None
        return True

    def _post(self, path: str, said: object = None) -> Any:
        told = self.wire.post(path, said)
        if told.status == 201:
            return told.json
        assert told.status == 507, told
        self.refusals.append(told.json["error"])
        return None


def test_a_full_disk_loses_nothing_and_is_got_over(
    address: str, backend: str, volume: Volume, tmp_path: Path
) -> None:
    # On SQLite the log and the uploads lie on the full disk as well.
    folder = volume.path if backend == "sqlite" else tmp_path
    terminal = terminal_on(address, folder)
    opened = open_projects(terminal, tmp_path, [SLUG], annotators=PEOPLE)
    load_pairs(terminal, tmp_path, SLUG, count=COMPARISONS)
    volume.leave(MIB)
    with running(address, folder) as server, ExitStack() as stack:
        people = [Person(server.url, token) for token in opened.annotators]
        for person in people:
            stack.enter_context(closing(person.wire))
        everybody(people, Person.until_full)
        assert_read(server, opened)
        assert_no_file_is_taken(server, opened)
        terminal.good("backup", tmp_path / "backup.tar")
        if backend == "sqlite":
            assert_no_backup_is_made(terminal, volume)
        assert {said["code"] for person in people for said in person.refusals} == {"full"}
        assert "The disk of this site is full" in people[0].refusals[0]["message"]
        before = sum(len(person.receipts) for person in people)
        assert before > 0
        assert stored(address) >= {key for person in people for key in person.receipts}
        volume.leave(100 * MIB)
        everybody(people, Person.on)
    receipts = {key for person in people for key in person.receipts}
    assert len(receipts) == before + 10 * PEOPLE
    assert stored(address) == receipts
    terminal.good("verify")


def terminal_on(address: str, folder: Path) -> Terminal:
    return Terminal(
        {
            "LABELER_DATABASE_URL": address,
            "LABELER_DATA": str(folder),
            "LABELER_PG_PROGRAMS": str(postgres.programs()),
        }
    )


def everybody(people: list[Person], do: Callable[[Person], None]) -> None:
    with ThreadPoolExecutor(PEOPLE) as pool:
        list(pool.map(do, people))


def assert_read(server: Server, opened: Opened) -> None:
    with closing(Wire(server.url, opened.owner)) as olga:
        assert olga.get(f"/projects/{SLUG}/progress").status == 200
        assert olga.get(f"/projects/{SLUG}/judgments").status == 200
    with urlopen(f"{server.url}/sign-in") as page:
        assert page.status == 200


def assert_no_file_is_taken(server: Server, opened: Opened) -> None:
    with closing(Wire(server.url, opened.owner)) as olga:
        rows = "".join(f"{json.dumps(make_long_pair(number))}\n" for number in range(100))
        told = olga.upload(
            f"/projects/{SLUG}/batches?name=more.jsonl", rows.encode(), "application/x-ndjson"
        )
        assert told.status == 507, told


def assert_no_backup_is_made(terminal: Terminal, volume: Volume) -> None:
    before = set(volume.path.iterdir())
    assert "There is no room in" in terminal.refused(1, "backup", volume.path / "backup.tar")
    assert set(volume.path.iterdir()) == before


def make_long_pair(number: int) -> dict[str, Any]:
    answers = [{"text": secrets.token_hex(8 * 1024)} for _ in range(2)]
    return {"id": f"long-{number}", "prompt": "Which is longer?", "language": "en"} | {
        "responses": answers
    }


def stored(address: str) -> set[str]:
    database = Database(address)
    with database.reading() as session:
        keys = set(session.scalars(sa.select(Judgment.key)))
    database.close()
    return keys
