"""A live site, with the demo in it if nothing else is asked for, and its people."""

import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from socket import SHUT_RDWR, socket
from threading import Condition, Thread
from typing import TYPE_CHECKING

import sqlalchemy as sa
from flask import Flask, Response
from playwright.sync_api import Page, expect
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session
from werkzeug.serving import make_server
from werkzeug.wsgi import ClosingIterator

from labeler import clock
from labeler.cli import rehearsal, working
from labeler.database import Database
from labeler.people.accounts import Person
from labeler.work.assignments import Assignment
from labeler.work.judgments import Judgment
from tests.serving import lend_app
from tests.visits import Visit

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

FRESH = timedelta(minutes=5)
SOON_S, PATIENCE_S = 1, 10
OLGA, REX, ADA = (f"{name}@demo.invalid" for name in ("olga", "rex", "ada"))


@dataclass(frozen=True)
class Site:
    """A site that answers at `url`, and what lies behind it."""

    url: str
    app: Flask

    @property
    def database(self) -> Database:
        """The site's database."""
        found: Database = self.app.extensions["labeler.database"]
        return found

    def sign_in_link(self, email: str) -> str:
        """Return a fresh link that signs a person in."""
        return self.url + Visit(self.app).link_for(email)

    def arrive(self, page: Page, email: str) -> None:
        """Sign a person in by a fresh link, of which the browser sees nothing but the cookie."""
        name = self.app.config["SESSION_COOKIE_NAME"]
        cookie = Visit(self.app).arrive(email).client.get_cookie(name)
        assert cookie is not None
        given = {"name": name, "value": cookie.value, "url": self.url}
        page.context.add_cookies([{**given, "httpOnly": True, "sameSite": "Lax"}])
        page.goto(f"{self.url}/")
        expect(page).to_have_url(f"{self.url}/")

    def start(self, page: Page, email: str) -> None:
        """Sign a person in and have them given their first comparison."""
        self.arrive(page, email)
        page.get_by_role("button", name="Start").click()
        expect(page).to_have_url(re.compile("/work/"))
        page.wait_for_load_state()

    def do_jobs(self) -> None:
        """Do what waits, as the program beside a server would."""
        working.do_due(self.database, self.app.extensions["labeler.settings"])

    def said(self, email: str) -> list[Judgment]:
        """Return what a person has judged, in order."""
        with self.database.reading() as session:
            mine = sa.select(Judgment).join(Person).where(Person.email == email)
            return list(session.scalars(mine.order_by(Judgment.id)))

    def states(self, email: str) -> list[str]:
        """Return what became of each assignment of a person, in order."""
        with self.database.reading() as session:
            mine = sa.select(Assignment.state).join(Person).where(Person.email == email)
            return [state.value for state in session.scalars(mine.order_by(Assignment.id))]


@dataclass
class Demo:
    """A file with the demo in it, which a copy is made of: to play it takes longer than that."""

    file: Path
    played_at: datetime | None = None

    def copy_to(self, address: str) -> None:
        """Put the demo, as it was minutes ago, into an empty database."""
        target = make_url(address).database
        assert target is not None
        if self.played_at is None or not timedelta(0) <= clock.now() - self.played_at < FRESH:
            self._play(Path(target))
        shutil.copy(self.file, target)

    def _play(self, empty: Path) -> None:
        shutil.copy(empty, self.file)
        database = Database(f"sqlite:///{self.file}")
        with database.writing() as session:
            rehearsal.play(session)
            session.commit()
        database.close()
        self.played_at = clock.now()


@contextmanager
def open_site(
    address: str, folder: Path, fill: Callable[[Session], None] = rehearsal.play
) -> Iterator[Site]:
    """Fill an empty database, with the demo if nothing else is given, and serve it."""
    with lend_app(address, folder, releases=True, log_level="warning") as app:
        with app.extensions["labeler.database"].writing() as session:
            fill(session)
            session.commit()
        with _serving(app) as url:
            yield Site(url, app)


class Door:
    """Lets requests in to an application, and closes when all who are in have left.

    The server would not wait for them, and whoever comes late would open a database that is gone.
    """

    def __init__(self, app: Flask) -> None:
        self._app, self._is_open = app, True
        self._inside: list[socket] = []
        self._moved = Condition()

    def __call__(self, environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        with self._moved:
            if not self._is_open:
                return Response(status=503)(environ, start)
            self._inside.append(line := environ["werkzeug.socket"])
        return self._answer(environ, start, line)

    def _answer(
        self, environ: "WSGIEnvironment", start: "StartResponse", line: socket
    ) -> Iterator[bytes]:
        try:
            with closing(ClosingIterator(self._app(environ, start))) as answer:
                yield from answer
        finally:
            self._leave(line)

    def close(self) -> None:
        """Let nobody in any more, and wait for those who are.

        A browser may hold the rest of a request back, of a page that it has laid aside: whoever
        waits for that is told that nothing more comes.
        """
        with self._moved:
            self._is_open = False
            if not self._moved.wait_for(lambda: not self._inside, SOON_S):
                for line in self._inside:
                    with suppress(OSError):
                        line.shutdown(SHUT_RDWR)
            self._moved.wait_for(lambda: not self._inside, PATIENCE_S)

    def _leave(self, line: socket) -> None:
        with self._moved:
            self._inside.remove(line)
            self._moved.notify_all()


@contextmanager
def _serving(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, door := Door(app), threaded=True)
    serving = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    serving.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        serving.join()
        server.server_close()
        door.close()
