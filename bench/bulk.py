"""Bulk: rows written past all rules, as fast as the driver takes them, into a made-up database.

Nothing waits for the disk here and no reference is checked; `labeler verify` says whether the
rows fit together.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from labeler.database import Database

HURRIED = ("synchronous=0", "foreign_keys=0", "cache_size=-500000", "temp_store=2")


class Bulk:
    """A driver's connection on which each `write` is a transaction."""

    def __init__(self, connection: Any, *, is_sqlite: bool) -> None:
        self._connection, self._is_sqlite = connection, is_sqlite

    def next_id(self, table: str) -> int:
        """Return the first id that nothing has."""
        cursor = self._connection.cursor()
        cursor.execute(f"SELECT COALESCE(MAX(id), 0) + 1 FROM {table}")  # noqa: S608
        return int(cursor.fetchone()[0])

    def write(self, table: str, columns: str, rows: Iterable[Sequence[object]]) -> None:
        """Write rows of these columns, given as "one, two"."""
        cursor = self._connection.cursor()
        if self._is_sqlite:
            marks = ", ".join("?" for _ in columns.split(","))
            cursor.execute("BEGIN")
            cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)  # noqa: S608
        else:
            with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        self._connection.commit()

    def tidy(self, tables: Iterable[str]) -> None:
        """Let the database know how many rows there are, and which ids are used."""
        cursor = self._connection.cursor()
        for table in () if self._is_sqlite else tables:
            last = f"pg_get_serial_sequence('{table}', 'id'), (SELECT MAX(id) FROM {table})"  # noqa: S608
            cursor.execute(f"SELECT setval({last})")
        self._connection.commit()
        if not self._is_sqlite:
            self._connection.autocommit = True
            cursor.execute("VACUUM ANALYZE")


@contextmanager
def opened(database: Database) -> Iterator[Bulk]:
    """Open a database for bulk writing; nobody else may use it meanwhile."""
    pooled = database.writer.raw_connection()
    connection: Any = pooled.driver_connection
    pooled.detach()
    try:
        cursor = connection.cursor()
        hurried = [f"PRAGMA {each}" for each in HURRIED]
        for each in hurried if database.is_sqlite else ["SET session_replication_role = replica"]:
            cursor.execute(each)
        if not database.is_sqlite:
            cursor.execute("SET statement_timeout = 0")
            connection.commit()
        yield Bulk(connection, is_sqlite=database.is_sqlite)
        if database.is_sqlite:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()
