"""Envelopes: what was said, and by which key, so that anybody's tools can tell (DSSE, Ed25519).

An envelope is written in one way only, each value on a line of its own: one that is written
otherwise is refused. The same words and key give the same bytes. Format and signature are those of
https://github.com/secure-systems-lab/dsse, version 1.
"""

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass, field
from typing import Self

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from labeler.errors import Invalid


class Signature(BaseModel):
    """Who signed, and the signature in base64."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    keyid: str
    """The key's fingerprint."""
    sig: str


class Envelope(BaseModel):
    """What was said, in base64, and who says so."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    payload: str
    kind: str = Field(alias="payloadType")
    signatures: tuple[Signature]

    @property
    def said(self) -> bytes:
        """What was said; believe it only after `is_signed_by`."""
        return base64.b64decode(self.payload)


@dataclass(frozen=True)
class Signer:
    """A key that signs."""

    fingerprint: str
    public_key: str
    """In PEM."""
    _private: Ed25519PrivateKey = field(repr=False)

    @classmethod
    def make(cls) -> Self:
        """Make a new key."""
        return cls._of(Ed25519PrivateKey.generate())

    @classmethod
    def read(cls, private_key: str) -> Self:
        """Read a key from PEM; raises Invalid."""
        try:
            found = serialization.load_pem_private_key(private_key.encode(), password=None)
        except (TypeError, ValueError, UnsupportedAlgorithm):
            raise Invalid("This is no private key in PEM.") from None
        if not isinstance(found, Ed25519PrivateKey):
            raise Invalid("This is no Ed25519 key.")
        return cls._of(found)

    @classmethod
    def _of(cls, private: Ed25519PrivateKey) -> Self:
        public_key = _pem(private.public_key())
        return cls(fingerprint(public_key), public_key, private)

    @property
    def private_key(self) -> str:
        """The secret part, in PEM: whoever has it signs as we do."""
        return self._private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode()

    def seal(self, kind: str, said: bytes) -> Envelope:
        """Sign what is said, of this media type."""
        signature = self._private.sign(_signed(kind, said))
        return Envelope(
            payload=base64.b64encode(said).decode(),
            kind=kind,
            signatures=(
                Signature(keyid=self.fingerprint, sig=base64.b64encode(signature).decode()),
            ),
        )


def text(envelope: Envelope) -> bytes:
    """Write an envelope."""
    return json.dumps(envelope.model_dump(by_alias=True), indent=1).encode() + b"\n"


def read(written: bytes) -> Envelope:
    """Read an envelope; raises Invalid unless it is written as we write them."""
    try:
        envelope = Envelope.model_validate_json(written)
        encoded = [envelope.payload, *(one.sig for one in envelope.signatures)]
        same = all(base64.b64encode(base64.b64decode(one)).decode() == one for one in encoded)
    except (ValidationError, ValueError):
        raise Invalid("is no envelope with one signature") from None
    if not same or text(envelope) != written:
        raise Invalid("is not written as it was signed")
    return envelope


def is_signed_by(envelope: Envelope, public_key: str) -> bool:
    """Tell whether this key, in PEM, signed what the envelope says."""
    try:
        signature = base64.b64decode(envelope.signatures[0].sig)
        _public(public_key).verify(signature, _signed(envelope.kind, envelope.said))
    except (InvalidSignature, Invalid, binascii.Error):
        return False
    return envelope.signatures[0].keyid == fingerprint(public_key)


def fingerprint(public_key: str) -> str:
    """Return the SHA-256 of a public key's DER form, in hexadecimal; raises Invalid.

    `openssl pkey -pubin -in FILE -outform DER | sha256sum` gives the same.
    """
    der = _public(public_key).public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return hashlib.sha256(der).hexdigest()


def plain(public_key: str) -> str:
    """Return a public key in PEM as we write it, without what stands around; raises Invalid."""
    return _pem(_public(public_key))


def _public(public_key: str) -> Ed25519PublicKey:
    try:
        found = serialization.load_pem_public_key(public_key.encode())
    except (ValueError, UnsupportedAlgorithm):
        raise Invalid("is no public key in PEM") from None
    if not isinstance(found, Ed25519PublicKey):
        raise Invalid("is no Ed25519 key")
    return found


def _pem(public: Ed25519PublicKey) -> str:
    return public.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode()


def _signed(kind: str, said: bytes) -> bytes:
    """Return the bytes that are signed: DSSE's "pre-authentication encoding"."""
    named = kind.encode()
    return b"DSSEv1 %d %b %d %b" % (len(named), named, len(said), said)
