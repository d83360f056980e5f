"""Bells: how those who do jobs are woken as soon as one was asked for. The queue is Huey's.

What goes through it is the number of a job and nothing else. It wakes, the table of jobs decides:
a message that gets lost, comes twice or comes from nobody does no harm, and whoever waits for the
bell looks into the table by themselves after a while. So a bell that is out of order is put into
the log, and nobody is told.
"""

import importlib.util
import logging
import re
import time
import uuid
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
from huey import Huey, PostgresHuey, SqliteHuey
from huey.registry import Message
from huey.serializer import Serializer
from sqlalchemy.engine import make_url

from labeler.errors import Invalid

_log = logging.getLogger(__name__)

NAME = "labeler"
SCHEMA = "labeler_queue"
"""Where the queue lies in PostgreSQL."""
PAUSE_S = 0.5
"""Between two looks into a queue that cannot wake anybody: a file's."""
PATIENCE_S = 2
"""How long who rings waits for a server of queues, or for others to let go of the file."""
BLOCKED_S = 5
"""How long one question to a server of queues waits for an answer."""
_NUMBER = re.compile(rb"[1-9][0-9]{0,18}")


class _Numbers(Serializer):
    """Writes of a message the number of its job, and reads numbers: nothing is unpickled."""

    def serialize(self, data: Any) -> bytes:
        """Return the job's number in decimal; raises ValueError for any other message."""
        given = data.args if isinstance(data, Message) else None
        if not (given and len(given) == 1 and type(given[0]) is int and not data.kwargs):
            raise ValueError("a message that is not the number of a job")
        return str(given[0]).encode()

    def deserialize(self, data: Any) -> Message:
        """Return the message of a number; raises ValueError for anything else."""
        if not _NUMBER.fullmatch(written := bytes(data)):
            raise ValueError("what is in the queue is not the number of a job")
        return Message(
            id=str(uuid.uuid4()), name=f"{__name__}.job", args=(int(written),), kwargs={}
        )


class _Line(NamedTuple):
    """A queue that is open, and what makes messages for it."""

    huey: Huey
    job: Any


class Bell:
    """One end of the queue at an address, opened when it is needed, and again after a fault."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._line: _Line | None = None

    def ring(self, job_id: int) -> None:
        """Put the number of a job into the queue; raises whatever is wrong with it."""
        line = self._opened()
        line.huey.enqueue(line.job.s(job_id))

    def wait(self, seconds: float) -> bool:
        """Wait until somebody rings, but no longer than that; tell whether somebody did."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            try:
                if self._heard():
                    return True
                pause = 0 if self._opened().huey.storage.blocking else PAUSE_S
            except Exception as error:  # whatever the server of queues, or the file, may do
                _log.warning("the queue that wakes for jobs is out of order: %s", error)
                self.close()
                pause = left
            time.sleep(min(pause, left))
        return False

    def close(self) -> None:
        """Let go of the queue."""
        line, self._line = self._line, None
        if line is None:
            return
        try:
            line.huey.storage.close()
            if pool := getattr(line.huey.storage, "pool", None):  # of connections to Redis
                pool.disconnect()
        except Exception as error:
            _log.warning("the queue that wakes for jobs could not be closed: %s", error)

    def _heard(self) -> bool:
        try:
            return self._opened().huey.dequeue() is not None
        except ValueError:  # something was there, which is gone now, whatever it was
            return True

    def _opened(self) -> _Line:
        if self._line is None:
            self._line = _open(self._address)
        return self._line


def ring(address: str, job_id: int) -> None:
    """Wake those who do jobs, if that can be done: the job is found without it, too."""
    bell = Bell(address)
    try:
        bell.ring(job_id)
    except Exception as error:
        _log.warning("nobody was woken for job %s: %s", job_id, error)
    finally:
        bell.close()


def require(address: str) -> None:
    """Raise Invalid if what this queue needs is not installed."""
    if _is_redis(address) and importlib.util.find_spec("redis") is None:
        raise Invalid(
            "The package redis is not installed.",
            fields={"LABELER_QUEUE": "It needs the package: pip install 'labeler[redis]'."},
        )


def _open(address: str) -> _Line:
    common: dict[str, Any] = {"name": NAME, "results": False, "serializer": _Numbers()}
    if _is_redis(address):
        huey = _redis(address, common)
    elif address.startswith("postgresql"):
        huey = _postgresql(address, common)
    else:
        file = Path(str(make_url(address).database))
        file.parent.mkdir(parents=True, exist_ok=True)
        # To lose it does no harm, so nobody waits for the disk, and there is no log beside it.
        given = {"filename": str(file), "fsync": False, "journal_mode": "truncate"}
        huey = SqliteHuey(**common, **given, timeout=PATIENCE_S)

    def job(_job_id: int) -> None:
        """Do nothing: whoever hears of it looks into the table."""

    return _Line(huey, huey.task()(job))


def _redis(address: str, common: dict[str, Any]) -> Huey:
    from huey import RedisHuey
    from redis import ConnectionPool

    limits = {"socket_connect_timeout": PATIENCE_S, "socket_timeout": BLOCKED_S + PATIENCE_S}
    pool = ConnectionPool.from_url(address, **limits)
    return RedisHuey(**common, connection_pool=pool, read_timeout=BLOCKED_S)


def _postgresql(address: str, common: dict[str, Any]) -> Huey:
    url = make_url(address).set(drivername="postgresql").render_as_string(hide_password=False)

    def connect() -> psycopg.Connection[Any]:
        # The queue's tables have a schema of their own: they are no part of the database.
        options = f"-c search_path={SCHEMA} -c client_min_messages=warning"
        made = psycopg.connect(url, connect_timeout=PATIENCE_S, options=options, autocommit=True)
        made.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
        return made

    given = {"connection": connect, "read_timeout": BLOCKED_S}
    try:
        return PostgresHuey(**common, **given)
    except psycopg.errors.UniqueViolation:  # another program was making the same just now
        return PostgresHuey(**common, **given)


def _is_redis(address: str) -> bool:
    return address.startswith(("redis://", "rediss://", "unix://"))
