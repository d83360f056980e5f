"""What is said to the database, statement by statement, as the driver is told it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from sqlalchemy import event
from sqlalchemy.orm import Session

ASIDE = ("BEGIN", "PRAGMA", "SAVEPOINT", "RELEASE")
"""How statements begin that only say where a transaction stands."""


class Statement(NamedTuple):
    """The words, and what is bound in them."""

    words: str
    bound: Any


@contextmanager
def heard(session: Session) -> Iterator[list[Statement]]:
    """Yield a list of what the session says to its database until the block ends."""
    session.flush()
    said: list[Statement] = []

    def hear(_connection: Any, _cursor: Any, words: str, bound: Any, *_rest: Any) -> None:
        if not words.lstrip().upper().startswith(ASIDE):
            said.append(Statement(words, bound))

    connection = session.connection()
    event.listen(connection, "before_cursor_execute", hear)
    try:
        yield said
    finally:
        event.remove(connection, "before_cursor_execute", hear)
