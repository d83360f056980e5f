"""The connection to PostgreSQL breaks: before the commit, in the middle of it, and in between."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url
from werkzeug.test import TestResponse

from labeler.database import Database
from labeler.work.judgments import Judgment
from tests.calling import API, HELPFUL, Caller, claim, make_caller
from tests.cast import make_cast
from tests.make import make_batch, make_project, new_key
from tests.serving import close_app, make_app
from tests.visits import Visit
from tests.wiretap import Wiretap, tapped

LONGEST_S = 20
"""How long the slowest machine may take to say that nobody answers: it gives up after 3 s."""


@dataclass
class Line:
    """Ada at the end of a line that may break."""

    tap: Wiretap
    database: Database
    visit: Visit
    caller: Caller

    def stored(self) -> list[str]:
        """Return the keys of all judgments."""
        with self.database.reading() as session:
            return list(session.scalars(sa.select(Judgment.key)))


@pytest.fixture
def line(new_address: Callable[[str], str], tmp_path: Path) -> Iterator[Line]:
    url = make_url(new_address("postgresql"))
    with tapped(Path(str(url.query["host"]))) as (folder, tap):
        address = url.set(query={"host": str(folder)}).render_as_string(hide_password=False)
        app = make_app(address, tmp_path, public_url="http://labeler.test")
        database: Database = app.extensions["labeler.database"]
        with database.writing() as session:
            cast = make_cast(session)
            make_batch(session, make_project(session, cast), cast)
            session.commit()
        visit = Visit(app).arrive("ada@example.org")
        yield Line(tap, database, visit, make_caller(app, database, cast.ada))
        close_app(app)


Send = Callable[[], TestResponse]


def by_program(line: Line, key: str) -> Send:
    path = f"{API}/assignments/{claim(line.caller)['id']}/judgment"
    return lambda: line.caller.post(path, json={"key": key, "choice": 2})


def on_a_page(line: Line, key: str) -> Send:
    path = f"/work/{claim(line.caller)['id']}"
    return lambda: line.visit.post(path, choice="2", key=key)


ways = pytest.mark.parametrize("way", [by_program, on_a_page])


def assert_busy(answer: TestResponse) -> None:
    assert answer.status_code == 503, answer.text
    assert int(answer.headers["Retry-After"]) > 0


@ways
@pytest.mark.parametrize("words", [b"INSERT INTO judgments", b"UPDATE assignments", b"FROM people"])
def test_before_the_commit_nobody_notices(
    line: Line, way: Callable[[Line, str], Send], words: bytes
) -> None:
    key = new_key()
    send = way(line, key)
    line.tap.before = words
    assert send().status_code in (201, 302)
    assert line.tap.before is None
    assert line.stored() == [key]


@ways
def test_a_commit_that_never_arrived_is_sent_again_by_the_client(
    line: Line, way: Callable[[Line, str], Send]
) -> None:
    key = new_key()
    send = way(line, key)
    line.tap.before = b"COMMIT"
    assert_busy(send())
    assert line.stored() == []
    assert send().status_code in (201, 302)
    assert line.stored() == [key]


@ways
def test_a_commit_whose_answer_never_arrived_was_done_once(
    line: Line, way: Callable[[Line, str], Send]
) -> None:
    key = new_key()
    send = way(line, key)
    line.tap.after = b"COMMIT"
    assert_busy(send())
    assert line.stored() == [key]
    assert send().status_code in (200, 302)
    assert line.stored() == [key]


def test_a_receipt_that_was_lost_is_given_again(line: Line) -> None:
    send = by_program(line, new_key())
    line.tap.after = b"COMMIT"
    assert_busy(send())
    again, once_more = send(), send()
    assert (again.status_code, again.json) == (200, once_more.json)


def test_connections_that_broke_while_idle_are_not_noticed(line: Line) -> None:
    for page in ("/", "/judgments", "/account"):
        assert line.visit.get(page).status_code == 200
        line.tap.cut()
        assert line.visit.get(page).status_code == 200


def test_nobody_waits_for_a_server_that_says_nothing(line: Line) -> None:
    line.tap.silent = True
    line.tap.cut()
    with ThreadPoolExecutor(2) as pool:
        look = pool.submit(line.visit.client.get, "/")
        take = pool.submit(line.caller.post, f"{HELPFUL}/assignments")
        try:
            assert_busy(look.result(timeout=LONGEST_S))
            assert_busy(take.result(timeout=LONGEST_S))
        finally:
            line.tap.silent = False
            line.tap.cut()
    assert line.caller.post(f"{HELPFUL}/assignments").status_code == 201
