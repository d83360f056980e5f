"""Sorting more records than memory holds, by keys that are hashes.

Records wait in 256 files by the first two digits of their key; hashes spread them evenly, so each
file is small enough to be sorted by itself.
"""

import json
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self


class Sorter:
    """Takes records in any order and gives them back by key. Keys are hexadecimal hashes."""

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

    def add(self, key: str, record: Any) -> None:
        """Keep a record, which must be made of what JSON knows, under a key."""
        drawer = key[:2]
        if drawer not in self._files:
            self._files[drawer] = (self._folder / drawer).open("w+b")
        self._files[drawer].write(json.dumps([key, record]).encode() + b"\n")

    def groups(self) -> Iterator[list[Any]]:
        """Yield the records of each key together, by key, in the order in which they came."""
        for drawer in sorted(self._files):
            file = self._files[drawer]
            file.seek(0)
            kept = sorted((json.loads(line) for line in file), key=itemgetter(0))
            for _, same in groupby(kept, key=itemgetter(0)):
                yield [record for _, record in same]
