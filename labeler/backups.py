"""Backups: one tar file with a copy of the database and the folders that belong to it.

The copy is of one moment. The last member says what is in the file, with the hash of everything
else, so that a backup that was cut short is none. Without labeler, `tar xf` gives the database.
"""

import hashlib
import io
import os
import secrets
import shutil
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import IO, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from labeler import errors
from labeler.errors import Conflict, Full, Invalid

MANIFEST = "backup.json"
DATABASE = "database"
"""The copy: an SQLite file, or what `pg_dump --format=custom` wrote."""
DATA = "data"
"""In this folder of the tar lies what lay in the data folder."""
CHUNK = 2**20


class Manifest(BaseModel):
    """What a backup is and holds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal["labeler-backup-1"] = "labeler-backup-1"
    software: str
    made_at: datetime
    backend: Literal["sqlite", "postgresql"]
    revision: str
    """The version of the database's schema."""
    judgments: int
    transfers: int
    files: Mapping[str, str] = {}
    """The SHA-256 of every other member, by its name."""


@contextmanager
def staged(target: Path) -> Iterator[Path]:
    """Yield an empty folder beside `target`, readable by us alone, for what is to become it.

    It is gone after the block. Raises Conflict if the target is there, Full if the disk is.
    """
    _require_free(target)
    folder = target.parent / f".{target.name}.{secrets.token_hex(4)}"
    try:
        folder.mkdir(0o700)
        yield folder
    except Exception as error:
        if errors.no_room(error):
            raise Full(f"There is no room in {target.parent} for {target.name}.") from None
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _require_free(target: Path) -> None:
    if target.exists() or target.is_symlink():
        raise Conflict(f"There is something at {target} already. Choose another place.")
    if not target.parent.is_dir():
        raise Invalid(f"There is no folder {target.parent}.")


def place(file: Path, target: Path) -> None:
    """Put a finished file at `target`, to stay, unless something has come there meanwhile."""
    _sync(file)
    _require_free(target)
    file.rename(target)
    _sync(target.parent)


def write(file: Path, manifest: Manifest, copy: Path, data: Path, folders: Iterable[Path]) -> None:
    """Write a backup of this copy and of these folders, which are seen from the data folder."""
    hashes: dict[str, str] = {}
    with _new(file) as out, tarfile.open(fileobj=out, mode="w") as tar:
        hashes[DATABASE] = _add(tar, copy, DATABASE)
        for path in _files(data / folder for folder in folders):
            name = f"{DATA}/{path.relative_to(data).as_posix()}"
            hashes[name] = _add(tar, path, name)
        text = manifest.model_copy(update={"files": hashes}).model_dump_json(indent=2).encode()
        tar.addfile(_entry(MANIFEST, len(text)), io.BytesIO(text))


@contextmanager
def reading(file: Path) -> Iterator["Backup"]:
    """Open a backup; raises Invalid if it is none, or not a whole one."""
    with file.open("rb") as opened:
        try:
            tar = tarfile.TarFile(fileobj=opened)
            manifest = _manifest(tar)
        except (tarfile.TarError, KeyError, ValidationError) as error:
            raise Invalid(f"{file} is no backup, or not a whole one: {error}") from None
        yield Backup(tar, manifest)


@dataclass(frozen=True)
class Backup:
    """An open backup."""

    tar: tarfile.TarFile
    manifest: Manifest

    def require_whole(self) -> None:
        """Read everything; raises Invalid if a hash is wrong."""
        for name, digest in self.manifest.files.items():
            if _digest(self._open(name)) != digest:
                raise Invalid(f"The backup is damaged: {name} is not as it was written.")

    def unpack(self, name: str, target: Path) -> None:
        """Write a member to a new file, on disk to stay."""
        with self._open(name) as read, _new(target) as out:
            shutil.copyfileobj(read, out, CHUNK)
        _sync(target)

    def missing(self, data: Path) -> list[str]:
        """Return the members that do not lie in the data folder yet.

        Raises Conflict if a file lies there that is another one.
        """
        missing = []
        for name in self.manifest.files:
            if name == DATABASE:
                continue
            there = self.home(name, data)
            if not there.exists():
                missing.append(name)
            elif _digest_of(there) != self.manifest.files[name]:
                raise Conflict(f"{there} is not the file of this name in the backup: move it.")
        return missing

    def put_back(self, name: str, data: Path) -> None:
        """Write a member to where it lay in the data folder, whole or not at all."""
        target = self.home(name, data)
        target.parent.mkdir(parents=True, exist_ok=True)
        with staged(target) as folder:
            self.unpack(name, folder / "file")
            place(folder / "file", target)

    def home(self, name: str, data: Path) -> Path:
        """Return where a member lay; raises Invalid if that is not inside the data folder."""
        path = PurePosixPath(name)
        if path.parts[0] != DATA or len(path.parts) < 2 or ".." in path.parts:
            raise Invalid(f"{name} is no name for a file of the data folder.")
        return data.joinpath(*path.parts[1:])

    def _open(self, name: str) -> IO[bytes]:
        found = self.tar.extractfile(name) if name in self.tar.getnames() else None
        if found is None:
            raise Invalid(f"The backup is damaged: {name} is not there.")
        return found


class _Hashing:
    """A file that is hashed while it is read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.hash = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        chunk = self._file.read(size)
        self.hash.update(chunk)
        return chunk


def _manifest(tar: tarfile.TarFile) -> Manifest:
    found = tar.extractfile(MANIFEST)
    if found is None:
        raise KeyError(MANIFEST)
    return Manifest.model_validate_json(found.read())


def _add(tar: tarfile.TarFile, path: Path, name: str) -> str:
    with path.open("rb") as file:
        read = _Hashing(file)
        tar.addfile(_entry(name, os.fstat(file.fileno()).st_size), read)
    return read.hash.hexdigest()


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o600
    return entry


def _files(folders: Iterable[Path]) -> Iterator[Path]:
    for folder in folders:
        yield from sorted(path for path in folder.rglob("*") if path.is_file())


def _new(path: Path) -> IO[bytes]:
    return open(path, "xb", opener=lambda name, flags: os.open(name, flags, 0o600))


def _digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return _digest(file)


def _digest(file: IO[bytes]) -> str:
    read = _Hashing(file)
    while read.read(CHUNK):
        pass
    return read.hash.hexdigest()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
