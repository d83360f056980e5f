"""Where sites are kept while they are measured: an SQLite file each, or a PostgreSQL database."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from bench import data
from bench.data import Site
from bench.rows import Words
from tests import postgres
from tests.postgres import Server

POSTGRESQL = {"shared_buffers": "512MB", "max_wal_size": "4GB"}
"""What differs from the settings that PostgreSQL comes with, and matters."""

ONCE = 500_000
"""From this size on a load or a release is measured once only."""


@dataclass
class Backend:
    """A kind of database; sites that are made again and again are kept."""

    name: str
    folder: Path
    server: Server | None = None
    _kept: dict[tuple[int, Words], Site] = field(default_factory=dict)

    def new(self) -> Site:
        """Make a site without comparisons."""
        if self.server is not None:
            return data.open_site(postgres.create_database(self.server.address))
        return data.open_site(f"sqlite:///{self.folder / f'{uuid4().hex[:8]}.db'}")

    def with_past(self, judgments: int, words: Words) -> Site:
        """Return a site with so many judgments, made at first."""
        if (judgments, words) not in self._kept:
            site = self.new()
            data.add_past(site, judgments, words)
            self._kept[judgments, words] = site
        return self._kept[judgments, words]

    def drop(self, site: Site) -> None:
        """Remove a site."""
        self._kept = {key: each for key, each in self._kept.items() if each is not site}
        if self.server is not None:
            postgres.drop_database(site.address)
            return
        for each in self.folder.glob(f"{Path(site.address).name}*"):
            each.unlink()

    @property
    def database_pid(self) -> int | None:
        """The leading process of the database, if it has any of its own."""
        return None if self.server is None else self.server.pid


@contextmanager
def opened(name: str, folder: Path) -> Iterator[Backend]:
    """Open a back end in this folder; all of its sites are gone after the block."""
    own = folder / name
    own.mkdir()
    own.chmod(0o711)  # PostgreSQL may run as somebody else
    try:
        if name == "sqlite":
            yield Backend(name, own)
            return
        with postgres.server(own, **POSTGRESQL) as server:
            yield Backend(name, own, server)
    finally:
        shutil.rmtree(own)
