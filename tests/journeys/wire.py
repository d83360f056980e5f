"""A program at the other end of the wire: one connection that is kept, one token, JSON."""

import json
import time
from http.client import HTTPConnection, HTTPException
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from tests.calling import API

PATIENCE_S = 60
PAUSE_S = 0.05
LOST = (OSError, HTTPException)
"""What it looks like when the other side goes away."""


class Answer(NamedTuple):
    """What came back: the status, and the JSON if there was any."""

    status: int
    json: Any


class Wire:
    """Calls the API of a server with somebody's token; for one thread."""

    def __init__(self, url: str, token: str) -> None:
        self.lost = 0
        """How often `insist` was left without an answer."""
        self._connection = HTTPConnection(urlsplit(url).netloc, timeout=PATIENCE_S)
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
            time.sleep(PAUSE_S)
        raise TimeoutError(f"No answer to {path}.")

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
        try:
            self._connection.request(method, API + path, body, headers)
            response = self._connection.getresponse()
            text = response.read()
        except LOST:
            self.close()
            raise
        return Answer(response.status, json.loads(text) if text else None)
