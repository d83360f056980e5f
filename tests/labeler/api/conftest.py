"""A small project behind the API, and everybody's program with a token of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from labeler.database import Database
from labeler.people import tokens
from tests.calling import Caller, Callers
from tests.cast import Cast, make_cast
from tests.make import make_batch, make_project
from tests.serving import lend_app


@pytest.fixture
def people(database: Database) -> Cast:
    """Everybody, with Olga's project and three comparisons in it, all of it committed."""
    with database.writing() as session:
        cast = make_cast(session)
        project = make_project(session, cast)
        make_batch(session, project, cast)
        session.commit()
    return cast


@pytest.fixture
def app(address: str, tmp_path: Path) -> Iterator[Flask]:
    """The application on the test's database."""
    with lend_app(address, tmp_path, releases=True) as app:
        yield app


@pytest.fixture
def callers(app: Flask, database: Database, people: Cast) -> Callers:
    """Everybody's program, with a token for everything."""
    with database.writing() as session:
        made = {name: tokens.create(session, person) for name, person in vars(people).items()}
        session.commit()
    return Callers(**{name: Caller(app.test_client(), token) for name, token in made.items()})
