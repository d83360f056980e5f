"""Sorting more records than memory holds, by keys that are hashes.

Records wait in 256 files by the first two digits of their key; hashes spread them evenly, so each
file is small enough to be sorted by itself.
"""

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

BUFFER = 2**16
"""Bytes that wait in memory for each file."""


class Sorter:
    """Takes records in any order and gives them back by key, once. Keys are hexadecimal hashes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, BinaryIO] = {}
        folder.mkdir()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        for file in self._files.values():
            file.close()
        for path in self._folder.iterdir():
            path.unlink()
        self._folder.rmdir()

    def add(self, key: str, record: bytes) -> None:
        """Keep a record, which must be one line, under a key."""
        drawer = key[:2]
        if drawer not in self._files:
            self._files[drawer] = (self._folder / drawer).open("wb", BUFFER)
        self._files[drawer].write(b"%s %s\n" % (key.encode(), record))

    def groups(self) -> Iterator[list[bytes]]:
        """Yield the records of each key together, by key, in the order in which they came."""
        for drawer in sorted(self._files):
            self._files[drawer].close()
            path = self._folder / drawer
            with path.open("rb") as file:
                kept = sorted((line[:-1].split(b" ", 1) for line in file), key=itemgetter(0))
            path.unlink()  # before it is written to the disk, if there is memory
            for _, same in groupby(kept, key=itemgetter(0)):
                yield [record for _, record in same]
