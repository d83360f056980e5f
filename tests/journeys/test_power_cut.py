"""The power goes while somebody judges: what was acknowledged is on the disk that is left.

What the server writes is watched. From that a disk is made which has all that the server waited
for before the cut, and of what it did not wait for, some: a disk may write that in any order.
"""

import ast
import random
import re
import shutil
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from labeler import audit
from labeler.database import Database
from labeler.work.assignments import Assignment
from labeler.work.judgments import Judgment
from tests.gunicorn import running
from tests.journeys.test_syncs import judge, open_for_one
from tests.journeys.tracing import traced, worker
from tests.journeys.wire import Wire
from tests.labeler.cli.conftest import Terminal

pytestmark = pytest.mark.slow
CALLS = "pwrite64,ftruncate,fsync,fdatasync,sendto,sendmsg"
WHOLE = 70_000
"""How much of a write is told: SQLite writes a page at a time, which is no longer than this."""
WRITE = re.compile(r'pwrite64\(\d+<(.+?)>, (".*"), \d+, (\d+)')
SHORTEN = re.compile(r"ftruncate\(\d+<(.+?)>, (\d+)")
SYNC = re.compile(r"sync\(\d+<(.+?)>")
ANSWER = "HTTP/1.1 201"


class Disk:
    """The files that a database consists of, and what is on its way to the disk."""

    def __init__(self, path: Path) -> None:
        files = (path, path.with_name(f"{path.name}-wal"))
        self._kept = {str(file): bytearray(file.read_bytes()) for file in files}
        self._pending: list[tuple[str, int, bytes | None]] = []
        self._waiting: dict[str, str] = {}

    def follow(self, call: str) -> None:
        """Do what was asked of the system."""
        thread, _, asked = call.partition(" ")
        if (found := WRITE.search(asked)) and found[1] in self._kept:
            self._pending.append((found[1], int(found[3]), ast.literal_eval(f"b{found[2]}")))
        elif (found := SHORTEN.search(asked)) and found[1] in self._kept:
            self._pending.append((found[1], int(found[2]), None))
        elif found := SYNC.search(asked):
            self._waiting[thread] = found[1]
        if thread in self._waiting and asked.endswith("= 0\n"):
            self._sync(self._waiting.pop(thread))

    def cut(self, folder: Path) -> None:
        """Write into the folder what there is after a cut."""
        files = {name: bytearray(content) for name, content in self._kept.items()}
        for one in self._pending:
            if random.random() < 0.5:
                _carry_out(files, *one)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for name, content in files.items():
            (folder / Path(name).name).write_bytes(content)

    def _sync(self, name: str) -> None:
        for one in self._pending:
            if one[0] == name:
                _carry_out(self._kept, *one)
        self._pending = [one for one in self._pending if one[0] != name]


def _carry_out(files: dict[str, bytearray], name: str, at: int, data: bytes | None) -> None:
    file = files[name]
    file.extend(bytes(max(0, at - len(file))))
    file[at : None if data is None else at + len(data)] = data or b""


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_what_was_acknowledged_outlives_a_power_cut(
    address: str, terminal: Terminal, tmp_path: Path, soak: bool
) -> None:
    many = 300 if soak else 40
    token = open_for_one(terminal, tmp_path, many)
    calls = tmp_path / "calls.txt"
    path = Path(make_url(address).database or "")
    with running(address, tmp_path) as server, closing(Wire(server.url, token)) as wire:
        disk = Disk(path)
        with traced(worker(server.pid), calls, CALLS, "-y", "-s", str(WHOLE)):
            keys = judge(wire, many)
    after = Database(f"sqlite:///{tmp_path / 'after' / path.name}")
    acknowledged = cuts = 0
    with calls.open(encoding="utf-8") as lines:
        for line in lines:
            acknowledged += ANSWER in line
            if ANSWER in line or "sync" in line:  # most is on its way before the server waits
                disk.cut(tmp_path / "after")
                require_kept(after, acknowledged, keys)
                cuts += 1
            disk.follow(line)
    print(f"{cuts} cuts")
    assert acknowledged == 2 * many


def require_kept(database: Database, acknowledged: int, keys: list[str]) -> None:
    """All that was given and said in turn and acknowledged is there, and one more at most."""
    with database.reading() as session:
        assert session.scalars(sa.text("PRAGMA integrity_check")).all() == ["ok"]
        assert list(audit.faults(session)) == []
        given = session.scalars(sa.select(sa.func.count(Assignment.id))).one()
        said = session.scalars(sa.select(Judgment.key).order_by(Judgment.id)).all()
    database.close()
    assert acknowledged <= given + len(said) <= acknowledged + 1
    assert said == keys[: len(said)]
