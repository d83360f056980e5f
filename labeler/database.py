"""Two engines, one that writes and one that cannot, and what a connection must be before its use.

A writing session takes its place in the queue of writers at its first statement. On SQLite every
pragma is read back, on PostgreSQL what the server says of itself: a connection that would
acknowledge before the disk has the data is refused.
"""

import os
import warnings
import weakref
from pathlib import Path
from typing import Any

import flask
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine, make_url
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry, Pool, QueuePool

from labeler.errors import Invalid
from labeler.writelock import WriteLock

PRAGMAS = {
    "journal_mode": "wal",
    "synchronous": 2,
    # On macOS alone: there fsync returns before the disk has the data.
    "fullfsync": 1,
    "checkpoint_fullfsync": 1,
    "foreign_keys": 1,
    "busy_timeout": 15000,
    "trusted_schema": 0,
    "cell_size_check": 1,
    # So that REPLACE, too, wakes the triggers that refuse to remove a row.
    "recursive_triggers": 1,
    "mmap_size": 0,
    "journal_size_limit": 67108864,
}
POSTGRESQL = {
    "synchronous_commit": "on",
    "lock_timeout": "5s",
    "statement_timeout": "60s",
    "idle_in_transaction_session_timeout": "60s",
    "timezone": "UTC",
}
PATIENCE_S = 3
"""How long a request waits for a connection: while there is none it is told so."""
REACHED = {
    "connect_timeout": PATIENCE_S,
    # In milliseconds: after so long a network that swallows everything counts as broken.
    "tcp_user_timeout": 5000,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
}
DURABLE = {
    "synchronous_commit": ("on", "remote_apply"),
    "fsync": ("on",),
    "full_page_writes": ("on",),
}
"""What PostgreSQL must say before it is trusted; the last two are the server's alone."""
SAFE_SQLITE = (3, 51, 3)
WRITER_CACHE = -32 * 1024
"""How much the connection that writes to SQLite keeps of the file, in KiB as SQLite counts it."""


def only_reads() -> bool:
    """Tell whether this request changes nothing, as its method says."""
    return flask.request.method in ("GET", "HEAD", "OPTIONS")


def session() -> Session:
    """Return this request's session: a reading one if it only reads, else a writing one."""
    if "session" not in flask.g:
        database = of_app()
        flask.g.session = database.reading() if only_reads() else database.writing()
    found: Session = flask.g.session
    return found


def of_app() -> "Database":
    """Return the database of the application that serves this request."""
    database: Database = flask.current_app.extensions["labeler.database"]
    return database


def reread() -> None:
    """Undo what this request began, and let it read on: for a form that is given back."""
    close_session()
    flask.g.session = of_app().reading()


def close_session(_error: BaseException | None = None) -> None:
    """End this request's session; what was not committed is undone."""
    found: Session | None = flask.g.pop("session", None)
    if found is not None:
        found.close()


