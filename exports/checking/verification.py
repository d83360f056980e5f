"""Verification: whether a release is what its manifest says, told from its folder alone."""

import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice, zip_longest
from pathlib import Path
from typing import Any

from exports import formats
from exports.cards import croissant, croissant_faults, dataset_card, labor_card
from exports.checking import derivations
from exports.choosing import texts, votes
from exports.choosing.pairs import WORDS, Reason
from exports.choosing.records import PREFERRED, RANKED
from exports.choosing.splits import SPLITS, Split, split_of
from exports.files import manifests, writing
from exports.files.manifests import LeftOutEntry, Manifest
from exports.formats.columns import Row
from exports.proof import signing
from labeler.errors import Invalid
from labeler.work.rubrics import Verdict

SHOWN = 20
"""How many faults of a format and split are named one by one."""


def verify(folder: Path, trusted: Collection[str] | None = None) -> list[str]:
    """Return what is wrong with a release, naming the file; nothing if it is whole.

    What is in the files is looked at only if the files are those that were written. `trusted` are
    the public keys, in PEM, of which one must have signed it; any key will do if it is None.
    """
    if (folder / manifests.TOMBSTONE).is_file():
        return [_withdrawn(folder / manifests.TOMBSTONE)]
    try:
        manifest = manifests.read(folder)
    except Invalid as refusal:
        return [refusal.message]
    return (
        list(manifests.faults(folder, manifest))
        or list(signing.faults(folder, manifest, trusted))
        or [*_document_faults(folder, manifest), *_content_faults(folder, manifest)]
    )


def _document_faults(folder: Path, manifest: Manifest) -> Iterator[str]:
    for name in (dataset_card.NAME, labor_card.NAME, labor_card.JSON_NAME, croissant.NAME):
        if not (folder / name).is_file():
            yield f"{name} is missing"
            return
    card = (folder / labor_card.JSON_NAME).read_bytes()
    yield from (f"{labor_card.JSON_NAME}: {fault}" for fault in labor_card.faults(card))
    said = (folder / croissant.NAME).read_text("utf-8")
    yield from croissant_faults.faults(folder, said, manifest)


def _withdrawn(tombstone: Path) -> str:
    try:
        said = json.loads(tombstone.read_bytes())
        return f"withdrawn on {said['withdrawn_at'][:10]}: {said['because']}"
    except (ValueError, KeyError, TypeError):
        return f"{tombstone.name} cannot be read"


def _content_faults(folder: Path, manifest: Manifest) -> Iterator[str]:
    looking = _Looking(folder, manifest)
    for name in formats.WITH_ROWS:
        for split in SPLITS:
            try:
                yield from islice(looking.faults(name, split), SHOWN)
            except Invalid as refusal:
                yield refusal.message
    yield from looking.sums()
    yield from _derived_faults(folder, manifest)
    yield from _left_out_faults(folder, manifest)


def _derived_faults(folder: Path, manifest: Manifest) -> Iterator[str]:
    try:
        yield from derivations.faults(folder, manifest)
    except Invalid as refusal:
        yield refusal.message


@dataclass
class _Looking:
    """Reads the rows of a release and counts what its manifest counts."""

    folder: Path
    manifest: Manifest
    languages: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)

    def faults(self, name: str, split: Split) -> Iterator[str]:
        """Yield what is wrong with the rows of a format in a split."""
        schema = formats.MODULES[name].SCHEMA
        path = writing.lines_of(self.folder, name, split, in_parquet=schema is not None)
        lines = writing.read_lines(path) if path.exists() else iter(())
        rows = lines if schema is None else self._compared(name, split, lines, path)
        check, number = _Rows(name, split, self.manifest), 0
        for number, row in enumerate(rows, start=1):
            if isinstance(row, str):
                yield row
                continue
            if schema is not None:
                for fault in check.faults(row):
                    yield f"{name}, {split}: row {number} {fault}"
            if name == "comparisons":
                self._count(row)
        if number != self._counted(name, split):
            told = f"not as many as {manifests.NAME} counts"
            yield f"{name}, {split}: there are {number:,} rows, {told}"

    def sums(self) -> Iterator[str]:
        """Yield what the manifest counts otherwise than the comparisons say, if they are there."""
        counts = self.manifest.counts
        if "comparisons" not in counts.formats:
            return
        if self.languages != counts.languages:
            yield f"{manifests.NAME} counts other languages than there are: {dict(self.languages)}"
        if self.languages.total() != counts.used:
            yield f"{manifests.NAME} counts {counts.used:,} comparisons used; there are others"
        for reason, count in self.reasons.items():
            if count > counts.reasons.get(Reason(reason), 0):
                yield f"{manifests.NAME} counts too few left out as {reason}"

    def _count(self, row: Row) -> None:
        if row["outcome"] in (PREFERRED, RANKED):
            self.languages[row["language"]] += 1
        else:
            self.reasons[row["outcome"]] += 1

    def _counted(self, name: str, split: Split) -> int:
        told = self.manifest.counts.formats.get(name)
        return told.splits.get(split, 0) if told else 0

    def _compared(
        self, name: str, split: Split, lines: Iterator[Any], path: Path
    ) -> Iterator[Row | str]:
        """Yield the rows that both kinds of file have, and where they differ."""
        both = zip_longest(self._rows(name, split), lines)
        for number, (row, copy) in enumerate(both, start=1):
            if row is None or row != copy:
                where = path.relative_to(self.folder).as_posix()
                yield f"{where}: line {number} is not row {number} of the Parquet files"
            else:
                yield row

    def _rows(self, name: str, split: Split) -> Iterator[Row]:
        entries = [each for each in self.manifest.files if each.path.startswith(f"{name}/{split}-")]
        for number, entry in enumerate(entries):
            if entry.path != f"{name}/{split}-{number:05d}-of-{len(entries):05d}.parquet":
                raise Invalid(f"{entry.path} is not named as one of {len(entries)} files")
            found = writing.read_parquet(self.folder / entry.path, formats.MODULES[name].SCHEMA)
            count = 0
            for count, row in enumerate(found, start=1):  # noqa: B007
                yield row
            if count != entry.rows:
                told = f"not as many as {manifests.NAME} says"
                raise Invalid(f"{entry.path} has {count:,} rows, {told}")


