"""What the database's own file says of itself, below everything that its rows mean."""

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

SHOWN = 100
"""Most faults that SQLite looks for."""


def faults(session: Session) -> Iterator[str]:
    """Yield what is wrong with pages, indexes, constraints and keys of an SQLite file.

    PostgreSQL has nothing that its ordinary users could ask: it checks pages as it reads them.
    """
    if session.get_bind().dialect.name != "sqlite":
        return
    try:
        yield from _damage(session)
        yield from _broken_keys(session)
    except DatabaseError as error:  # so damaged that it cannot even be asked
        yield str(error.orig)


def _damage(session: Session) -> Iterator[str]:
    for (said,) in session.execute(sa.text(f"PRAGMA integrity_check({SHOWN})")):
        if said != "ok":
            yield said.replace("\n", " ")


def _broken_keys(session: Session) -> Iterator[str]:
    for table, row, other, _key in session.execute(sa.text("PRAGMA foreign_key_check")):
        yield f"row {row} of {table} refers to a row of {other} that is not there"
