"""Clients that send slowly, never read, or storm the sign-in: everybody else goes on judging."""

import json
import re
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from http.client import HTTPConnection
from urllib.parse import urlencode

import pytest

from labeler.database import Database
from labeler.people import tokens
from tests import gunicorn
from tests.calling import API
from tests.cast import make_cast
from tests.make import make_batch, make_project

SOON_S = 5
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Live:
    """A server in a process of its own, with tokens of Olga and Ada."""

    port: int
    olga: str
    ada: str

    def connect(self) -> socket.socket:
        return socket.create_connection((gunicorn.HOST, self.port), timeout=SOON_S)

    def ask(
        self, method: str, path: str, body: str = "", **headers: str
    ) -> tuple[int, str, dict[str, str]]:
        connection = HTTPConnection(gunicorn.HOST, self.port, timeout=SOON_S)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, named)
        with connection.getresponse() as answer:
            said = answer.status, answer.read().decode(), dict(answer.headers)
        connection.close()
        return said

    def judge(self) -> float:
        """Take a comparison and judge it; return how many seconds that took."""
        began = time.monotonic()
        told = {"Authorization": f"Bearer {self.ada}", "Content_Type": "application/json"}
        status, given, _ = self.ask("POST", f"{API}/projects/helpful/assignments", **told)
        assert status == 201
        said = json.dumps({"key": str(uuid.uuid4()), "choice": 2})
        path = f"{API}/assignments/{json.loads(given)['id']}/judgment"
        assert self.ask("POST", path, said, **told)[0] == 201
        return time.monotonic() - began


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    folder = tmp_path_factory.mktemp("live")
    address = f"sqlite:///{folder / 'labeler.db'}"
    database = Database(address)
    database.upgrade()
    with database.writing() as session:
        cast = make_cast(session)
        make_batch(session, make_project(session, cast), cast, pairs=40)
        olga, ada = (tokens.create(session, one) for one in (cast.olga, cast.ada))
        session.commit()
    database.close()
    with gunicorn.running(address, folder) as server:
        yield Live(server.port, olga, ada)


def test_who_sends_slowly_does_not_hold_the_turn_to_write(live: Live) -> None:
    head = "POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n{more}\r\n"
    lines = "Content-Type: application/x-ndjson\r\nContent-Length: 100000\r\n"
    body = "Content-Type: application/json\r\nContent-Length: 1000\r\n"
    page = f"Content-Type: {FORM}\r\nContent-Length: 1000\r\n"
    slow = [
        (f"{API}/projects/helpful/batches", live.olga, lines),
        (f"{API}/assignments/1/judgment", live.ada, body),
        (f"{API}/projects", live.olga, body),
        ("/sign-in", "", page),
    ]
    held = []
    for path, token, more in slow:
        held.append(live.connect())
        held[-1].sendall(head.format(path=path, token=token, more=more).encode() + b'{"i')
    time.sleep(0.3)
    assert live.judge() < SOON_S
    for connection in held:
        connection.close()


def test_who_never_reads_holds_nothing(live: Live) -> None:
    held = []
    for _ in range(4):
        deaf = socket.socket()
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect((gunicorn.HOST, live.port))
        deaf.sendall(b"GET /static/vendor/vega.min.js HTTP/1.1\r\nHost: x\r\n\r\n" * 20)
        held.append(deaf)
    time.sleep(0.3)
    assert live.judge() < SOON_S
    for connection in held:
        connection.close()


def test_a_storm_of_sign_ins_leaves_threads_for_work(live: Live) -> None:
    _, page, headers = live.ask("GET", "/sign-in")
    found = re.search(r'csrf_token" value="([^"]+)', page)
    assert found is not None
    wrong = {"email": "nobody@example.org", "password": "not the password"}
    body = urlencode({"csrf_token": unescape(found[1])} | wrong)
    cookie, over, statuses = headers["Set-Cookie"].split(";")[0], threading.Event(), set[int]()

    def storm() -> None:
        while not over.is_set():
            statuses.add(live.ask("POST", "/sign-in", body, Cookie=cookie, Content_Type=FORM)[0])

    threads = [threading.Thread(target=storm) for _ in range(12)]
    for thread in threads:
        thread.start()
    try:
        assert live.judge() < SOON_S
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert statuses == {422, 503}


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nHost: a..b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: xn--a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nCookie: remember_token=x|\xc3\xa9\r\n\r\n",
        b"GET /api/v1/projects/x/progress HTTP/1.1\r\nAuthorization: Basic \xff=\r\n\r\n",
        b"GET http://evil.example/ HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX\x1b[2J: 1\r\n\r\n",
    ],
    ids=range(10),
)
def test_no_bytes_on_the_wire_are_answered_by_a_bug(live: Live, head: bytes) -> None:
    with live.connect() as connection:
        connection.sendall(head)
        answer = connection.recv(200)
    assert answer[9:10] in (b"2", b"3", b"4"), answer
    assert b"evil" not in answer


def test_the_log_of_the_server_holds_no_command_for_a_terminal(
    live: Live, tmp_path_factory: pytest.TempPathFactory
) -> None:
    for log in tmp_path_factory.getbasetemp().glob(f"live*/{gunicorn.LOG}"):
        lines = log.read_text().splitlines()
        assert [line for line in lines if not line.isprintable()] == []
