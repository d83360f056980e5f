"""Pseudonyms: what people are called in a release.

Each release has a key of its own, which stays in the database. Within a release a person has one
pseudonym; across releases nobody can tell that two belong together, nor whose they are.
"""

import hmac
import secrets
from functools import lru_cache


def new_key() -> str:
    """Draw the key of a release."""
    return secrets.token_hex(32)


@lru_cache(maxsize=2**16)
def pseudonym(key: str, person_id: int) -> str:
    """Return what a person is called under this key: 12 hexadecimal digits."""
    said = hmac.digest(bytes.fromhex(key), str(person_id).encode(), "sha256")
    return said.hex()[:12]
