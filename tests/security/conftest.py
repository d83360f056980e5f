"""The stage, once for each module on SQLite, and for each test on both where that matters."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.security.stage import Stage, staged


@pytest.fixture(scope="module")
def stage(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The site on SQLite, shared by the tests of a module."""
    folder = tmp_path_factory.mktemp("stage")
    shutil.copy(sqlite_template, folder / "labeler.db")
    with staged(f"sqlite:///{folder / 'labeler.db'}", folder) as stage:
        yield stage


@pytest.fixture
def fresh(address: str, tmp_path: Path) -> Iterator[Stage]:
    """A site of this test's own, on each back end in turn."""
    with staged(address, tmp_path) as stage:
        yield stage
