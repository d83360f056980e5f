"""Derivations: whether the rows of a release are those that follow from its comparisons.

Every format is made of the same records by the same rules, which the manifest holds. So where a
release has the records, all other rows can be made of them again and be compared.
"""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import MsgspecError

from exports import formats
from exports.choosing import records
from exports.choosing.records import Record, encode
from exports.choosing.splits import SPLITS, Split
from exports.files import writing
from exports.files.manifests import Manifest

RECORDS = "comparisons"


def faults(folder: Path, manifest: Manifest) -> Iterator[str]:
    """Yield which formats hold other rows than those that follow; raises Invalid."""
    if RECORDS not in manifest.counts.formats:
        return
    wanted = [name for name in manifest.criteria.formats if name in formats.WITH_ROWS]
    for split in SPLITS:
        following = [
            _Following(folder, name, split, manifest) for name in wanted if name != RECORDS
        ]
        for number, record in enumerate(_records(folder, split), start=1):
            for one in following:
                if record is None or not one.see(record):
                    yield f"{RECORDS}, {split}: nothing follows from row {number} for {one.name}"
                    return
        yield from filter(None, (one.fault() for one in following))


class _Following:
    """Compares the rows of a format and split with those that follow."""

    def __init__(self, folder: Path, name: str, split: Split, manifest: Manifest) -> None:
        self.name, self._split, self._criteria = name, split, manifest.criteria
        self._module = formats.MODULES[name]
        self._there = _lines(folder, name, split)
        self._is_reordered = name in formats.REORDERED
        self._number = self._other = self._sum = 0

    def see(self, record: Record) -> bool:
        """Compare what follows from a record; False if it is none."""
        try:
            rows = [encode(row) for row in self._module.rows(record, self._criteria)]
        except (AttributeError, IndexError, KeyError, TypeError, ValueError, MsgspecError):
            return False
        for row in map(json.loads, rows):
            self._number += 1
            if self._is_reordered:
                self._sum += _digest(row)
            elif next(self._there, None) != row and not self._other:
                self._other = self._number
        return True

    def fault(self) -> str | None:
        """Return what is wrong when all records were seen; None if nothing is."""
        if self._is_reordered and sum(map(_digest, self._there)) != self._sum:
            return f"{self.name}, {self._split}: there are rows that do not follow from {RECORDS}"
        if self._other or next(self._there, None) is not None:
            number = self._other or self._number + 1
            return f"{self.name}, {self._split}: row {number} does not follow from {RECORDS}"
        return None


def _records(folder: Path, split: Split) -> Iterator[Record | None]:
    """Yield the records; None of a line that is none."""
    path = writing.lines_of(folder, RECORDS, split, in_parquet=True)
    if not path.exists():
        return
    with path.open("rb") as file:
        for line in file:
            try:
                yield records.read(line)
            except MsgspecError:
                yield None


def _lines(folder: Path, name: str, split: Split) -> Iterator[Any]:
    path = writing.lines_of(folder, name, split, in_parquet=name in formats.IN_PARQUET)
    return writing.read_lines(path) if path.exists() else iter(())


def _digest(row: Any) -> int:
    said = json.dumps(row, ensure_ascii=False, sort_keys=True).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.sha256(said).digest())
