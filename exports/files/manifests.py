"""Manifests: what is in a release, what is not and why, and the hash of every file.

MANIFEST.json lists the files; MANIFEST.sha256 holds the hash of MANIFEST.json, in the form that
`sha256sum -c` reads. One changed byte anywhere is thus found.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from exports.choosing.criteria import Criteria
from exports.choosing.pairs import Reason
from labeler.errors import Invalid

FORMAT: Literal["labeler-release-2"] = "labeler-release-2"
NAME = "MANIFEST.json"
SEAL = "MANIFEST.sha256"
TOMBSTONE = "TOMBSTONE.json"
"""What stands in place of the files of a release that was withdrawn."""
ATTESTATION = "attestation.dsse.json"
PUBLIC_KEY = "public_key.pem"
UNLISTED = (NAME, SEAL, ATTESTATION, PUBLIC_KEY)
"""What a release has that its manifest cannot name: it is written after, and signed later."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ProjectEntry(_Model):
    """The project that a release was cut from, as it was called then."""

    slug: str
    title: str
    question: str


class LeftOutEntry(_Model):
    """A comparison that is not in the release: its id in its own file, and why."""

    id: str
    reason: Reason
    n_votes: int


class FileEntry(_Model):
    """A file of the release; `rows` where it holds rows."""

    path: str
    bytes: int
    sha256: str
    rows: int | None = None


class FormatCounts(_Model):
    """How many rows a format has."""

    rows: int
    splits: dict[str, int]


class HeldReasons(_Model):
    """Reasons with what looks like personal data, by the kind of what was found first in each."""

    undecided: dict[str, int] = {}
    """Nobody has decided: they are left out."""
    let_go: dict[str, int] = {}
    """An owner has read them and let them go: they are in the release."""
    kept_out: dict[str, int] = {}
    """An owner has read them and left them out."""


class Counts(_Model):
    """How much there is; `comparisons` = `used` + `left_out`."""

    comparisons: int
    """Comparisons that anybody judged."""
    judgments: int
    """Judgments that count, known answers and other languages apart."""
    people: int | None
    """Who made those judgments; null if they are fewer than ten."""
    used: int
    """Comparisons that make a pair, or several."""
    left_out: int
    mean_agreement: float | None
    """Mean over pairs that were compared of the share of votes for the better answer."""
    languages: dict[str, int]
    """Comparisons used, by language."""
    reasons: dict[Reason, int]
    formats: dict[str, FormatCounts]
    held_reasons: HeldReasons | None = Field(None, exclude_if=lambda held: held is None)
    """Of the judgments in it; null, and not written, if people's reasons were not asked for."""

    def rows(self, name: str) -> int:
        """Return how many rows a format has."""
        return self.formats[name].rows if name in self.formats else 0


class Manifest(_Model):
    """What a release is."""

    format: Literal["labeler-release-2"]
    software: str
    project: ProjectEntry
    release: int
    cut_at: datetime
    last_judgment_id: int
    criteria: Criteria
    aggregation: str
    """How judgments came to one answer, with its version."""
    counts: Counts
    left_out: tuple[LeftOutEntry, ...] | None
    """Every comparison left out, by id; null if there are too many, then they have a file."""
    left_out_file: str | None
    files: tuple[FileEntry, ...]


def write(folder: Path, manifest: Manifest) -> None:
    """Write the manifest and its hash."""
    text = _text(manifest)
    (folder / NAME).write_bytes(text)
    (folder / SEAL).write_bytes(_seal(hashlib.sha256(text).hexdigest()))


def read(folder: Path) -> Manifest:
    """Read a manifest whose hash is right; raises Invalid."""
    for name in (NAME, SEAL):
        if not (folder / name).is_file():
            raise Invalid(f"{name} is missing")
    if (folder / SEAL).read_bytes() != _seal(digest(folder / NAME)):
        raise Invalid(f"{NAME} does not have the hash that {SEAL} names")
    try:
        return Manifest.model_validate_json((folder / NAME).read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Invalid(f"{NAME} cannot be read: {where}: {first['msg']}") from None


def entries(
    folder: Path, paths: Iterable[Path], rows: Mapping[Path, int] | None = None
) -> tuple[FileEntry, ...]:
    """Return an entry for each of these files, by path; `rows` says what some of them hold."""
    return tuple(
        FileEntry(
            path=path.relative_to(folder).as_posix(),
            bytes=path.stat().st_size,
            sha256=digest(path),
            rows=(rows or {}).get(path),
        )
        for path in sorted(paths)
    )


def faults(folder: Path, manifest: Manifest) -> Iterator[str]:
    """Yield which files are not those that the manifest lists, by their hashes."""
    listed = {entry.path: entry for entry in manifest.files}
    there = {path.relative_to(folder).as_posix() for path in found(folder)}
    for path in sorted(there - listed.keys() - set(UNLISTED)):
        yield f"{path} does not belong to the release"
    for path, entry in listed.items():
        if not _is_inside(path):
            yield f"{path} is not a path inside the release"
        elif path not in there:
            yield f"{path} is missing"
        elif words := fault(folder / path, entry):
            yield f"{path} {words}"


def fault(path: Path, entry: FileEntry) -> str | None:
    """Return how a file is not as it is listed, if it is not."""
    if path.is_symlink() or not path.is_file():
        return "is not a file"
    if path.stat().st_size != entry.bytes:
        return f"has {path.stat().st_size:,} bytes instead of {entry.bytes:,}"
    if digest(path) != entry.sha256:
        return "was changed: its hash is another"
    return None


def found(folder: Path) -> Iterator[Path]:
    """Yield whatever is in the folder and is not itself a folder."""
    return (path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest_of(manifest: Manifest) -> str:
    """Return the SHA-256 of a manifest as it is written, in hexadecimal."""
    return hashlib.sha256(_text(manifest)).hexdigest()


def _is_inside(path: str) -> bool:
    parts = PurePosixPath(path)
    return not parts.is_absolute() and ".." not in parts.parts and parts.as_posix() == path


def _text(manifest: Manifest) -> bytes:
    said = manifest.model_dump(mode="json")
    return json.dumps(said, ensure_ascii=False, indent=1).encode() + b"\n"


def _seal(sha256: str) -> bytes:
    return f"{sha256}  {NAME}\n".encode()
