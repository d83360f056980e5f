"""A database that fails at a statement of one's choice, on the application's own engines."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count, product
from typing import Any

import sqlalchemy as sa

from labeler.database import Database

CODES = ("40001", "40P01", "55P03")
"""Serialization failure, deadlock, a lock that was not given: what PostgreSQL says in turn."""
RAISE = "DO $$ BEGIN RAISE EXCEPTION 'not now' USING ERRCODE = '{}'; END $$"
EVENTS = ("do_execute", "do_execute_no_params", "do_executemany")


STEP = 3


def places(story: int, *, soak: bool) -> Iterator[int]:
    """Yield the statements of a story that are to fail one after the other: each, in a soak.

    Else one in three: the first differs, and stories have most of their statements in common.
    """
    return count() if soak else count(story % STEP, STEP)


class Failures:
    """Which statements fail; `seen` counts them since the last `plan`, `failed` those that did."""

    def __init__(self) -> None:
        self.plan(lambda _number: False)

    def plan(self, wanted: Callable[[int], bool]) -> None:
        """Let those statements fail whose number, from 0, is wanted."""
        self.seen, self.failed, self.wanted = 0, 0, wanted

    def stop(self) -> int:
        """Let all statements succeed again; return how many failed."""
        failed = self.failed
        self.plan(lambda _number: False)
        return failed

    def strikes(self) -> bool:
        """Count a statement, and say whether it fails."""
        fails = self.wanted(self.seen)
        self.seen += 1
        self.failed += fails
        return fails


@contextmanager
def failing(database: Database | None = None) -> Iterator[Failures]:
    """Let statements fail: with `CODES` on PostgreSQL, on SQLite as locked.

    PostgreSQL raises the error itself, so that the transaction is as broken as it would be. Without
    a database it is any that is used.
    """
    failures = Failures()

    def execute(cursor: Any, *said: Any) -> None:
        if not failures.strikes():
            return
        dialect = said[-1].dialect
        if dialect.name != "sqlite":
            cursor.execute(RAISE.format(CODES[failures.seen % len(CODES)]))
        error = dialect.dbapi.OperationalError("database is locked")
        error.sqlite_errorcode, error.sqlite_errorname = 5, "SQLITE_BUSY"
        raise error

    engines: tuple[Any, ...] = (sa.Engine,)
    if database is not None:
        engines = database.writer, database.reader
    for engine, name in product(engines, EVENTS):
        sa.event.listen(engine, name, execute)
    try:
        yield failures
    finally:
        for engine, name in product(engines, EVENTS):
            sa.event.remove(engine, name, execute)
