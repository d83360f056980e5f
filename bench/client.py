"""The client: annotators who take and judge without thinking, each on a connection that is kept.

Nothing but the standard library, so that it takes little of the processor that it shares with
the server.
"""

import json
import random
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException

HOST = "127.0.0.1"
PATIENCE_S = 60


@dataclass
class Worked:
    """How long each answer took, in ms; errors are answers other than those that were hoped for."""

    claims: list[float] = field(default_factory=list)
    submits: list[float] = field(default_factory=list)
    errors: int = 0
    began: float = 0.0
    ended: float = 0.0

    @property
    def judgments(self) -> int:
        """How many judgments were acknowledged."""
        return len(self.submits)


class Client:
    """One annotator."""

    def __init__(self, port: int, slug: str, token: str) -> None:
        self._connection = HTTPConnection(HOST, port, timeout=PATIENCE_S)
        self._connection.connect()
        self._headers = {"Authorization": f"Bearer {token}"}
        self._json = self._headers | {"Content-Type": "application/json"}
        self._claim = f"/api/v1/projects/{slug}/assignments"
        self.worked = Worked()

    def work(self, goes_on: Callable[[], bool], *, most: int | None = None) -> Worked:
        """Judge while it goes on, up to so many, or until there is nothing left."""
        self.worked.began = self.worked.ended = time.monotonic()
        while goes_on() and self.worked.judgments != most and self._judge():
            self.worked.ended = time.monotonic()
        self._connection.close()
        return self.worked

    def knock(self, goes_on: Callable[[], bool]) -> Worked:
        """Ask without a token, twice for each judgment that it would be, while it goes on."""
        self.worked.began = time.monotonic()
        while goes_on():
            for times in (self.worked.claims, self.worked.submits):
                took, status, _ = self._ask(self._claim, b"", {})
                times.append(took)
                self.worked.errors += status != 401
        self.worked.ended = time.monotonic()
        self._connection.close()
        return self.worked

    def _judge(self) -> bool:
        """Take and judge one; False when there is nothing left."""
        took, status, text = self._ask(self._claim, b"", self._headers)
        if status != 201:
            self.worked.errors += status != 204
            return status != 204
        self.worked.claims.append(took)
        said = json.dumps({"key": str(uuid.uuid4()), "choice": random.randint(1, 7)}).encode()
        path = f"/api/v1/assignments/{json.loads(text)['id']}/judgment"
        took, status, _ = self._ask(path, said, self._json)
        if status == 201:
            self.worked.submits.append(took)
        else:
            self.worked.errors += 1
        return True

    def _ask(self, path: str, body: bytes, headers: dict[str, str]) -> tuple[float, int, bytes]:
        began = time.perf_counter()
        try:
            self._connection.request("POST", path, body, headers)
            answer = self._connection.getresponse()
            text = answer.read()
        except (OSError, HTTPException):
            self._connection.close()
            return 0.0, 0, b""
        return 1000 * (time.perf_counter() - began), answer.status, text


def work_for(
    port: int, slug: str, tokens: Sequence[str], seconds: float, ready: Callable[[], object]
) -> list[Worked]:
    """Let annotators work at once for so long, in threads; return what each of them saw."""
    return _at_once([Client(port, slug, token).work for token in tokens], seconds, ready)


def knock_for(
    port: int, slug: str, tokens: Sequence[str], seconds: float, ready: Callable[[], object]
) -> list[Worked]:
    """Let as many ask at once for so long, all in vain."""
    return _at_once([Client(port, slug, token).knock for token in tokens], seconds, ready)


def _at_once(
    acts: Sequence[Callable[[Callable[[], bool]], Worked]],
    seconds: float,
    ready: Callable[[], object],
) -> list[Worked]:
    with ThreadPoolExecutor(len(acts)) as pool:
        ready()
        until = time.monotonic() + seconds
        doing = [pool.submit(act, lambda: time.monotonic() < until) for act in acts]
        return [each.result() for each in doing]
