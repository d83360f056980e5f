"""A program at the other end of the wire: one connection that is kept, one token, JSON."""

import json
import time
from collections import Counter
from http.client import HTTPConnection, HTTPException
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from labeler.cli.serving import KEPT_S
from tests.calling import API

PATIENCE_S = 60
PAUSE_S = 0.05
IDLE_S = KEPT_S / 2
"""A connection that was idle for longer is not used again: the server may be closing it."""
LOST = (OSError, HTTPException)
"""What it looks like when the other side goes away."""


class Answer(NamedTuple):
    """What came back: the status, the JSON if there was any, in how many seconds to ask again."""

    status: int
    json: Any
    retry_after: int | None = None


class Wire:
    """Calls the API of a server with somebody's token; for one thread."""

    def __init__(self, url: str, token: str) -> None:
        self.lost = 0
        """How often `insist` was left without an answer."""
        self.told: Counter[int] = Counter()
        """How often each status was the answer, the many that `insist` keeps to itself included."""
        self.slowest_s = 0.0
        """How long the slowest answer took."""
        self._connection = HTTPConnection(urlsplit(url).netloc, timeout=PATIENCE_S)
        self._used_at = 0.0
        self._headers = {"Authorization": f"Bearer {token}"}

    def get(self, path: str) -> Answer:
        """Ask for something."""
        return self._once_more("GET", path, b"", "application/json")

    def post(self, path: str, said: object = None) -> Answer:
        """Say something in JSON. Whatever is said here may be said twice."""
        body = b"" if said is None else json.dumps(said).encode()
        return self._once_more("POST", path, body, "application/json")

    def upload(self, path: str, body: bytes, kind: str) -> Answer:
        """Send a file."""
        return self._once_more("POST", path, body, kind)

    def insist(self, path: str, said: object = None) -> Answer:
        """Say something again and again until there is an answer other than "try again"."""
        body = b"" if said is None else json.dumps(said).encode()
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            try:
                answer = self._ask("POST", path, body, "application/json")
            except LOST:
                self.lost += 1
            else:
                if answer.status != 503:
                    return answer
                assert answer.retry_after
            time.sleep(PAUSE_S)
        raise TimeoutError(f"No answer to {path}.")

    @property
    def busy(self) -> int:
        """How often it was told to ask again."""
        return self.told[503]

    def close(self) -> None:
        """Hang up; the next call connects anew."""
        self._connection.close()

    def _once_more(self, method: str, path: str, body: bytes, kind: str) -> Answer:
        # A server may close a connection that has been idle just when we use it again.
        try:
            return self._ask(method, path, body, kind)
        except LOST:
            return self._ask(method, path, body, kind)

    def _ask(self, method: str, path: str, body: bytes, kind: str) -> Answer:
        headers = self._headers | ({"Content-Type": kind} if body else {})
        began = time.monotonic()
        if began - self._used_at > IDLE_S:
            self.close()
        try:
            self._connection.request(method, API + path, body, headers)
            response = self._connection.getresponse()
            text = response.read()
        except LOST:
            self.close()
            raise
        self._used_at = time.monotonic()
        self.slowest_s = max(self.slowest_s, self._used_at - began)
        retry_after = response.getheader("Retry-After")
        self.told[response.status] += 1
        told = json.loads(text) if text else None
        return Answer(response.status, told, int(retry_after) if retry_after else None)
