"""Keys: what this installation signs its releases with, one after the other.

They lie in the data folder, a file each. The first is made when it is needed; each later one was
signed by the one before it, whose secret part is then forgotten. The newest signs.
"""

import fcntl
import json
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError
from sqlalchemy.orm import Session

from exports.proof import envelopes
from exports.proof.envelopes import Envelope, Signer
from labeler import clock
from labeler.errors import Invalid

FOLDER = "release-keys"
"""In the data folder; nobody but the server's own account reads what is in it."""
FORMAT: Literal["labeler-keys-1"] = "labeler-keys-1"
ROTATION = "application/vnd.labeler.key-rotation+json"
"""The media type of what an old key says of the new one."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Key(_Model):
    """A key as everybody may see it."""

    number: int
    fingerprint: str
    """SHA-256 of the public key's DER form, in hexadecimal."""
    public_key: str
    """In PEM."""
    made_at: datetime
    introduced_by: Envelope | None
    """What the key before it signed when this one took its place."""


class _Kept(Key):
    """A key as it lies here."""

    private_key: str | None
    """In PEM, of the newest alone."""

    @property
    def shown(self) -> Key:
        return Key(**{name: getattr(self, name) for name in Key.model_fields})


class Listed(_Model):
    """All keys in their order, as they are published."""

    format: Literal["labeler-keys-1"]
    keys: tuple[Key, ...]


def current(data: Path) -> Signer:
    """Return the key that signs now; make it if there is none. Raises Invalid if it is damaged."""
    with _turn(data) as folder:
        kept = _read(folder)
        if not kept:
            kept = [_first(folder)]
    return _signer(kept[-1])


def rotate(data: Path) -> Key:
    """Make a new key, signed by the one of now, which signs nothing any more.

    Raises Invalid if there is nothing to take the place of, or if it is damaged.
    """
    with _turn(data) as folder:
        kept = _read(folder)
        if not kept:
            raise Invalid("There is no key yet: the first is made when it is needed.")
        made = _next(kept[-1])
        _write(folder, made)
        for one in kept:
            _forget(folder, one)
    return made.shown


def listed(data: Path) -> tuple[Key, ...]:
    """Return all keys in their order, without their secrets; raises Invalid if one is damaged."""
    return tuple(kept.shown for kept in _read(data / FOLDER))


def text(keys: Sequence[Key]) -> bytes:
    """Write keys as they are published."""
    said = Listed(format=FORMAT, keys=tuple(keys)).model_dump(mode="json", by_alias=True)
    return json.dumps(said, indent=1).encode() + b"\n"


def read_trusted(file: Path) -> tuple[str, ...]:
    """Return the public keys that a file names: one in PEM, or a list as it is published.

    Raises Invalid if it is neither, or if a key of the list was not introduced by the one before.
    """
    try:
        written = file.read_text("utf-8")
        if not written.lstrip().startswith("{"):
            return (envelopes.plain(written),)
        keys = Listed.model_validate_json(written).keys
    except (OSError, UnicodeDecodeError, ValidationError):
        raise Invalid(f"{file} is neither a public key in PEM nor a list of keys.") from None
    except Invalid as refusal:
        raise Invalid(f"{file} {refusal.message}.") from None
    for fault in _chain_faults(keys):
        raise Invalid(f"{file}: {fault}.")
    return tuple(key.public_key for key in keys)


def folders(_session: Session, data: Path) -> Iterator[Path]:
    """Yield the folder of the keys, seen from the data folder, if there are any."""
    if (data / FOLDER).is_dir():
        yield Path(FOLDER)


def faults(_session: Session, data: Path) -> Iterator[str]:
    """Yield what is wrong with the keys that lie here."""
    folder = data / FOLDER
    try:
        kept = _read(folder)
        if kept:
            _signer(kept[-1])
    except Invalid as refusal:
        yield refusal.message
        return
    for one in kept:
        path = _path(folder, one.number)
        if path.stat().st_mode & 0o077:
            yield f"{path} can be read by others: chmod 600"
    yield from _chain_faults(kept)


