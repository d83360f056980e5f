"""Cutting: from judgments to a folder of files, all of them or none.

Parts of the comparisons are gathered; then all votes are known, and shards of what was gathered
are concluded and written in the order of ids, which are hashes: so nothing shows in which order
they were loaded. Then the shards are put together, and documents are written beside them. Memory
stays the same however many there are. Whoever is killed on the way goes on where they were when
the same release is cut again.
"""

import fcntl
import gc
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path

import msgspec

from exports import formats
from exports.cards import croissant, labor_card
from exports.choosing.criteria import NEEDS
from exports.choosing.pairs import WORDS, Reason
from exports.choosing.splits import SPLITS
from exports.files import folders, manifests, sorting, tallies, writing
from exports.files.manifests import Counts, FileEntry, LeftOutEntry, Manifest, ProjectEntry
from exports.files.sorting import DRAWERS
from exports.files.surveys import Survey
from exports.files.tallies import HeldCount, Written
from exports.kept.releases import Cut, Made
from exports.making import consensus, documents, parts
from exports.making.crews import Alone, Crew
from exports.making.documents import Told
from exports.making.shards import Rendering, number_of
from exports.proof import signing
from exports.proof.envelopes import Signer
from labeler.errors import Busy, Invalid
from labeler.jobs import Progress
from labeler.said import say
from labeler.schema import Reading

LISTED = 10_000
"""Most comparisons left out that the manifest lists itself."""
LEFT_OUT_FILE = "left_out.jsonl"
SELDOM = 100_000
"""How many more things are there when garbage is looked for."""
_USUAL = gc.get_threshold()


READ = say("Judgments are read")
WRITTEN = say("Files are written")


def nobody(_done: int, _total: int, _words: str, /) -> None:
    """Tell nobody."""


class _Count:
    """Adds up steps, and tells how far it is."""

    def __init__(self, progress: Progress, total: int, words: str) -> None:
        self._progress, self._total, self._words = progress, total, words
        self._done = 0

    def __call__(self, more: int) -> None:
        self._done += more
        self._progress(self._done, self._total, self._words)


@contextmanager
def staged(
    cut: Cut,
    reading: Reading,
    target: Path,
    *,
    signer: Signer,
    progress: Progress = nobody,
    crew: Crew | None = None,
) -> Iterator[Made]:
    """Write a release, sign it, yield what it is, and put it at `target` after the block.

    The block records it. If anything fails, here or there, nothing is left. Raises Conflict if
    there is something at the target, Busy while somebody is cutting the same release, Invalid if
    there is nothing to release.
    """
    with folders.whole(target) as folder, _work(cut, target) as work, _undisturbed():
        yield write(cut, reading, folder, work, signer, progress, crew or Alone())


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Look seldom for garbage that holds itself: rows never do, and there are millions of them.

    To look for it among all that was there before took a tenth of the time.
    """
    gc.freeze()
    gc.set_threshold(SELDOM, *_USUAL[1:])
    try:
        yield
    finally:
        gc.set_threshold(*_USUAL)
        gc.unfreeze()


@contextmanager
def _work(cut: Cut, target: Path) -> Iterator[Path]:
    """Yield the folder in which a release is made, with what a process that was killed has left."""
    known = json.dumps([cut.project_id, cut.number, *map(str, cut.mark), cut.pseudonym_key])
    rules = f"{known} {cut.criteria.model_dump_json()} {cut.software}"
    name = f".{target.name}.{hashlib.sha256(rules.encode()).hexdigest()[:16]}"
    work = target.absolute().parent / name
    work.mkdir(exist_ok=True)
    descriptor = os.open(work, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy("This release is being cut. Wait until it is there.") from None
        try:
            yield work
        finally:
            shutil.rmtree(work, ignore_errors=True)
    finally:
        os.close(descriptor)


def write(
    cut: Cut,
    reading: Reading,
    folder: Path,
    work: Path,
    signer: Signer,
    progress: Progress,
    crew: Crew,
) -> Made:
    """Write all files of a release into an empty folder; raises Invalid."""
    with reading() as session:
        planned = parts.plan(session, cut.project_id)
        people = len(parts.people(session, cut.project_id))
    read = _Count(progress, 0, READ)
    step = read if crew.is_here else parts.unheard
    gathered = list(crew.map(partial(parts.gather, cut, reading, work, step), planned))
    survey = Survey()
    for part in gathered:
        survey.merge(part.survey)
    consensus.fit(work, len(planned), people, cut.criteria.aggregation, crew)
    records = sum(part.records for part in gathered)
    shards = range(number_of(records))
    near = parts.leaks(work, range(len(planned)))
    rendering = Rendering(cut, len(planned), len(shards), near)
    wrote = _Count(progress, records, WRITTEN)
    step = wrote if crew.is_here else parts.unheard
    rendered = list(crew.map(partial(rendering.render, work, step), shards))
    written = [one for shard in rendered for one in shard.written]
    for more in crew.map(partial(rendering.reorder, work), shards):
        written += more
    tallied = [shard.tally for shard in rendered]
    reasons, held = [part.reasons for part in gathered], _held(cut, gathered)
    counts = tallies.counts(survey, tallied, reasons, written, held)
    _require_some(cut, counts)
    writing.require_no_dates(written)
    files = _together(folder, work, len(shards), written)
    _write_companions(folder, cut, counts)
    listed = _write_left_out(folder, work, len(planned), len(shards))
    characters = sum(part.characters for part in gathered)
    flips = tallies.flips(tallied)
    told = Told(cut, counts, survey, characters, *flips, keyid=signer.fingerprint)
    rows = manifests.entries(folder, files, files)
    with reading() as session:
        documents.write(session, told, folder, rows)
    return _sealed(folder, told, listed, rows, signer)


def _held(cut: Cut, gathered: Sequence[parts.Told]) -> list[HeldCount] | None:
    """Return how many reasons are held; None if people's reasons are not asked for."""
    return [one for part in gathered for one in part.held] if cut.criteria.tells_reasons else None


