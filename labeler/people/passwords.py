"""Passwords: argon2id, a bounded number of hashes at once, and one answer time for everybody."""

import threading

import argon2

from labeler.errors import Invalid

SHORTEST, LONGEST = 15, 1024
_HASHER = argon2.PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# Each hash takes 19 MiB and a processor: more at once would let sign-ins starve the work.
_SEATS = threading.BoundedSemaphore(2)
_NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5LW5vYm9keQ$" + "A" * 43


def hashed(password: str) -> str:
    """Hash a new password; raises Invalid if it is too short or too long."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise Invalid(
            "Please choose a longer password.",
            fields={"password": f"At least {SHORTEST} characters; a few words do well."},
        )
    with _SEATS:
        return _HASHER.hash(password)


def matches(stored: str | None, password: str) -> bool:
    """Say whether `password` is the one that was hashed; takes as long when there is none."""
    with _SEATS:
        try:
            return _HASHER.verify(stored or _NOBODY, password[:LONGEST]) and stored is not None
        except argon2.exceptions.VerificationError:
            return False
