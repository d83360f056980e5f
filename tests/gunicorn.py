"""A real server in a process of its own: `labeler serve`, which becomes gunicorn."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.request import urlopen

from tests.labeler.cli.processes import LABELER, environment, free_port

HOST = "127.0.0.1"
KEY = "a key that nobody but the tests should ever use"
LOG = "gunicorn.log"
PATIENCE_S = 60
POLL_S = 0.02


@dataclass(frozen=True)
class Server:
    """Where it answers, and the leader of its process group, which is nobody else's."""

    port: int
    pid: int

    @property
    def url(self) -> str:
        """Where its pages begin."""
        return f"http://{HOST}:{self.port}"

    def kill(self) -> None:
        """End every process of it at once and without warning; return when nobody listens."""
        os.killpg(self.pid, signal.SIGKILL)
        while self._listens():
            time.sleep(POLL_S)

    def _listens(self) -> bool:
        try:
            socket.create_connection((HOST, self.port), PATIENCE_S).close()
        except ConnectionRefusedError:
            return False
        except ConnectionError:
            pass  # it is on its way out
        return True


@contextmanager
def running(
    address: str, folder: Path, *, port: int | None = None, **settings: str | int
) -> Iterator[Server]:
    """Serve the database at `address` until the block ends; yield when the server answers.

    SQLite is served by one process, PostgreSQL by two. Beside it no quality is worked out, no model
    is asked, and no jobs are done.
    What the server says is shown if the block fails.
    """
    port = port or free_port()
    bind = f"{HOST}:{port}"
    workers = 1 if address.startswith("sqlite") else 2
    given = {
        "bind": bind,
        "call_s": 0,
        "data": folder,
        "database_url": address,
        "log_level": "warning",
        "public_url": f"http://{bind}",
        "refresh_s": 0,
        "secret_key": KEY,
        "work_s": 0,
        "workers": workers,
    }
    environ = environment(**{name: str(value) for name, value in (given | settings).items()})
    with (folder / LOG).open("a") as log, _process(folder, environ, log) as process:
        try:
            _wait(process, f"http://{bind}/sign-in")
            yield Server(port, process.pid)
        except BaseException:
            sys.stdout.write((folder / LOG).read_text())
            raise


@contextmanager
def _process(
    folder: Path, environ: Mapping[str, str], log: IO[str]
) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen(
        [LABELER, "serve"],
        cwd=folder,
        env=environ,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait(process: "subprocess.Popen[bytes]", address: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while process.poll() is None and time.monotonic() < deadline:
        try:
            urlopen(address, timeout=PATIENCE_S).close()
        except OSError:
            time.sleep(POLL_S)
        else:
            return
    raise RuntimeError("The server did not answer; it says why above.")