def _sealed(
    folder: Path,
    told: Told,
    listed: tuple[LeftOutEntry, ...] | None,
    rows: tuple[FileEntry, ...],
    signer: Signer,
) -> Made:
    """Write what names the other files, and sign them."""
    known = {folder / each.path for each in rows}
    others = manifests.entries(folder, set(manifests.found(folder)) - known)
    documents.add_croissant(folder, told, _manifest(told, listed, rows + others))
    last = manifests.entries(folder, {folder / croissant.NAME})
    manifest = _manifest(told, listed, rows + others + last)
    manifests.write(folder, manifest)
    signing.attest(folder, manifest, signer)
    card = json.loads((folder / labor_card.JSON_NAME).read_bytes())
    return Made(manifest, card)


def _manifest(
    told: Told, listed: tuple[LeftOutEntry, ...] | None, files: tuple[FileEntry, ...]
) -> Manifest:
    cut = told.cut
    return Manifest(
        format=manifests.FORMAT,
        software=cut.software,
        project=ProjectEntry(slug=cut.slug, title=cut.title, question=cut.question),
        release=cut.number,
        cut_at=cut.mark.cut_at,
        last_judgment_id=cut.mark.last_judgment_id,
        criteria=cut.criteria,
        aggregation=consensus.version(cut.criteria.aggregation),
        counts=told.counts,
        left_out=listed,
        left_out_file=LEFT_OUT_FILE if listed is None else None,
        files=tuple(sorted(files, key=lambda each: each.path)),
    )


def _together(folder: Path, work: Path, shards: int, written: Sequence[Written]) -> dict[Path, int]:
    """Put the files of all shards into their places; return how many rows each holds."""
    rows: dict[Path, int] = {}
    for name in sorted({one.name for one in written}):
        in_parquet = formats.MODULES[name].SCHEMA is not None
        for split in SPLITS:
            found = [one for one in written if (one.name, one.split) == (name, split)]
            places = list(_places(work, shards, name, split))
            if not found:
                continue
            (folder / name).mkdir(exist_ok=True)
            if in_parquet:
                for number, (place, one) in enumerate(zip(places, found, strict=True)):
                    whole = f"{split}-{number:05d}-of-{len(found):05d}.parquet"
                    rows[place.with_suffix(".parquet").rename(folder / name / whole)] = one.rows
            lines = writing.lines_of(folder, name, split, in_parquet=in_parquet)
            _join([place.with_suffix(".jsonl") for place in places], lines)
            rows[lines] = sum(one.rows for one in found)
    return rows


def _places(work: Path, shards: int, name: str, split: str) -> Iterator[Path]:
    """Yield where each shard's rows of a format and split are, without the ends of the names."""
    kind = "reordered" if name in formats.REORDERED else "shard"
    for shard in range(shards):
        place = work / f"{kind}-{shard:05d}" / f"{name}-{split}"
        if place.with_suffix(".jsonl").exists():
            yield place


def _join(lines: Sequence[Path], target: Path) -> None:
    target.parent.mkdir(exist_ok=True)
    first, *others = lines
    first.rename(target)
    with target.open("ab") as whole:
        for other in others:
            with other.open("rb") as file:
                shutil.copyfileobj(file, whole, 2**20)


def _write_companions(folder: Path, cut: Cut, counts: Counts) -> None:
    """Write what tells consumers how to read the rows, where there are any."""
    for name in cut.criteria.formats:
        told = getattr(formats.MODULES[name], "companions", None)
        there = counts.formats.get(NEEDS.get(name, name))
        for path, text in (told(there.splits) if told and there else {}).items():
            (folder / name).mkdir(exist_ok=True)
            (folder / name / path).write_bytes(text.encode())


def _write_left_out(
    folder: Path, work: Path, n_parts: int, shards: int
) -> tuple[LeftOutEntry, ...] | None:
    """Return what was left out, by id; or write it to a file of its own and return None."""
    cabinets = [parts.home(work, number) / parts.LEFT_OUT for number in range(n_parts)]
    cabinets += [work / f"shard-{shard:05d}" / parts.LEFT_OUT for shard in range(shards)]
    entries = (
        LeftOutEntry(id=one, reason=Reason(reason), n_votes=n_votes)
        for group in sorting.groups(cabinets, range(DRAWERS))
        for one, reason, n_votes in (msgspec.json.decode(found.record) for found in group)
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


def _require_some(cut: Cut, counts: Counts) -> None:
    """Raise Invalid if there are no rows of anything but what was said as such."""
    wanted = set(cut.criteria.formats)
    if counts.formats.keys() & (wanted - {"comparisons"} or wanted):
        return
    by_number = sorted(counts.reasons.items(), key=lambda each: -each[1])
    why: dict[str, str] = {WORDS[reason]: f"{count:,}" for reason, count in by_number}
    raise Invalid("There is nothing to release: no pair is left by these rules.", fields=why)
