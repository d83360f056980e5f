"""The engine, its two kinds of session, and what a connection must be before it is used.

A writing session takes its place in the queue of writers at its first statement; a reading one
cannot write at all. On SQLite every pragma is read back, on PostgreSQL what the server says of
itself: a connection that would acknowledge before the disk has the data is refused.
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


def session() -> Session:
    """Return this request's session: a reading one for GET and HEAD, a writing one otherwise."""
    if "session" not in flask.g:
        database = of_app()
        safe = flask.request.method in ("GET", "HEAD", "OPTIONS")
        flask.g.session = database.reading() if safe else database.writing()
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
        self.engine = _sqlite(self.url) if self.is_sqlite else _postgresql(self.url)
        self._lock = _queue_writers(self.engine) if self.is_sqlite else None
        still = self.engine.execution_options(readonly=True, **self._readonly_options())
        self.writing = sessionmaker(self.engine, expire_on_commit=False)
        self.reading = sessionmaker(still, expire_on_commit=False)
        _OPEN.add(self)

    def _readonly_options(self) -> dict[str, Any]:
        return {} if self.is_sqlite else {"postgresql_readonly": True}

    def upgrade(self, revision: str = "head") -> list[str]:
        """Bring the schema to `revision`, in one transaction; return the versions gone through.

        They are none where another program was faster.
        """
        with self.engine.begin() as connection:
            config = _alembic(connection)
            command.upgrade(config, revision)
        applied: list[str] = config.attributes["applied"]
        return applied

    def downgrade(self, revision: str) -> None:
        """Take the schema back to `revision`, in one transaction."""
        with self.engine.begin() as connection:
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
        self.engine.dispose()

    def start_anew(self) -> None:
        """Forget, in a forked child, the connections and the turn to write of the parent.

        SQLite counts its locks by process and must see its copies closed; a child that is forked
        out of an SQLite transaction stays locked out. To close a socket would end the parent's.
        """
        self.engine.dispose(close=self.is_sqlite)
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


def _postgresql(url: sa.URL) -> Engine:
    options = " ".join(f"-c {name}={value}" for name, value in POSTGRESQL.items())
    engine = sa.create_engine(
        url,
        pool_size=10,
        max_overflow=20,
        pool_pre_ping=True,
        pool_timeout=PATIENCE_S,
        hide_parameters=True,
        connect_args={"options": options, "application_name": "labeler", **REACHED},
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


def _sqlite(url: sa.URL) -> Engine:
    if not url.database or url.database == ":memory:":
        raise Invalid("labeler keeps its SQLite database in a file.")
    engine = sa.create_engine(
        url,
        module=_driver(),
        hide_parameters=True,
        pool_size=20,
        max_overflow=44,
        connect_args={"check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def _prepare(dbapi: Any, _record: Any) -> None:
        dbapi.isolation_level = None  # transactions begin where we say, below
        for name, value in PRAGMAS.items():
            dbapi.execute(f"PRAGMA {name}={value}")
            found = dbapi.execute(f"PRAGMA {name}").fetchone()
            # A build without memory mapping has no value to report for it.
            if found is not None and found[0] != value:
                raise Invalid(f"SQLite refused {name}={value}; it says {found[0]}.")

    return engine


def _queue_writers(engine: Engine) -> WriteLock:
    lock = WriteLock(Path(f"{engine.url.database}-lock"))

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if connection.get_execution_options().get("readonly"):
            connection.info["query_only"] = True
            connection.exec_driver_sql("PRAGMA query_only=1")
            connection.exec_driver_sql("BEGIN")
            return
        if not connection.info.get("writing"):
            lock.acquire()
            connection.info["writing"] = True
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    # The turn ends when the connection comes back: after the commit is on disk, not before.
    @event.listens_for(engine, "checkin")
    def _returned(dbapi: Any, record: Any) -> None:
        if record.info.pop("query_only", False) and dbapi is not None:
            dbapi.execute("PRAGMA query_only=0")
        if record.info.pop("writing", False):
            lock.release()

    @event.listens_for(engine, "invalidate")
    def _lost(_dbapi: Any, record: Any, _error: Any) -> None:
        if record.info.pop("writing", False):
            lock.release()

    return lock


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
