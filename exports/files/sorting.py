"""Sorting more records than memory holds, by keys that are hashes.

Records wait in 256 drawers, files by the first two digits of their key; hashes spread them evenly,
so that each drawer is small enough to be sorted by itself. Several who gather have a cabinet each,
and what lies in the same drawer of all of them is sorted together.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, NamedTuple, Self

DRAWERS = 256
BUFFER = 2**16
"""Bytes of a drawer that wait in memory."""


class Found(NamedTuple):
    """A record, and the number of the cabinet in which it lay."""

    cabinet: int
    record: bytes


class Cabinet:
    """Takes records in any order. Keys are hexadecimal hashes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, BinaryIO] = {}
        folder.mkdir(parents=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Complete the drawers."""
        for file in self._files.values():
            file.close()

    def add(self, key: str, record: bytes) -> None:
        """Keep a record, which must be one line, under a key."""
        drawer = key[:2]
        if drawer not in self._files:
            self._files[drawer] = (self._folder / drawer).open("wb", BUFFER)
        self._files[drawer].write(b"%s %s\n" % (key.encode(), record))


def groups(cabinets: Sequence[Path], drawers: range = range(DRAWERS)) -> Iterator[list[Found]]:
    """Yield the records of each key together, by key, in the order of cabinets and as they came."""
    for drawer in drawers:
        kept = sorted(_opened(cabinets, f"{drawer:02x}"), key=itemgetter(0))
        for _, same in groupby(kept, key=itemgetter(0)):
            yield [found for _, found in same]


def _opened(cabinets: Sequence[Path], drawer: str) -> Iterator[tuple[bytes, Found]]:
    for number, cabinet in enumerate(cabinets):
        path = cabinet / drawer
        if path.exists():
            with path.open("rb", BUFFER) as file:
                for line in file:
                    key, record = line[:-1].split(b" ", 1)
                    yield key, Found(number, record)
