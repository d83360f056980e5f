"""Shards: what is gathered, written by ranges of ids, each by whoever has time for it.

Ids are hashes, so every shard has about as many records, from all parts. Which records are in one
follows from their ids and from how many shards there are, and that from how many records: so the
files are the same whoever writes them. As with parts, a shard is there whole or not at all.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import ceil, log2
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from exports import formats
from exports.choosing import concluding
from exports.choosing.concluding import Concluding
from exports.choosing.records import Gathered, Record, encode
from exports.choosing.splits import Split, split_of
from exports.files import folders, sorting
from exports.files.sorting import DRAWERS, Cabinet, Found
from exports.files.tallies import Tally, Written
from exports.formats.columns import Columns, Row
from exports.kept.releases import Cut
from exports.making import parts
from exports.making.parts import Step
from labeler.stats.tables import Array

RECORDS = 50_000
"""Records of a shard, about, and so at most a few times as many rows of a Parquet file."""
POSTERIORS, LEFT_OUT, TOLD = "posteriors.npy", "left-out", "told.json"


class Told(NamedTuple):
    """What was written in a shard, and what it comes to."""

    written: list[Written]
    tally: Tally


def number_of(records: int) -> int:
    """Return how many shards so many records are written in: a power of two."""
    return min(DRAWERS, 1 << max(0, ceil(log2(max(1, records / RECORDS)))))


def drawers(shard: int, shards: int) -> range:
    """Return the drawers of a shard."""
    width = DRAWERS // shards
    return range(shard * width, (shard + 1) * width)


def home(work: Path, shard: int) -> Path:
    """Return the folder of a shard."""
    return work / f"shard-{shard:05d}"


class Rendering(NamedTuple):
    """What shards are written by: the cut, how many parts and shards there are, leaking prompts."""

    cut: Cut
    parts: int
    shards: int
    near: Mapping[str, str]

    def render(self, work: Path, step: Step, shard: int) -> Told:
        """Write a shard's rows of every format, unless that is done already."""
        place = home(work, shard)
        with folders.once(place) as folder:
            if folder is not None:
                told = self._render(work, folder, step, shard)
                (folder / TOLD).write_bytes(msgspec.json.encode(told))
        return msgspec.json.decode((place / TOLD).read_bytes(), type=Told)

    def _render(self, work: Path, folder: Path, step: Step, shard: int) -> Told:
        from exports.files.writing import Writers  # it brings pyarrow, which no look needs

        tally, wanted = Tally(), self.wanted
        later = [name for name in wanted if name in formats.REORDERED]
        cabinets = {name: Cabinet(folder / name) for name in later}
        with Cabinet(folder / LEFT_OUT) as left_out, Writers(folder, _schemas(wanted)) as writers:
            for gathered in self._concluded(work, shard):
                tally.conclude(gathered)
                record = gathered.record
                if (reason := concluding.left_out(record)) is not None:
                    parts.leave_out(left_out, reason)
                for name, row, split in self._rows(record):
                    if name in cabinets:
                        key = formats.MODULES[name].key(row)
                        cabinets[name].add(key, encode([split, row]))
                    else:
                        writers.add(name, row, split)
                step(1)
            for cabinet in cabinets.values():
                cabinet.close()
            return Told(writers.finish(), tally)

    def reorder(self, work: Path, shard: int) -> list[Written]:
        """Write a shard of the formats whose rows have an order of their own."""
        place = work / f"reordered-{shard:05d}"
        with folders.once(place) as folder:
            if folder is not None:
                written = self._reorder(work, folder, shard)
                (folder / TOLD).write_bytes(msgspec.json.encode(written))
        return msgspec.json.decode((place / TOLD).read_bytes(), type=list[Written])

    def _reorder(self, work: Path, folder: Path, shard: int) -> list[Written]:
        from exports.files.writing import Writers

        names = [name for name in self.wanted if name in formats.REORDERED]
        with Writers(folder, _schemas(names)) as writers:
            for name in names:
                cabinets = [home(work, each) / name for each in range(self.shards)]
                for group in sorting.groups(cabinets, drawers(shard, self.shards)):
                    for line in sorted(found.record for found in group):
                        split, row = _row(line)
                        writers.add(name, row, split)
            return writers.finish()

    @property
    def wanted(self) -> list[str]:
        """The formats that have rows."""
        return [name for name in self.cut.criteria.formats if name in formats.WITH_ROWS]

    def _concluded(self, work: Path, shard: int) -> Iterator[Gathered]:
        homes = [parts.home(work, number) for number in range(self.parts)]
        # Looked up on disk: of a million records they would take 32 MB in each process.
        likely = [np.load(each / POSTERIORS, mmap_mode="r").view(np.ndarray) for each in homes]
        cabinets = [each / parts.RECORDS for each in homes]
        groups = sorting.groups(cabinets, drawers(shard, self.shards))
        rules = Concluding(self.cut.criteria, self.near)
        yield from rules.conclude(unpacked(group, likely) for group in groups)

    def _rows(self, record: Record) -> Iterator[tuple[str, Row | Record, Split]]:
        split = split_of(record.prompt_id, self.cut.criteria.test_share)
        for name in self.wanted:
            for row in formats.MODULES[name].rows(record, self.cut.criteria):
                yield name, row, split


_row = msgspec.json.Decoder(tuple[Split, msgspec.Raw]).decode


def unpacked(group: Iterable[Found], likely: Sequence[Array]) -> list[Gathered]:
    """Read records, with how probable each of their labels is."""
    found = []
    for cabinet, line in group:
        one = Gathered.unpack(line)
        if one.votes.number:
            one.record.posterior = likely[cabinet][one.ordinal].tolist()
        found.append(one)
    return found


def _schemas(names: Sequence[str]) -> dict[str, Columns | None]:
    return {name: formats.MODULES[name].SCHEMA for name in names}
