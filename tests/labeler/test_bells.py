"""Bells: they wake through a file, PostgreSQL and Redis, and whatever is in them does no harm."""

import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from huey import SqliteHuey
from huey.registry import Message
from sqlalchemy.engine import make_url

from labeler import bells, config
from labeler.bells import Bell
from labeler.errors import Invalid
from tests.conftest import NewAddress

SOON_S = 10
SERVER = shutil.which("valkey-server") or shutil.which("redis-server")


@pytest.fixture(params=["file", "postgresql", "redis"])
def queue(request: pytest.FixtureRequest, new_address: NewAddress, tmp_path: Path) -> Iterator[str]:
    """The address of an empty queue of each kind, in turn."""
    if request.param == "file":
        yield f"sqlite:///{tmp_path}/new/queue.db"
    elif request.param == "postgresql":
        yield new_address("postgresql")
    else:
        yield from _redis(tmp_path)


def _redis(folder: Path) -> Iterator[str]:
    pytest.importorskip("redis")
    if SERVER is None:
        pytest.skip("There is no redis-server here.")
    socket = folder / "redis.sock"
    options = ["--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", str(folder)]
    with subprocess.Popen([SERVER, *options], stdout=subprocess.DEVNULL) as server:
        while not socket.exists() and server.poll() is None:
            time.sleep(0.02)
        yield f"unix://{socket}"
        server.send_signal(signal.SIGTERM)


@pytest.fixture
def bell(queue: str) -> Iterator[Bell]:
    bell = Bell(queue)
    yield bell
    bell.close()


def test_who_waits_is_woken(queue: str, bell: Bell) -> None:
    assert not bell.wait(0.2)
    ringing = threading.Timer(0.5, bells.ring, (queue, 17))
    ringing.start()
    began = time.monotonic()
    assert bell.wait(SOON_S)
    assert time.monotonic() - began < SOON_S / 2
    ringing.join()
    assert not bell.wait(0.2)


def test_what_was_rung_before_is_heard_after(queue: str, bell: Bell) -> None:
    bells.ring(queue, 1)
    bells.ring(queue, 2)
    assert [bell.wait(SOON_S) for _ in range(2)] == [True, True]
    assert not bell.wait(0.2)


def test_one_ring_wakes_one(queue: str, bell: Bell) -> None:
    other = Bell(queue)
    try:
        assert not other.wait(0.1)
        bells.ring(queue, 1)
        assert [bell.wait(1), other.wait(1)].count(True) == 1
    finally:
        other.close()


def test_only_a_number_goes_through(tmp_path: Path) -> None:
    bells.ring(address := f"sqlite:///{tmp_path}/queue.db", 4711)
    queue = SqliteHuey("labeler", filename=str(tmp_path / "queue.db"))
    assert [bytes(data) for data in queue.storage.enqueued_items()] == [b"4711"]
    queue.storage.close()
    with pytest.raises(ValueError, match="not the number of a job"):
        Bell(address).ring("4711")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "data", [b"", b"0", b"-1", b"1.5", b"1e3", b"17\n", b"9" * 20, b"\x80\x04K\x11.", b'{"a": 1}']
)
def test_nothing_else_is_read(data: bytes) -> None:
    with pytest.raises(ValueError, match="not the number of a job"):
        bells._Numbers().deserialize(data)


@pytest.mark.parametrize("given", [(), (True,), (1.0,), ("1",), (1, 2), (None,)])
def test_nothing_else_is_written(given: tuple[object, ...]) -> None:
    with pytest.raises(ValueError, match="not the number of a job"):
        bells._Numbers().serialize(Message(args=given, kwargs={}))


def test_what_somebody_else_put_there_is_thrown_away(tmp_path: Path) -> None:
    queue = SqliteHuey("labeler", filename=str(tmp_path / "queue.db"))
    queue.storage.enqueue(b"cos\nsystem\n(S'touch /tmp/x'\ntR.")
    queue.storage.close()
    bell = Bell(f"sqlite:///{tmp_path}/queue.db")
    assert bell.wait(SOON_S)  # somebody looks into the table, and finds what is there
    assert not bell.wait(0.2)
    bell.close()


def test_a_queue_that_is_no_queue_wakes_nobody_and_stops_nobody(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "queue.db").write_bytes(b"This is no database." * 100)
    bells.ring(address := f"sqlite:///{tmp_path}/queue.db", 1)
    assert "nobody was woken for job 1" in caplog.text
    bell, began = Bell(address), time.monotonic()
    assert not bell.wait(0.6)
    assert time.monotonic() - began >= 0.6
    assert "out of order" in caplog.text


@pytest.mark.parametrize(
    "address", ["postgresql+psycopg://nobody@127.0.0.1:1/nothing", "redis://127.0.0.1:1/0"]
)
def test_a_server_that_is_away_stops_nobody(address: str, caplog: pytest.LogCaptureFixture) -> None:
    if address.startswith("redis"):
        pytest.importorskip("redis")
    bells.ring(address, 1)
    assert "nobody was woken for job 1" in caplog.text
    assert not Bell(address).wait(0.2)


def test_a_file_that_is_lost_is_made_again(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path}/queue.db"
    bells.ring(address, 1)
    (tmp_path / "queue.db").unlink()
    bells.ring(address, 2)
    bell = Bell(address)
    assert bell.wait(SOON_S)
    bell.close()


def test_where_it_is_follows_from_the_settings(tmp_path: Path) -> None:
    given = {"LABELER_DATA": str(tmp_path)}
    assert config.load(given).bell == f"sqlite:///{tmp_path}/queue.db"
    given["LABELER_DATABASE_URL"] = "postgresql+psycopg://host/name"
    assert config.load(given).bell == "postgresql+psycopg://host/name"
    given["LABELER_QUEUE"] = "redis://host/0"
    assert config.load(given).bell == "redis://host/0"
    with pytest.raises(Invalid) as refused:
        config.load({"LABELER_QUEUE": "amqp://host"})
    assert "redis://" in refused.value.fields["LABELER_QUEUE"]


def test_what_redis_needs_is_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "redis", None)
    with pytest.raises(Invalid) as refused:
        bells.require("redis://host/0")
    assert "labeler[redis]" in refused.value.fields["LABELER_QUEUE"]
    bells.require(f"sqlite:///{tmp_path}/queue.db")


def test_its_tables_are_none_of_the_database_s(new_address: NewAddress) -> None:
    bells.ring(address := new_address("postgresql"), 1)
    url = make_url(address).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT DISTINCT schemaname FROM pg_tables WHERE tablename LIKE 'huey%'"
        ).fetchall()
    assert found == [(bells.SCHEMA,)]
