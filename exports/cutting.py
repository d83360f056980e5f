"""Cutting: from judgments to a folder of files, all of them or none.

First the judgments are read page by page, and records wait on disk. When all votes are known, what
becomes of each record is concluded, and its rows are written in the order of ids, which are
hashes, so that nothing shows in which order they were loaded. Memory stays the same however many
there are.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from math import ceil, log2
from pathlib import Path

import msgspec

from exports import (
    concluding,
    consensus,
    folders,
    formats,
    gathering,
    manifests,
    surveys,
)
from exports.cards import dataset_card
from exports.concluding import Concluding
from exports.gathering import Ballots
from exports.manifests import LeftOutEntry, Manifest, ProjectEntry
from exports.pairs import WORDS, LeftOut, Reason
from exports.records import Gathered, Record, encode
from exports.releases import Cut
from exports.sorting import Sorter
from exports.splits import Split, split_of
from exports.surveys import Survey
from exports.tallies import Tally
from exports.writing import Writers
from labeler.errors import Invalid
from labeler.people import remarks
from labeler.schema import Reading

LISTED = 10_000
"""Most comparisons left out that the manifest lists itself."""
LEFT_OUT_FILE = "left_out.jsonl"
SHARD = 50_000
"""Most records, about, whose rows are in one Parquet file."""
MOST_SHARDS = 256

Progress = Callable[[int, str], None]
"""Is told how many comparisons are done, and with what."""


def _nobody(_done: int, _what: str) -> None:
    """Tell nobody."""


@contextmanager
def staged(
    cut: Cut, reading: Reading, target: Path, progress: Progress = _nobody
) -> Iterator[Manifest]:
    """Write a release, yield its manifest, and put it at `target` after the block.

    The block records it. If anything fails, here or there, nothing is left. Raises Conflict if
    there is something at the target, Invalid if there is nothing to release.
    """
    with folders.whole(target) as folder:
        yield write(cut, reading, folder, progress)


def write(cut: Cut, reading: Reading, folder: Path, progress: Progress = _nobody) -> Manifest:
    """Write all files of a release into an empty folder; raises Invalid."""
    survey, tally, ballots = Survey(), Tally(), Ballots()
    with Sorter(folder / ".records") as waiting, Sorter(folder / ".left-out") as left_out:
        for one in gathering.gather(cut, reading, survey, ballots):
            if isinstance(one, LeftOut):
                _leave_out(left_out, tally, one)
            else:
                waiting.add(one.key, one.line)
                tally.gathered += 1
            progress(tally.gathered + tally.left_out, "reading")
        fitted = consensus.fit(ballots, cut.criteria.aggregation)
        rendering = _Rendering(cut, folder, Concluding(cut.criteria, fitted), left_out, tally)
        written = rendering.write(waiting, progress)
        listed = _write_left_out(folder, left_out)
    counts = tally.counts(survey)
    _write_card(cut, reading, folder, survey, counts)
    manifest = Manifest(
        format=manifests.FORMAT,
        software=cut.software,
        project=ProjectEntry(slug=cut.slug, title=cut.title, question=cut.question),
        release=cut.number,
        cut_at=cut.mark.cut_at,
        last_judgment_id=cut.mark.last_judgment_id,
        criteria=cut.criteria,
        aggregation=consensus.VERSIONS[cut.criteria.aggregation],
        counts=counts,
        left_out=listed,
        left_out_file=LEFT_OUT_FILE if listed is None else None,
        files=manifests.entries(folder, written),
    )
    manifests.write(folder, manifest)
    return manifest


class _Rendering:
    """Writes the rows of every format that is asked for."""

    def __init__(
        self, cut: Cut, folder: Path, concluding: Concluding, left_out: Sorter, tally: Tally
    ) -> None:
        self._criteria, self._folder, self._tally = cut.criteria, folder, tally
        self._concluding, self._left_out = concluding, left_out
        self._wanted: list[str] = [
            name for name in cut.criteria.formats if name in formats.WITH_ROWS
        ]
        self._at_once = [name for name in self._wanted if name not in formats.REORDERED]
        self._shards = min(MOST_SHARDS, 1 << max(0, ceil(log2(max(1, tally.gathered / SHARD)))))

    def write(self, waiting: Sorter, progress: Progress) -> dict[Path, int]:
        """Write the files and return how many rows each holds; raises Invalid."""
        schemas = {name: formats.MODULES[name].SCHEMA for name in self._wanted}
        later = {name: Sorter(self._folder / f".{name}") for name in self._reordered}
        groups = ([Gathered.unpack(line) for line in group] for group in waiting.groups())
        with Writers(self._folder, schemas) as writers:
            for done, record in enumerate(self._concluding.conclude(groups), start=1):
                self._tally.conclude(record)
                if (reason := concluding.left_out(record)) is not None:
                    _leave_out(self._left_out, self._tally, reason)
                self._add(writers, later, record)
                progress(done, "writing")
            for name, sorter in later.items():
                with sorter:
                    self._add_sorted(writers, name, sorter)
            if not self._tally.is_worth_it(self._wanted):
                raise _nothing(self._tally)
            written = writers.finish()
        self._companions()
        return written

    @property
    def _reordered(self) -> list[str]:
        return [name for name in self._wanted if name in formats.REORDERED]

    def _add(self, writers: Writers, later: dict[str, Sorter], record: Record) -> None:
        split = split_of(record["prompt_id"], self._criteria.test_share)
        shard = self._shard(record["pair_id"])
        for name in self._at_once:
            for row in formats.MODULES[name].rows(record, self._criteria):
                writers[name].add(row, split, shard)
                self._tally.rows[name, split] += 1
        for name, sorter in later.items():
            module = formats.MODULES[name]
            for row in module.rows(record, self._criteria):
                sorter.add(module.key(row), encode([split, row]))
                self._tally.rows[name, split] += 1

    def _add_sorted(self, writers: Writers, name: str, sorter: Sorter) -> None:
        key = formats.MODULES[name].key
        for group in sorter.groups():
            for line in sorted(group):
                split, row = msgspec.json.decode(line)
                writers[name].add(row, split, self._shard(key(row)))

    def _shard(self, key: str) -> int:
        return int(key[:2], 16) * self._shards // 256

    def _companions(self) -> None:
        """Write what tells consumers how to read the rows."""
        splits: list[Split] = self._tally.splits
        for format_ in self._criteria.formats:
            told = getattr(formats.MODULES[format_], "companions", None)
            for path, text in (told(splits) if told else {}).items():
                place = self._folder / format_ / path
                place.parent.mkdir(exist_ok=True)
                place.write_bytes(text.encode())
        for name in self._wanted:
            if not any((self._folder / name).iterdir()):
                (self._folder / name).rmdir()


def _leave_out(left_out: Sorter, tally: Tally, one: LeftOut) -> None:
    tally.reasons[one.reason] += 1
    key = hashlib.sha256(one.external_id.encode()).hexdigest()
    left_out.add(key, json.dumps([one.external_id, one.reason.value, one.n_votes]).encode())


def _write_left_out(folder: Path, left_out: Sorter) -> tuple[LeftOutEntry, ...] | None:
    """Return what was left out, by id; or write it to a file of its own and return None."""
    entries = (
        LeftOutEntry(id=one, reason=Reason(reason), n_votes=n_votes)
        for group in left_out.groups()
        for one, reason, n_votes in map(json.loads, group)
    )
    first = list(islice(entries, LISTED + 1))
    if len(first) <= LISTED:
        return tuple(sorted(first, key=lambda entry: entry.id))
    with (folder / LEFT_OUT_FILE).open("w", encoding="utf-8", newline="\n") as file:
        for some in (first, entries):
            for entry in some:
                line = json.dumps(entry.model_dump(mode="json"), ensure_ascii=False)
                file.write(line + "\n")
    return None


def _write_card(
    cut: Cut, reading: Reading, folder: Path, survey: Survey, counts: manifests.Counts
) -> None:
    with reading() as session:
        pay = surveys.paid(session, cut.project_id, cut.mark)
        scales = surveys.scales(session, cut.project_id, survey.rubrics)
        remark = remarks.statement_of(session, cut.project_id, cut.mark.cut_at)
    text = dataset_card.text(cut, counts, survey, pay=pay, scales=scales, remark=remark)
    (folder / dataset_card.NAME).write_bytes(text.encode())


def _nothing(tally: Tally) -> Invalid:
    found = tally.reasons.most_common()
    why: dict[str, str] = {WORDS[reason]: f"{count:,}" for reason, count in found}
    return Invalid("There is nothing to release: no pair is left by these rules.", fields=why)
