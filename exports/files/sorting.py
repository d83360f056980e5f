"""Sorting more records than memory holds, by keys that are hashes.

Records wait in 256 drawers, by the first two digits of their key; hashes spread them evenly, so
that each drawer is small enough to be sorted by itself. Several who gather have a cabinet each, and
what lies in the same drawer of all of them is sorted together.

A cabinet is one file, in which what has waited for a drawer is written together, and another that
says where that is: a process has few files open, and several cabinets would need hundreds each.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self, TypeAlias

import msgspec

DRAWERS = 256
RECORDS, PLACES = "records", "places.json"
BUFFER = 2**16
"""Bytes of a drawer that wait in memory."""


class Found(NamedTuple):
    """A record, and the number of the cabinet in which it lay."""

    cabinet: int
    record: bytes


Places: TypeAlias = list[list[tuple[int, int]]]
"""By drawer where its records begin in the file, and how many bytes they are."""


class Cabinet:
    """Takes records in any order. Keys are hexadecimal hashes."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self._folder = folder
        self._file = (folder / RECORDS).open("wb")
        self._waiting = [bytearray() for _ in range(DRAWERS)]
        self._places: Places = [[] for _ in range(DRAWERS)]

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
        if self._file.closed:
            return
        with self._file:
            for drawer in range(DRAWERS):
                self._empty(drawer)
        (self._folder / PLACES).write_bytes(msgspec.json.encode(self._places))

    def add(self, key: str, record: bytes) -> None:
        """Keep a record, which must be one line, under a key."""
        drawer = int(key[:2], 16)
        self._waiting[drawer] += b"%s %s\n" % (key.encode(), record)
        if len(self._waiting[drawer]) >= BUFFER:
            self._empty(drawer)

    def _empty(self, drawer: int) -> None:
        """Write down what waits for a drawer."""
        if waiting := self._waiting[drawer]:
            self._places[drawer].append((self._file.tell(), len(waiting)))
            self._file.write(waiting)
            waiting.clear()


def groups(cabinets: Sequence[Path], drawers: range = range(DRAWERS)) -> Iterator[list[Found]]:
    """Yield the records of each key together, by key, in the order of cabinets and as they came."""
    places = [_places((cabinet / PLACES).read_bytes()) for cabinet in cabinets]
    for drawer in drawers:
        lying = [each[drawer] for each in places]
        kept = sorted(_opened(cabinets, lying), key=itemgetter(0))
        for _, same in groupby(kept, key=itemgetter(0)):
            yield [found for _, found in same]


def _opened(cabinets: Sequence[Path], lying: Places) -> Iterator[tuple[bytes, Found]]:
    """Yield what lies in one drawer of each cabinet."""
    for number, (cabinet, places) in enumerate(zip(cabinets, lying, strict=True)):
        if not places:
            continue
        with (cabinet / RECORDS).open("rb") as file:
            for start, length in places:
                file.seek(start)
                for line in file.read(length).split(b"\n")[:-1]:
                    key, record = line.split(b" ", 1)
                    yield key, Found(number, record)


_places = msgspec.json.Decoder(Places).decode
