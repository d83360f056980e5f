"""The command as a process of its own, and the server that it becomes."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest

from labeler.config import PREFIX

LABELER = str(Path(sys.executable).with_name("labeler"))
PATIENCE_S = 60


def environment(**settings: str) -> dict[str, str]:
    """Return this environment with these settings and no others."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    return kept | {PREFIX + name.upper(): value for name, value in settings.items()}


def free_port() -> int:
    """Return a port on which nothing listens just now."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def read(address: str) -> str:
    """Fetch a page."""
    with urlopen(address, timeout=10) as answer:
        return str(answer.read().decode())


@contextmanager
def running(
    *arguments: str | Path, port: int, folder: Path, environ: Mapping[str, str]
) -> Iterator[int]:
    """Run a command that serves on `port`; yield its process id while it does.

    What it says is in `said.txt` in its working folder.
    """
    said = folder / "said.txt"
    with said.open("w") as out:
        process = subprocess.Popen(
            [LABELER, *arguments], cwd=folder, env=environ, stdout=out, stderr=subprocess.STDOUT
        )
        try:
            _wait(process, f"http://127.0.0.1:{port}/sign-in", said)
            yield process.pid
        finally:
            process.terminate()
            process.wait(timeout=PATIENCE_S)


def _wait(process: "subprocess.Popen[bytes]", address: str, said: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while process.poll() is None and time.monotonic() < deadline:
        try:
            read(address)
        except OSError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"The server did not answer: {said.read_text()}")
