"""A database that was judged, for tests of releases; Hugging Face's tools stay off the network."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from labeler.database import Database
from labeler.people import accounts
from labeler.work.projects import Project
from tests.cast import Cast
from tests.conftest import NewAddress
from tests.exports.stories import Said, tell, tell_everything
from tests.serving import open_database

# Read when these tools are imported, so it must be said before any test does that.
for _name in ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "HF_HUB_DISABLE_TELEMETRY"):
    os.environ[_name] = "1"

Judged = tuple[Database, Cast, Project]


@pytest.fixture(scope="session")
def told(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a project in which forty pairs were judged, ten of them about the same."""
    path = tmp_path_factory.mktemp("told") / "labeler.db"
    shutil.copy(sqlite_template, path)
    database = Database(f"sqlite:///{path}")
    votes: dict[str, list[Said]] = {f"p{n}": [n % 2, n % 2] for n in range(30)}
    votes |= {f"t{n}": ["tie", 0] for n in range(10)}
    tell(database, votes)
    database.close()
    return path


@pytest.fixture(scope="session")
def everything(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a project that has rows for every format."""
    path = tmp_path_factory.mktemp("everything") / "labeler.db"
    shutil.copy(sqlite_template, path)
    database = Database(f"sqlite:///{path}")
    tell_everything(database)
    database.close()
    return path


@pytest.fixture
def judged_in_every_way(new_address: NewAddress, everything: Path) -> Iterator[Judged]:
    """A project on SQLite that has rows for every format."""
    yield from _opened(new_address, everything)


@pytest.fixture
def judged(new_address: NewAddress, told: Path) -> Iterator[Judged]:
    """A project on SQLite in which forty pairs were judged, ten of them about the same."""
    yield from _opened(new_address, told)


def _opened(new_address: NewAddress, told: Path) -> Iterator[Judged]:
    address = new_address("sqlite")
    shutil.copy(told, str(make_url(address).database))
    database = open_database(address)
    with database.reading() as session:
        names = [each.name for each in fields(Cast)]
        cast = Cast(**{name: accounts.find(session, f"{name}@example.org") for name in names})
        project = session.scalars(sa.select(Project)).one()
    yield database, cast, project
    database.close()
