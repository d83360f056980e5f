"""Clusters: a release made by several machines, which Dask tells what to do.

Each worker reads its own range of the comparisons from the database, and writes its own shards
into a folder that all of them share, at the same path. What one process does alone a cluster does
by the same functions: so the files are the same, byte for byte. A worker that is lost has lost
nothing that was done: others do what it had begun.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy.orm import Session

from exports.making.crews import Item, Result
from labeler.database import Database
from labeler.errors import Invalid

if TYPE_CHECKING:
    from distributed import Client

WAITS_S = 10
RETRIES = 3
"""How often something is tried again elsewhere."""


class Reader(NamedTuple):
    """Opens sessions that only read a database; it can be sent to workers, who open it there."""

    address: str

    def __call__(self) -> AbstractContextManager[Session]:
        """Open a session."""
        return _opened(self.address).reading()


class Cluster:
    """Workers of a scheduler of Dask."""

    is_here = False

    def __init__(self, client: "Client") -> None:
        self._client = client

    def map(self, function: Callable[[Item], Result], items: Iterable[Item], /) -> Iterator[Result]:
        """Yield the results in the order of the things; raises what the work raised."""
        # What is asked for twice is done twice: what it finds on disk tells it what is left.
        waiting = self._client.map(function, list(items), pure=False, retries=RETRIES)
        for future in waiting:
            yield future.result()


def connect(scheduler: str) -> "Client":
    """Return a client of a scheduler such as tcp://10.0.0.1:8786; raises Invalid."""
    try:
        from distributed import Client
    except ModuleNotFoundError:
        raise Invalid("Dask is not installed: pip install 'labeler[dask]' installs it.") from None
    try:
        return Client(scheduler, timeout=WAITS_S)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise Invalid(f"There is no scheduler at {scheduler}: {error}") from None


@lru_cache(maxsize=2)
def _opened(address: str) -> Database:
    return Database(address)
