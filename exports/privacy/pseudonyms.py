"""Pseudonyms: what people are called in a release.

One is made of the release's key and of the person's own; both stay in the database. Within a
release a person has one pseudonym; across releases nobody can tell that two belong together, nor
whose they are. Where a person's key was destroyed nobody can make their pseudonyms any more.
"""

import hmac
import secrets
from collections.abc import Mapping

LENGTH = 12


def new_key() -> str:
    """Draw the key of a release."""
    return secrets.token_hex(32)


def pseudonym(key: str, own: str) -> str:
    """Return what the person with this key of their own is called: 12 hexadecimal digits."""
    return hmac.digest(bytes.fromhex(key), bytes.fromhex(own), "sha256").hex()[:LENGTH]


def unmasked(masked: str, mask: str) -> str:
    """Return what was masked with such digits, or mask it: to do so twice changes nothing."""
    return f"{int(masked, 16) ^ int(mask, 16):0{LENGTH}x}"


def of_people(key: str, own: Mapping[int, str], masked: Mapping[str, str] | None) -> dict[int, str]:
    """Return what people are called, by number, of those who have a key of their own.

    `masked` holds what they were called in a release from before people had keys, by number.
    """
    named = {person_id: pseudonym(key, each) for person_id, each in own.items()}
    if masked is None:
        return named
    return {n: unmasked(masked[str(n)], mask) for n, mask in named.items() if str(n) in masked}
