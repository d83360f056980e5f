"""A server of models on loopback, over real HTTP, that speaks all seven dialects.

A test asks for the fixture `model_server`, or opens one:

    with stubs.serving() as server:
        profile = server.profile("mistral", name="large")  # with what is to differ
        client.ask(profile, server.key, messages, hosts=server.hosts)

- `server.hosts`: what the list of hosts holds (`server.host`, as text for the setting).
- `server.key`: what the four hosted dialects must be shown; the fixture puts it into the
  variable `stubs.KEY_ENV`, which the profiles of these name. The others ask for none.
- `server.asked`: every request, in the order of arrival, with its dialect, path, headers, body.
- `server.says(answer)`: what it answers from now on: a text, or a function of the request's body.
  Otherwise an answer repeats what was asked and differs by model, seed and conversation.
- `server.next(Turn(...), ...)`: what it does with the next requests, one turn each; then as before.
- `server.always(Turn(...))`: what it does with every request for which nothing is next.
- `server.fails(0.5, seed=7)`: this share of the requests gets a 503, or the turn that is given.
  Which of them, counted by arrival, the seed decides.
- `server.only(dialect, Turn(...))`: one dialect does this for every request: a dead endpoint beside
  ones that are well.

A `Turn`, from tests/dialects.py, is a whole answer with all that can be wrong with it; see its
fields. Unless told otherwise the server is as strict as the real ones: a wrong key, a field that
the dialect does not know, a wrong path or a missing api-version get what the real server sends.
"""

import json
import random
import socketserver
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from labeler.endpoints import profiles
from labeler.endpoints.profiles import Profile
from tests import dialects
from tests.dialects import API_VERSION, BASES, HOSTED, Asked, Turn

KEY_ENV = "MODEL_SERVER_KEY"


class Server:
    """What a test says to the server, and what the server keeps for the test."""

    def __init__(self, scheme: str) -> None:
        self.asked: list[Asked] = []
        self.key = "sk-of-the-tests-0123456789"
        self.models: frozenset[str] | None = None
        """The models that there are; None: any."""
        self.closing = threading.Event()
        self.port = 0
        self._scheme = scheme
        self._lock = threading.Lock()
        self._next: deque[Turn] = deque()
        self._usual = Turn()
        self._only: dict[str, Turn] = {}
        self._chance: tuple[float, random.Random, Turn] = (0.0, random.Random(0), Turn())
        self._says: Callable[[dict[str, Any]], str] = dialects.made_of

    @property
    def host(self) -> str:
        """How it stands on the list of hosts."""
        return f"127.0.0.1:{self.port}"

    @property
    def hosts(self) -> tuple[str, ...]:
        return (self.host,)

    def base_url(self, dialect: str) -> str:
        """Return what a profile of this dialect calls."""
        return f"{self._scheme}://{self.host}{BASES[dialect]}"

    def profile(self, dialect: str = "llamacpp", **changes: Any) -> Profile:
        """Return a profile that reaches this server; it is on one's own machine whatever it is."""
        given: dict[str, Any] = {
            "name": dialect.replace("_", "-"),
            "provider": dialect,
            "base_url": self.base_url(dialect),
            "model": "some-model",
            "place": "on_premises",
            "limits": {"timeout_s": 5, "longest_s": 10},
        }
        given |= {"key_env": KEY_ENV} if dialect in HOSTED else {}
        given |= {"api_version": API_VERSION} if dialect == "azure_classic" else {}
        return profiles.read(given | changes)

    def says(self, answer: str | Callable[[dict[str, Any]], str]) -> None:
        self._says = answer if callable(answer) else lambda _: answer

    def next(self, *turns: Turn) -> None:
        with self._lock:
            self._next.extend(turns)

    def always(self, turn: Turn) -> None:
        self._usual = turn

    def only(self, dialect: str, turn: Turn) -> None:
        self._only[dialect] = turn

    def fails(self, share: float, *, seed: int, turn: Turn | None = None) -> None:
        self._chance = (share, random.Random(seed), turn or Turn(status=503, message="busy"))

    def take(self, asked: Asked) -> Turn:
        """Write a request down and say what comes of it."""
        with self._lock:
            self.asked.append(asked)
            if asked.dialect in self._only:
                return self._only[asked.dialect]
            if self._next:
                return self._next.popleft()
            share, chance, failure = self._chance
            return failure if chance.random() < share else self._usual

    def answer(self, turn: Turn, asked: Asked) -> str:
        return self._says(asked.body) if turn.text is None else turn.text


