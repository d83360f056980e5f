"""A fresh site of labeler, as whoever installs it has one: its commands, and its server on a port.

Nothing of labeler is imported here. It runs as a program, from an environment of its own.
"""

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple, Self

ROOT = Path(__file__).parents[2]
LABELER = Path(os.environ.get("LABELER_PROGRAM", ROOT / ".venv" / "bin" / "labeler"))
OWNER = "olga@example.org"
PATIENCE_S = 60


class Answer(NamedTuple):
    """What the API said."""

    status: int
    json: Any


class Site:
    """An installation with its own folder, database and key."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = _free_port()
        others = {name: value for name, value in os.environ.items() if not _is_setting(name)}
        self._environ = others | {
            "LABELER_DATA": str(folder / "data"),
            "LABELER_BIND": f"127.0.0.1:{self.port}",
        }
        self._environ["LABELER_SECRET_KEY"] = self.run("secret").strip()
        self.run("db", "upgrade")
        self.run("person", "create", OWNER, "Olga", "--admin")

    def run(self, *arguments: str | Path) -> str:
        """Run a command that must succeed; return what it prints."""
        command = [str(LABELER), *map(str, arguments)]
        done = subprocess.run(command, env=self._environ, capture_output=True, text=True)
        assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
        return done.stdout

    def invite(self, slug: str, name: str) -> str:
        """Give somebody a part in a project; return a token that speaks for them."""
        email = f"{name}@example.org"
        self.run("project", "invite", slug, email, name)
        return self.run("token", "create", email).strip()

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Serve the site, and stop it again."""
        with (self.folder / "server.log").open("wb") as log:
            command = [str(LABELER), "serve"]
            server = subprocess.Popen(command, env=self._environ, stdout=log, stderr=log)
            try:
                self._await(server)
                yield
            finally:
                server.terminate()
                server.wait(PATIENCE_S)

    def _await(self, server: subprocess.Popen[bytes]) -> None:
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            assert server.poll() is None, (self.folder / "server.log").read_text()
            try:
                with Caller(self.port, "") as caller:
                    if caller.ask("GET", "/openapi.json").status == 200:
                        return
            except OSError:
                time.sleep(0.1)
        raise TimeoutError("The server does not answer.")


class Caller:
    """Somebody at the other end of the wire: one connection, one token, JSON."""

    def __init__(self, port: int, token: str) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def ask(self, method: str, path: str, said: object = None) -> Answer:
        """Send a request and read what comes back."""
        body = None if said is None else json.dumps(said).encode()
        headers = self._headers | ({"Content-Type": "application/json"} if body else {})
        self._connection.request(method, f"/api/v1{path}", body, headers)
        response = self._connection.getresponse()
        text = response.read()
        return Answer(response.status, json.loads(text) if text else None)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _is_setting(name: str) -> bool:
    return name.startswith(("LABELER_", "PYTHONPATH"))
