"""Verification: whether a release is what its manifest says, told from its folder alone."""

from collections import Counter
from collections.abc import Iterator
from itertools import islice, zip_longest
from pathlib import Path

from exports import manifests, rows
from exports.formats import dpo
from exports.manifests import LeftOutEntry, Manifest
from exports.pairs import WORDS, Reason
from exports.rows import Row
from exports.splits import SPLITS, Split, split_of
from labeler.errors import Invalid

SHOWN = 20
"""How many faults of a split are named one by one."""


def verify(folder: Path) -> list[str]:
    """Return what is wrong with a release, naming the file; nothing if it is whole.

    What is in the files is looked at only if the files are those that were written.
    """
    try:
        manifest = manifests.read(folder)
    except Invalid as refusal:
        return [refusal.message]
    return list(manifests.faults(folder, manifest)) or list(_content_faults(folder, manifest))


def _content_faults(folder: Path, manifest: Manifest) -> Iterator[str]:
    languages: Counter[str] = Counter()
    for split in SPLITS:
        try:
            yield from islice(_split_faults(folder, manifest, split, languages), SHOWN)
        except Invalid as refusal:
            yield refusal.message
    if languages != manifest.counts.languages:
        yield f"{manifests.NAME} counts other languages than there are: {dict(languages)}"
    if languages.total() != manifest.counts.pairs:
        yield f"{manifests.NAME} counts {manifest.counts.pairs:,} pairs; there are others"
    yield from _left_out_faults(folder, manifest)


def _split_faults(
    folder: Path, manifest: Manifest, split: Split, languages: Counter[str]
) -> Iterator[str]:
    lines = f"jsonl/dpo-{split}.jsonl"
    copies = dpo.read_lines(folder / lines) if (folder / lines).exists() else iter(())
    last, number = "", 0
    for number, (row, copy) in enumerate(_both(_rows(folder, manifest, split), copies), start=1):
        if row is None or row != copy:
            yield f"{lines}: line {number} is not row {number} of the Parquet files"
            continue
        for fault in _row_faults(row, last):
            yield f"{split}: row {number} {fault}"
        if split_of(row["prompt_id"], manifest.criteria.test_share) != split:
            yield f"{split}: row {number} has a prompt that belongs to another split"
        last = row["pair_id"]
        languages[row["language"]] += 1
    if number != manifest.counts.splits.get(split, 0):
        yield f"{split}: there are {number:,} rows, not as many as {manifests.NAME} counts"


def _both(found: Iterator[Row], copies: Iterator[object]) -> Iterator[tuple[Row | None, object]]:
    return zip_longest(found, copies)


def _rows(folder: Path, manifest: Manifest, split: Split) -> Iterator[Row]:
    entries = [entry for entry in manifest.files if entry.path.startswith(f"dpo/{split}-")]
    for number, entry in enumerate(entries):
        if entry.path != f"dpo/{split}-{number:05d}-of-{len(entries):05d}.parquet":
            raise Invalid(f"{entry.path} is not named as one of {len(entries)} files")
        count = 0
        for count, row in enumerate(dpo.read_parquet(folder / entry.path), start=1):  # noqa: B007
            yield row
        if count != entry.rows:
            raise Invalid(f"{entry.path} has {count:,} rows, not as many as {manifests.NAME} says")


def _row_faults(row: Row, last: str) -> Iterator[str]:
    if (fault := rows.fault(row)) is not None:
        yield f"is unfit: {WORDS[fault].lower()}"
        return
    answers = (row["chosen"][-1]["content"], row["rejected"][-1]["content"])
    if row["prompt_id"] != rows.prompt_id(row["prompt"]):
        yield "has another prompt than its prompt_id says"
    if row["pair_id"] != rows.pair_id(row["prompt"], *answers):
        yield "has other texts than its pair_id says"
    if row["pair_id"] <= last:
        yield "is there twice or not in its place"


def _left_out_faults(folder: Path, manifest: Manifest) -> Iterator[str]:
    counts = manifest.counts
    if counts.comparisons != counts.pairs + counts.left_out:
        yield f"{manifests.NAME}: pairs and left out do not add up to the comparisons"
    if _reasons(folder, manifest) != counts.reasons or counts.left_out != sum(
        counts.reasons.values()
    ):
        yield f"{manifests.NAME}: what was left out is not what is counted by reason"


def _reasons(folder: Path, manifest: Manifest) -> Counter[Reason]:
    if manifest.left_out_file is None:
        return Counter(entry.reason for entry in manifest.left_out or ())
    entries = map(LeftOutEntry.model_validate, dpo.read_lines(folder / manifest.left_out_file))
    return Counter(entry.reason for entry in entries)