def _chain_faults(keys: Sequence[Key]) -> Iterator[str]:
    for number, key in enumerate(keys, start=1):
        try:
            right = envelopes.fingerprint(key.public_key)
        except Invalid as refusal:
            yield f"key {number} {refusal.message}"
            return
        if (key.number, key.fingerprint) != (number, right):
            yield f"key {number} is not the one that it says it is"
    for before, key in pairwise(keys):
        if not _is_introduced(before, key):
            yield f"key {key.number} was not introduced by key {before.number}"


def _is_introduced(before: Key, key: Key) -> bool:
    envelope = key.introduced_by
    return (
        envelope is not None
        and envelope.kind == ROTATION
        and envelopes.is_signed_by(envelope, before.public_key)
        and envelope.said == _introduction(before, key.number, key.public_key, key.made_at)
    )


def _introduction(before: Key, number: int, public_key: str, made_at: datetime) -> bytes:
    said = {
        "number": number,
        "fingerprint": envelopes.fingerprint(public_key),
        "public_key": public_key,
        "made_at": made_at.isoformat(),
        "replaces": before.fingerprint,
    }
    return json.dumps(said, indent=1).encode() + b"\n"


def _first(folder: Path) -> _Kept:
    signer = Signer.make()
    kept = _keep(signer, number=1, made_at=clock.now(), introduced_by=None)
    _write(folder, kept)
    return kept


def _next(before: _Kept) -> _Kept:
    signer, number, made_at = Signer.make(), before.number + 1, clock.now()
    said = _introduction(before, number, signer.public_key, made_at)
    introduced_by = _signer(before).seal(ROTATION, said)
    return _keep(signer, number=number, made_at=made_at, introduced_by=introduced_by)


def _keep(
    signer: Signer, *, number: int, made_at: datetime, introduced_by: Envelope | None
) -> _Kept:
    return _Kept(
        number=number,
        fingerprint=signer.fingerprint,
        public_key=signer.public_key,
        made_at=made_at,
        introduced_by=introduced_by,
        private_key=signer.private_key,
    )


def _signer(kept: _Kept) -> Signer:
    if kept.private_key is None:
        raise Invalid(f"Key {kept.number} has no secret part here: put it back from a backup.")
    signer = Signer.read(kept.private_key)
    if signer.public_key != kept.public_key:
        raise Invalid(f"The parts of key {kept.number} do not belong together.")
    return signer


def _forget(folder: Path, kept: _Kept) -> None:
    if kept.private_key is not None:
        _write(folder, kept.model_copy(update={"private_key": None}))


@contextmanager
def _turn(data: Path) -> Iterator[Path]:
    """Yield the folder of the keys while no other thread or process changes it."""
    folder = data / FOLDER
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY)
    except PermissionError:
        raise Invalid(f"{folder} belongs to another account than this one.") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield folder
    finally:
        os.close(descriptor)


def _read(folder: Path) -> list[_Kept]:
    """Return the keys in their order; raises Invalid naming a file that is damaged or missing."""
    numbers = sorted(int(path.stem) for path in folder.glob("*.json") if path.stem.isdecimal())
    kept = []
    for number in range(1, max(numbers, default=0) + 1):
        path = _path(folder, number)
        try:
            kept.append(_Kept.model_validate_json(path.read_bytes()))
        except (OSError, ValidationError):
            why = "it is missing or damaged, or belongs to another account"
            raise Invalid(f"{path} cannot be read: {why}.") from None
    return kept


def _write(folder: Path, kept: _Kept) -> None:
    """Put a key into its file, whole or not at all, to stay."""
    aside = folder / f".{kept.number}.{secrets.token_hex(4)}"
    try:
        with open(aside, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(kept.model_dump_json(by_alias=True, indent=1).encode())
            file.flush()
            os.fsync(file.fileno())
        aside.rename(_path(folder, kept.number))
    finally:
        aside.unlink(missing_ok=True)
    _sync(folder)


def _path(folder: Path, number: int) -> Path:
    return folder / f"{number}.json"


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
