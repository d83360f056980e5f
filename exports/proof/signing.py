"""Signing: who says that these are the files of a release, so that strangers can tell without us.

An in-toto statement names every file with its hash and says what release it is; it lies in a DSSE
envelope beside the key that signed it. Neither is in the manifest, which is there before them. That
the key is the right one must be known from elsewhere: see `keys`.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from exports.files import manifests
from exports.files.manifests import Manifest
from exports.proof import envelopes
from exports.proof.envelopes import Envelope, Signer
from labeler.errors import Invalid

NAME, PUBLIC_KEY = BESIDE = manifests.ATTESTATION, manifests.PUBLIC_KEY
PAYLOAD = "application/vnd.in-toto+json"
STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "urn:labeler:release:1"
"""What kind of predicate it is: see docs/verify-a-release.md."""


def attest(folder: Path, manifest: Manifest, key: Signer) -> None:
    """Sign a release whose manifest is written: the same release and key give the same bytes."""
    written = {name: manifests.digest(folder / name) for name in (manifests.NAME, manifests.SEAL)}
    listed = {entry.path: entry.sha256 for entry in manifest.files}  # hashed a moment ago
    said = _statement(manifest, written | listed)
    (folder / PUBLIC_KEY).write_bytes(key.public_key.encode())
    (folder / NAME).write_bytes(envelopes.text(key.seal(PAYLOAD, said)))


def faults(
    folder: Path, manifest: Manifest, trusted: Collection[str] | None = None
) -> Iterator[str]:
    """Yield why this is not what was signed; `trusted` are public keys in PEM that one knows.

    Every file is read. Without `trusted` a release that somebody else signed has no fault.
    """
    for name in BESIDE:
        path = folder / name
        if path.is_symlink() or not path.is_file():
            yield f"{name} is missing"
            return
    try:
        public_key = _public_key(folder)
        envelope = envelopes.read((folder / NAME).read_bytes())
    except Invalid as refusal:
        yield refusal.message if refusal.message.startswith(BESIDE) else f"{NAME} {refusal.message}"
        return
    if trusted is not None and public_key not in {envelopes.plain(key) for key in trusted}:
        yield f"{PUBLIC_KEY} is not a key that you trust: {envelopes.fingerprint(public_key)}"
    if not envelopes.is_signed_by(envelope, public_key):
        yield f"{NAME} was not signed by {PUBLIC_KEY}, or was changed since"
        return
    yield from _statement_faults(folder, manifest, envelope)


def _public_key(folder: Path) -> str:
    try:
        written = (folder / PUBLIC_KEY).read_bytes().decode("ascii")
        found = envelopes.plain(written)
    except UnicodeDecodeError:
        raise Invalid(f"{PUBLIC_KEY} is no public key in PEM") from None
    except Invalid as refusal:
        raise Invalid(f"{PUBLIC_KEY} {refusal.message}") from None
    if found != written:
        raise Invalid(f"{PUBLIC_KEY} is not written as it was")
    return found


def _statement_faults(folder: Path, manifest: Manifest, envelope: Envelope) -> Iterator[str]:
    digests = _digests(folder, manifest)
    if envelope.kind == PAYLOAD and envelope.said == _statement(manifest, digests):
        return
    signed = _subjects(envelope)
    if signed is None:
        yield f"{NAME} holds no statement about files"
        return
    for name, digest in digests.items():
        if name not in signed:
            yield f"{name} was not signed"
        elif digest is None:
            yield f"{name} is missing"
        elif signed[name] != digest:
            yield f"{name} is not the file that was signed"
    for name in signed.keys() - digests.keys():
        yield f"{name} was signed and is not in {manifests.NAME}"
    if signed == digests:
        yield f"{NAME} says something else of the release than {manifests.NAME}"


def _digests(folder: Path, manifest: Manifest) -> dict[str, str | None]:
    """Return the hash of every file that is there before it is signed; None of a missing one."""
    names = [manifests.NAME, manifests.SEAL, *(entry.path for entry in manifest.files)]
    paths = {name: folder / name for name in names}
    return {
        name: manifests.digest(path) if path.is_file() else None for name, path in paths.items()
    }


def _statement(manifest: Manifest, digests: Mapping[str, str | None]) -> bytes:
    """Write what is signed; each file stands on one line, so that simple tools can read it."""
    subjects = [
        json.dumps({"name": name, "digest": {"sha256": digest}}, ensure_ascii=False)
        for name, digest in digests.items()
    ]
    predicate = json.dumps(_predicate(manifest), ensure_ascii=False, indent=1)
    lines = [
        "{",
        f'"_type": "{STATEMENT}",',
        '"subject": [',
        ",\n".join(subjects),
        "],",
        f'"predicateType": "{PREDICATE}",',
        f'"predicate": {predicate}',
        "}\n",
    ]
    return "\n".join(lines).encode()


def _predicate(manifest: Manifest) -> dict[str, Any]:
    said = manifest.model_dump(mode="json")
    return {
        "project": manifest.project.slug,
        "release": manifest.release,
        **{name: said[name] for name in ("format", "cut_at", "counts", "software")},
    }


def _subjects(envelope: Envelope) -> dict[str, str] | None:
    try:
        return {each["name"]: each["digest"]["sha256"] for each in _listed(envelope)}
    except (KeyError, TypeError, ValueError):
        return None


def _listed(envelope: Envelope) -> list[Any]:
    return list(json.loads(envelope.said)["subject"])