class Handler(BaseHTTPRequestHandler):
    """Reads a request and carries out a turn."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: "Listener"

    def log_message(self, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        self._send(Turn(status=405), json.dumps({"error": {"message": "POST only"}}).encode())

    def do_POST(self) -> None:
        try:
            self._do()
        except OSError:
            self.close_connection = True  # nobody waits here for a further request

    def _do(self) -> None:
        told = self.server.told
        parts = urlsplit(self.path)
        sent = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        dialect = parts.path.split("/")[1]
        query = parse_qs(parts.query)
        asked = Asked(dialect, parts.path, query, headers, json.loads(sent), time.monotonic())
        turn = told.take(asked)
        self._wait(turn.wait_s)
        if turn.body is not None:
            self._send(turn, turn.body)
            return
        if turn.status == 200:
            turn = dialects.refusal(told.key, told.models, asked) or turn
        if turn.status != 200:
            self._send(turn, dialects.error(dialect, turn))
        elif turn.whole or not asked.body.get("stream"):
            self._send(turn, dialects.whole(asked, turn, told.answer(turn, asked)))
        else:
            self._stream(turn, asked)

    def _wait(self, seconds: float) -> None:
        if seconds and self.server.told.closing.wait(seconds):
            raise ConnectionAbortedError

    def _begin(self, turn: Turn, content_type: str, **headers: str) -> None:
        self.send_response(turn.status)
        given = {"content-type": content_type, "x-request-id": "req-1", **headers, **turn.headers}
        for name, value in given.items():
            self.send_header(name, value)
        self.end_headers()

    def _send(self, turn: Turn, body: bytes) -> None:
        length = str(len(body) * (10**6 if turn.endless else 1))
        self._begin(turn, turn.content_type, **{"content-length": length})
        self.wfile.write(body[: turn.cut_after])
        while turn.endless:
            self.wfile.write(body)
        self.close_connection = turn.cut_after is not None

    def _stream(self, turn: Turn, asked: Asked) -> None:
        self._begin(turn, "text/event-stream", **{"transfer-encoding": "chunked"})
        text = self.server.told.answer(turn, asked)
        for number, piece in enumerate(dialects.pieces(asked, turn, text)):
            if number == turn.cut_after:
                self.close_connection = True
                return
            if number == turn.error_after:
                failed = dialects.error(asked.dialect, Turn(status=500, message=turn.message))
                self._end(failed)
                return
            self._wait(turn.pace_s)
            self._event(json.dumps(piece).encode())
            while turn.endless and number:
                self._event(json.dumps(piece).encode())
        self._end(b"[DONE]")

    def _end(self, last: bytes) -> None:
        self._event(last)
        self.wfile.write(b"0\r\n\r\n")

    def _event(self, data: bytes) -> None:
        line = b"data: " + data + b"\n\n"
        self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))


class Listener(socketserver.ThreadingTCPServer):
    """Listens on a free port of loopback."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, told: Server, tls: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.told, self._tls = told, tls
        told.port = self.server_address[1]

    def finish_request(self, request: Any, client_address: Any) -> None:
        with suppress(OSError):
            if self._tls is None:
                super().finish_request(request, client_address)
                return
            with self._tls.wrap_socket(request, server_side=True) as private:
                super().finish_request(private, client_address)


@contextmanager
def serving(tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    """Serve models until the block ends."""
    told = Server("https" if tls else "http")
    with Listener(told, tls) as listener:
        thread = threading.Thread(target=listener.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield told
        finally:
            told.closing.set()
            listener.shutdown()
            thread.join()
