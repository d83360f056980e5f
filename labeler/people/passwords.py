"""Passwords: argon2id, a bounded number of hashes at once, and one answer time for everybody."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import argon2

from labeler.errors import Busy, Invalid
from labeler.said import say

SHORTEST, LONGEST = 15, 1024
BOUNDS = say("From %(shortest)s to %(longest)s characters; a few words do well.")
_HASHER = argon2.PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# Each hash takes 19 MiB and a processor: more at once would let sign-ins starve the work.
_SEATS = threading.BoundedSemaphore(2)
# Who waits for a seat keeps a thread of the server from everybody else.
_ROOM = threading.BoundedSemaphore(4)
_NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5LW5vYm9keQ$" + "A" * 43


def hashed(password: str) -> str:
    """Hash a new password; raises Invalid if it is too short or too long, Busy like `matches`."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise Invalid(
            "Please choose another password.",
            fields={"password": say(BOUNDS, shortest=SHORTEST, longest=LONGEST)},
        )
    with _seat():
        return _HASHER.hash(password)


def matches(stored: str | None, password: str) -> bool:
    """Say whether `password` is the one that was hashed; takes as long when there is none.

    Raises Busy at once when too many wait already.
    """
    with _seat():
        try:
            _HASHER.verify(stored or _NOBODY, password[:LONGEST])
        except argon2.exceptions.VerificationError:
            return False
    return stored is not None and len(password) <= LONGEST


@contextmanager
def _seat() -> Iterator[None]:
    if not _ROOM.acquire(blocking=False):
        raise Busy("Too many people are signing in at once. Please try again in a moment.")
    try:
        with _SEATS:
            yield
    finally:
        _ROOM.release()
