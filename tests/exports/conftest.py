"""A database that was judged, for tests of releases; Hugging Face's tools stay off the network."""

import os
from collections.abc import Iterator

import pytest

from labeler.database import Database
from labeler.work.projects import Project
from tests.cast import Cast
from tests.conftest import NewAddress
from tests.exports.stories import Said, tell

# Read when these tools are imported, so it must be said before any test does that.
for _name in ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "HF_HUB_DISABLE_TELEMETRY"):
    os.environ[_name] = "1"

Judged = tuple[Database, Cast, Project]


@pytest.fixture
def judged(new_address: NewAddress) -> Iterator[Judged]:
    """A project on SQLite in which forty pairs were judged, ten of them about the same."""
    database = Database(new_address("sqlite"))
    votes: dict[str, list[Said]] = {f"p{n}": [n % 2, n % 2] for n in range(30)}
    votes |= {f"t{n}": ["tie", 0] for n in range(10)}
    cast, project = tell(database, votes)
    yield database, cast, project
    database.close()