@dataclass
class _Rows:
    """Looks at the rows of a format one after the other."""

    name: str
    split: Split
    manifest: Manifest
    last: str = ""

    def faults(self, row: Row) -> Iterator[str]:
        """Yield what is wrong with a row."""
        try:
            yield from self._faults(row)
        except (IndexError, TypeError):
            yield "holds nothing where something belongs"

    def _faults(self, row: Row) -> Iterator[str]:
        if row["prompt_id"] != texts.prompt_id(row["prompt"]):
            yield "has another prompt than its prompt_id says"
        if split_of(row["prompt_id"], self.manifest.criteria.test_share) != self.split:
            yield "has a prompt that belongs to another split"
        yield from self._answers(row)
        if self.name in ("dpo", "reward") and _is_of_an_order(row):  # with an id of its own
            return
        is_reordered = self.name in formats.REORDERED
        key = formats.MODULES[self.name].key(row) if is_reordered else row["pair_id"]
        if key < self.last:
            yield "is not in its place"
        if key == self.last and self.name in ("dpo", "reward", "sft"):
            yield "is there twice"
        self.last = key

    def _answers(self, row: Row) -> Iterator[str]:
        if self.name == "comparisons":
            said = [answer["content"] for answer in row["responses"]]
            whole = True
            yield from _vote_faults(row)
        else:
            sides = [row[side] for side in ("chosen", "rejected", "completion") if side in row]
            if any([turn["role"] for turn in side] != ["assistant"] for side in sides):
                yield "has an answer that is not one message of the assistant"
                return
            said = [side[0]["content"] for side in sides] or row["answers"]
            whole = self.name not in ("sft", "kto", "edits", "criteria")
            if (fault := texts.fault(row["prompt"], said, None)) is not None:
                yield f"is unfit: {WORDS[fault].lower()}"
                return
        if whole and row["pair_id"] != texts.pair_id(row["prompt_id"], said):
            yield "has other texts than its pair_id says"


def _is_of_an_order(row: Row) -> bool:
    """Tell a pair that comes of an order of several answers: nobody said how much better one is."""
    return row.get("strength") == 0.0 and not row["adjudicated"]


def _vote_faults(row: Row) -> Iterator[str]:
    """Yield what a comparison says otherwise than the judgments on it."""
    counted = [one for one in row["judgments"] if one["counts"]]
    labels = [votes.label(one["verdict"], one["preferred"]) for one in counted]
    voted = [label for label in labels if label is not None]
    ranked = [one for one in counted if one["verdict"] == Verdict.ranking.value]
    if row["n_votes"] != len(voted) + len(ranked):
        yield "has not as many votes as it has judgments that count"
    if row["outcome"] == PREFERRED:
        alike = voted.count(row["preferred"])
        if row["agreement"] != alike / max(1, len(voted)):
            yield "has another agreement than its judgments say"


def _left_out_faults(folder: Path, manifest: Manifest) -> Iterator[str]:
    counts = manifest.counts
    if counts.comparisons != counts.used + counts.left_out:
        yield f"{manifests.NAME}: used and left out do not add up to the comparisons"
    told: Mapping[Reason, int] = counts.reasons
    if _reasons(folder, manifest) != told or counts.left_out != sum(told.values()):
        yield f"{manifests.NAME}: what was left out is not what is counted by reason"


def _reasons(folder: Path, manifest: Manifest) -> Counter[Reason]:
    if manifest.left_out_file is None:
        return Counter(entry.reason for entry in manifest.left_out or ())
    lines = writing.read_lines(folder / manifest.left_out_file)
    return Counter(entry.reason for entry in map(LeftOutEntry.model_validate, lines))
