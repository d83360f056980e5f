"""The same command twice: docs/idempotency.md says of every one that writes what comes of it."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click
import pytest
import sqlalchemy as sa

from labeler.cli import main
from labeler.database import Database
from labeler.endpoints import profiles, registry
from labeler.schema import Base
from tests import postgres
from tests.exports.stories import tell
from tests.house.source import ROOT
from tests.labeler.cli.conftest import Terminal

DOCUMENT = ROOT / "docs" / "idempotency.md"
ROW = re.compile(r"^\| `labeler (.+?)` \| (\d) \| (\d) \| (.+?) \|", re.MULTILINE)
NOTHING = "nothing"
LOOKING = """
batch list, db version, endpoint check, endpoint list, endpoint show, leaderboard,
ledger verify,
pay corrections, pay list, pay show, plan, project list,
migrate people, release diff, release list, release verify, secret, serve, verify, wages list
"""
PAID = "draft approve drop let-go file sent results layout"
PAID += " correct take-back agree forgo exchange round-up"
MOVED = "arena argilla label-studio mt-bench multipref potato"
ELSEWHERE = {
    *("demo", "restore", "person identity", "release load"),
    *("batch generate", "batch generations"),
    *(f"pay {name}" for name in PAID.split()),
    *(f"migrate {name}" for name in MOVED.split()),
}
"""Run twice by their own tests: on a database of their own, on none, after an erasure, step by
step, with files of their own, and with models to ask."""
PROJECT = 'title = "Twice"\nguidelines = "Be fair."\n[pay]\ncurrency = "EUR"\n'
ENDPOINT = """
name = "new"
provider = "llamacpp"
base_url = "http://127.0.0.1:8080/v1"
model = "small"
place = "on_premises"
"""
FORM = "[rubric]\nsteps = 5\n"
PAIR = (
    '{"id": "n", "prompt": "Why?", "language": "en", "responses": [{"text": "a"}, {"text": "b"}]}'
)

COMMANDS = {
    "db upgrade": "db upgrade",
    "person create": "person create new@example.org New",
    "person link": "person link ada@example.org",
    "person data": "person data ada@example.org -o {folder}/ada.zip --as root@example.org",
    "person erase": "person erase mallory@example.org --reason Asked --as root@example.org",
    "retention apply": "retention apply",
    "token create": "token create ada@example.org",
    "refresh": "refresh",
    "project create": "project create {folder}/project.toml --owner olga@example.org",
    "project ask": "project ask helpful {folder}/form.toml",
    "project pause": "project pause helpful",
    "project resume": "project resume helpful",
    "project close": "project close helpful",
    "project invite": "project invite helpful new@example.org New",
    "project place": "project place helpful ada@example.org --language en",
    "wages load": "wages load",
    "batch load": "batch load helpful {folder}/pair.jsonl",
    "batch arrange": "batch arrange helpful 1 --priority 5 --judgments 4",
    "work": "work --once",
    "call": "call --once",
    "endpoint add": "endpoint add {folder}/endpoint.toml",
    "endpoint archive": "endpoint archive there",
    "release cut": "release cut helpful --out {folder}/release",
    "release again": "release again helpful 1 --out {folder}/again",
    "release publish": "release publish helpful 1",
    "release withdraw": "release withdraw helpful 1 --because Personal",
    "release key": "release key",
    "backup": "backup {folder}/backup.tar",
}


class Told(NamedTuple):
    """What the document says: how each ends, and what the second one adds."""

    first: int
    again: int
    adds: str


def documented() -> dict[str, Told]:
    """Read the document's table by command."""
    rows = ROW.findall(DOCUMENT.read_text("utf-8"))
    return {name: Told(int(first), int(again), adds) for name, first, again, adds in rows}


def commands(group: click.Command, *path: str) -> Iterator[str]:
    """Yield all that can be typed after `labeler`."""
    if not isinstance(group, click.Group):
        yield " ".join(path)
        return
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield from commands(command, *path, name)


def digest(terminal: Terminal, folder: Path) -> str:
    """Hash every row of every table, and name every file."""
    # The database's own files come and go.
    files = sorted(path for path in folder.rglob("*") if not path.name.startswith("labeler-"))
    found = hashlib.sha256(repr(files).encode())
    with terminal.session() as session:
        for table in Base.metadata.sorted_tables:
            query = sa.select(table).order_by(*table.primary_key.columns)
            for row in session.execute(query):
                found.update(repr(row).encode())
    return found.hexdigest()


@pytest.fixture
def desk(either: Terminal, tmp_path: Path) -> Terminal:
    """A terminal on a project that was judged and released once, on each back end in turn."""
    either.settings["LABELER_PG_PROGRAMS"] = str(postgres.programs())
    database = Database(either.settings["LABELER_DATABASE_URL"])
    tell(database, {"p": [0, 0]})
    with database.writing() as session:
        registry.add(session, profiles.parse(ENDPOINT.replace("new", "there")), by=None)
        session.commit()
    database.close()
    either.good("release", "cut", "helpful", "--out", tmp_path / "first")
    files = {"project.toml": PROJECT, "form.toml": FORM, "pair.jsonl": PAIR}
    files |= {"endpoint.toml": ENDPOINT}
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    return either


def test_the_document_tells_of_every_command_that_writes() -> None:
    writing = set(commands(main)) - set(LOOKING.replace("\n", " ").strip().split(", "))
    assert set(documented()) == writing == {*COMMANDS, *ELSEWHERE}


@pytest.mark.parametrize("name", COMMANDS)
def test_by_command(desk: Terminal, tmp_path: Path, name: str) -> None:
    first, again, adds = documented()[name]
    typed = COMMANDS[name].format(folder=tmp_path).split()
    once = desk(*typed)
    assert once.exit_code == first, once.output
    before = digest(desk, tmp_path)
    twice = desk(*typed)
    assert twice.exit_code == again, twice.output
    assert (digest(desk, tmp_path) == before) == (adds == NOTHING)
