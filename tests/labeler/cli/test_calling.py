"""`labeler call`: a real process that asks models, is stopped, and is started by the server."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from labeler.database import Database
from labeler.endpoints import calls, registry
from labeler.endpoints.calls import Call, CallState
from tests.cast import make_cast
from tests.dialects import Turn
from tests.gunicorn import running
from tests.labeler.cli.processes import environment
from tests.labeler.endpoints import asking
from tests.make import make_project
from tests.stubs import Server

PATIENCE_S = 30
COMMAND = """
import sys
from labeler.endpoints import calling
calling.GRACE_S = 0.3
from labeler.cli import main
main(sys.argv[1:])
"""


@pytest.fixture
def asked(database: Database, model_server: Server) -> Database:
    """A database in which a call waits."""
    with database.writing() as session:
        project = make_project(session, make_cast(session))
        endpoint = registry.add(session, model_server.profile(), by=None)
        asking.ask(session, endpoint, project)
        session.commit()
    return database


def state(database: Database) -> CallState:
    return found(database).state


def found(database: Database) -> Call:
    with database.reading() as session:
        return asking.now(session)


def wait_for(what: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < until
        time.sleep(0.02)


@contextmanager
def calling(*options: str, folder: Path, **settings: str) -> Iterator["subprocess.Popen[str]"]:
    environ = environment(data=str(folder), **settings)
    paths = str(Path(__file__).parents[3]), os.environ.get("PYTHONPATH", "")
    environ["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND, "call", *options],
        env=environ,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_what_is_due_is_asked_and_what_is_stopped_is_laid_down(
    asked: Database, address: str, model_server: Server, tmp_path: Path
) -> None:
    settings = {"database_url": address, "endpoint_hosts": model_server.host}
    model_server.next(Turn(wait_s=60))
    with calling(folder=tmp_path, **settings) as process:
        wait_for(lambda: len(model_server.asked) == 1)
        assert state(asked) is CallState.running
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, said
    assert said.endswith("Stopped.\n")
    call = found(asked)
    assert (call.state, call.taken_by, call.failures) == (CallState.waiting, None, 0)
    with calling("--once", folder=tmp_path, **settings) as process:
        said, _ = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, said) == (0, "")
    assert state(asked) is CallState.done
    assert len(model_server.asked) == 2


@pytest.mark.slow
def test_a_server_asks_what_is_due_and_a_chat_soon_after(
    asked: Database, address: str, model_server: Server, tmp_path: Path
) -> None:
    def chat(session: Session) -> None:
        first = asking.now(session)
        endpoint = session.get_one(registry.Endpoint, first.endpoint_id)
        given = {"project_id": first.project_id, "kin": "conversation:1", "key": "2"}
        calls.ask(session, endpoint, asking.hello("2"), priority=10, **given)
        session.commit()

    with running(address, tmp_path, call_s=1, endpoint_hosts=model_server.host):
        wait_for(lambda: state(asked) is CallState.done)
        with asked.writing() as session:
            chat(session)
        committed = time.monotonic()
        wait_for(lambda: len(model_server.asked) == 2)
        assert model_server.asked[-1].at - committed < 1
