"""Olga's project behind the pages, and everybody's browser."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from labeler.database import Database
from labeler.work import projects
from labeler.work.projects import Project
from tests.cast import Cast, make_cast
from tests.make import load_rows, make_project, make_row
from tests.serving import lend_app
from tests.visits import Visit

HELPFUL = "/projects/helpful"
HOSTILE = '</script><script>alert("x")</script><b onclick=alert(1)>'


@dataclass(frozen=True)
class Site:
    """A running site with one project: three pairs and a known answer, of four people."""

    app: Flask
    people: Cast

    @property
    def database(self) -> Database:
        found: Database = self.app.extensions["labeler.database"]
        return found

    def visit(self, name: str) -> Visit:
        """Sign somebody in, in a browser of their own."""
        return Visit(self.app).arrive(f"{name}@example.org")

    @contextmanager
    def writing(self) -> Iterator[tuple[Session, Project]]:
        """Do what other people do meanwhile; it is committed."""
        with self.database.writing() as session:
            project = projects.find(session, "helpful", by=self.people.root)
            yield session, project
            session.commit()


@pytest.fixture
def site(address: str, tmp_path: Path) -> Iterator[Site]:
    """The site on each back end in turn."""
    with lend_app(address, tmp_path, public_url="http://labeler.test") as app:
        database: Database = app.extensions["labeler.database"]
        with database.writing() as session:
            cast = make_cast(session)
            project = make_project(session, cast, languages=["en", "fr"])
            rows = [make_row(n) for n in range(2)]
            rows += [make_row(2, language="fr"), make_row(3, gold=0)]
            load_rows(session, project, rows, by=cast.olga)
            session.commit()
        yield Site(app, cast)


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """Collect what is asked of the database meanwhile."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "WITH", "INSERT", "UPDATE", "DELETE")):
            seen.append(statement)

    for engine in (database.writer, database.reader):
        sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        for engine in (database.writer, database.reader):
            sa.event.remove(engine, "before_cursor_execute", note)