class Database:
    """One database: `writing` and `reading` make sessions on it."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._lock = WriteLock(_lock_file(self.url)) if self.is_sqlite else None
        if self._lock is None:
            self.writer, self.reader = _postgresql(self.url)
        else:
            self.writer, self.reader = _sqlite(self.url, self._lock)
        self.writing = sessionmaker(self.writer, expire_on_commit=False)
        self.reading = sessionmaker(self.reader, expire_on_commit=False)
        _OPEN.add(self)

    def upgrade(self, revision: str = "head") -> list[str]:
        """Bring the schema to `revision`, in one transaction; return the versions gone through.

        They are none where another program was faster.
        """
        with self.writer.begin() as connection:
            config = _alembic(connection)
            command.upgrade(config, revision)
        applied: list[str] = config.attributes["applied"]
        return applied

    def downgrade(self, revision: str) -> None:
        """Take the schema back to `revision`, in one transaction."""
        with self.writer.begin() as connection:
            command.downgrade(_alembic(connection), revision)

    def require_current(self) -> None:
        """Raise Invalid unless the schema is the one that this version of labeler knows."""
        with self.reading() as session:
            found = MigrationContext.configure(session.connection()).get_current_revision()
        wanted = self.newest()
        if found != wanted:
            raise Invalid(
                f"The database is at version {found or 'none'}, this program needs {wanted}: "
                "run `labeler db upgrade`."
            )

    def newest(self) -> str | None:
        """Return the version of the schema that this program needs."""
        return _scripts().get_current_head()

    def knows(self, revision: str) -> bool:
        """Tell whether `upgrade` can bring a schema of this version to the newest."""
        return revision in {script.revision for script in _scripts().walk_revisions()}

    def close(self) -> None:
        self.writer.dispose()
        self.reader.dispose()

    def start_anew(self) -> None:
        """Forget, in a forked child, the connections and the turn to write of the parent.

        SQLite counts its locks by process and must see its copies closed; a child that is forked
        out of an SQLite transaction stays locked out. To close a socket would end the parent's.
        """
        self.writer.dispose(close=self.is_sqlite)
        self.reader.dispose(close=self.is_sqlite)
        if self._lock is not None:
            self._lock.start_anew()


_OPEN: weakref.WeakSet[Database] = weakref.WeakSet()


def _start_anew() -> None:
    for database in _OPEN:
        database.start_anew()


# A forked child must never talk through its parent's sockets.
os.register_at_fork(after_in_child=_start_anew)


def _migrations() -> Path:
    packaged = Path(__file__).parent / "migrations"
    return packaged if packaged.is_dir() else Path(__file__).parent.parent / "migrations"


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(_migrations()))


def _alembic(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_migrations()))
    config.attributes.update(connection=connection, applied=[])
    return config


def _postgresql(url: sa.URL) -> tuple[Engine, Engine]:
    # A reading session is no transaction: each of its statements sees what is committed by then,
    # as it would in one, and none of them has to be begun and ended.
    reading = {"default_transaction_read_only": "on"}
    return (
        _postgresql_engine(url, POSTGRESQL),
        _postgresql_engine(url, POSTGRESQL | reading, isolation_level="AUTOCOMMIT"),
    )


def _postgresql_engine(url: sa.URL, settings: dict[str, str], **more: Any) -> Engine:
    options = " ".join(f"-c {name}={value}" for name, value in settings.items())
    engine = sa.create_engine(
        url,
        pool_size=10,
        max_overflow=20,
        pool_timeout=PATIENCE_S,
        pool_use_lifo=True,
        hide_parameters=True,
        connect_args={"options": options, "application_name": "labeler", **REACHED},
        **more,
    )

    @event.listens_for(engine, "connect")
    def _verify(dbapi: Any, _record: Any) -> None:
        with dbapi.cursor() as cursor:
            asked = ", ".join(f"current_setting('{name}')" for name in DURABLE)
            found = cursor.execute(f"SELECT {asked}").fetchone()
        dbapi.rollback()
        for (name, safe), value in zip(DURABLE.items(), found, strict=True):
            if value not in safe:
                raise Invalid(f"PostgreSQL runs with {name}={value}; it must be on.")

    return engine


def _lock_file(url: sa.URL) -> Path:
    if not url.database or url.database == ":memory:":
        raise Invalid("labeler keeps its SQLite database in a file.")
    return Path(f"{url.database}-lock")


def _sqlite(url: sa.URL, lock: WriteLock) -> tuple[Engine, Engine]:
    driver = _driver()
    writer = _sqlite_engine(
        url,
        PRAGMAS | {"cache_size": WRITER_CACHE, "wal_autocheckpoint": 4000},
        "BEGIN IMMEDIATE",
        module=driver,
        poolclass=_in_turn(lock),
        pool_size=1,
        max_overflow=0,
    )
    reader = _sqlite_engine(
        url,
        PRAGMAS | {"query_only": 1},
        "BEGIN",
        module=driver,
        pool_size=20,
        max_overflow=44,
        pool_use_lifo=True,
    )
    return writer, reader


def _sqlite_engine(url: sa.URL, pragmas: dict[str, Any], begin: str, **more: Any) -> Engine:
    engine = sa.create_engine(
        url, hide_parameters=True, connect_args={"check_same_thread": False}, **more
    )

    @event.listens_for(engine, "connect")
    def _prepare(dbapi: Any, _record: Any) -> None:
        dbapi.isolation_level = None  # transactions begin where we say, below
        for name, value in pragmas.items():
            dbapi.execute(f"PRAGMA {name}={value}")
            found = dbapi.execute(f"PRAGMA {name}").fetchone()
            # A build without memory mapping has no value to report for it.
            if found is not None and found[0] != value:
                raise Invalid(f"SQLite refused {name}={value}; it says {found[0]}.")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _in_turn(lock: WriteLock) -> type[Pool]:
    """Return a kind of pool that gives its one connection to whoever's turn it is.

    The turn ends when the connection comes back: after the commit is on disk, not before. As it is
    always the same one, it still knows what it wrote: SQLite forgets its pages when others write.
    """

    class InTurn(QueuePool):
        def _do_get(self) -> ConnectionPoolEntry:
            lock.acquire()
            try:
                return super()._do_get()
            except BaseException:
                lock.release()
                raise

        def _do_return_conn(self, record: ConnectionPoolEntry) -> None:
            try:
                super()._do_return_conn(record)
            finally:
                lock.release()

    return InTurn


def _driver() -> Any:
    try:
        from pysqlite3 import dbapi2 as driver  # type: ignore[import-untyped,unused-ignore]
    except ImportError:
        import sqlite3 as driver
    if driver.sqlite_version_info < SAFE_SQLITE:
        warnings.warn(
            f"SQLite {driver.sqlite_version} can corrupt a database in WAL mode when several "
            "connections write (fixed in 3.51.3): install the package pysqlite3.",
            RuntimeWarning,
            stacklevel=2,
        )
    return driver
