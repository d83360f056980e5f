"""A live site, with the demo in it if nothing else is asked for, and its people."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session
from werkzeug.serving import make_server

import exports
from labeler.cli import rehearsal
from labeler.database import Database
from labeler.people.accounts import Person
from labeler.work.assignments import Assignment
from labeler.work.judgments import Judgment
from tests.serving import close_app, make_app
from tests.visits import Visit

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
        """Sign a person in by a fresh link."""
        page.goto(self.sign_in_link(email))
        page.get_by_role("button", name="Sign in as").click()
        expect(page).to_have_url(f"{self.url}/")

    def start(self, page: Page, email: str) -> None:
        """Sign a person in and have them given their first comparison."""
        self.arrive(page, email)
        page.get_by_role("button", name="Start").click()
        expect(page).to_have_url(re.compile("/work/"))
        page.wait_for_load_state()

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


@contextmanager
def open_site(
    address: str, folder: Path, fill: Callable[[Session], None] = rehearsal.play
) -> Iterator[Site]:
    """Fill an empty database, with the demo if nothing else is given, and serve it."""
    app = make_app(address, folder, log_level="warning")
    exports.init_app(app)
    try:
        with app.extensions["labeler.database"].writing() as session:
            fill(session)
            session.commit()
        with _serving(app) as url:
            yield Site(url, app)
    finally:
        close_app(app)


@contextmanager
def _serving(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    serving = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    serving.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        serving.join()
        server.server_close()
