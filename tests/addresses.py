"""Addresses of databases that are used again: what was made ready for one serves the next test.

To make an application, and to write each statement for the first time, takes longer than most tests
do. So each test gets a fresh database where an earlier one had its own, and may borrow what that
one left there: see `tests.serving.lend_app`.
"""

import shutil
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from tests import postgres, serving


class Addresses:
    """Those of one run, by back end: each belongs to one test at a time."""

    def __init__(self, request: pytest.FixtureRequest, folder: Path) -> None:
        self._ask = request.getfixturevalue
        self._folder = folder
        self._free: dict[str, list[str]] = {"sqlite": [], "postgresql": []}
        self._empty: set[str] = set()
        self._made = 0

    def take(self, backend: str) -> str:
        """Put a fresh database at the newest version somewhere, and say where."""
        place = self._free[backend].pop() if self._free[backend] else self._new(backend)
        if backend == "sqlite":
            file = Path(str(make_url(place).database))
            shutil.copy(self._ask("sqlite_template"), file)
            return place
        if place in self._empty:
            self._empty.remove(place)
            return place
        server, template = self._ask("postgresql_server"), self._ask("postgresql_template")
        return postgres.create_database(server, template=template, name=make_url(place).database)

    def give_back(self, address: str) -> None:
        """Remove what is there; the next test may have the place."""
        url = make_url(address)
        backend = url.get_backend_name()
        if backend == "sqlite":
            for suffix in ("", "-wal", "-shm"):
                Path(f"{url.database}{suffix}").unlink(missing_ok=True)
        elif postgres.empty(address, self._ask("postgresql_schema")):
            self._empty.add(address)
        else:
            postgres.drop_database(address)
            serving.disconnect(address)
        self._free[backend].append(address)

    def end(self) -> None:
        """Close what was left open."""
        for address in self._free["postgresql"]:
            serving.disconnect(address)

    def _new(self, backend: str) -> str:
        self._made += 1
        if backend == "sqlite":
            folder = self._folder / str(self._made)
            folder.mkdir()
            return f"sqlite:///{folder / 'labeler.db'}"
        url = make_url(self._ask("postgresql_server")).set(database=f"place_{self._made}")
        return url.render_as_string(hide_password=False)
