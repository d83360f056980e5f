"""The application on a test's database."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask
from pydantic import SecretStr

import exports
from labeler import logs
from labeler.app import create_app
from labeler.config import Settings
from labeler.database import Database

SECRET_KEY = SecretStr("a key that nobody but the tests should ever use")

_opened: dict[str, Database] = {}
_resting: dict[tuple[object, ...], Flask] = {}


def open_database(address: str) -> Database:
    """Open the database at `address`, or again: it knows its statements then. Put it down."""
    if address not in _opened:
        _opened[address] = Database(address)
    return _opened[address]


def put_down(database: Database) -> None:
    """Let go of a database that another test may use; on PostgreSQL, stay connected.

    A connection knows the tables and the plans of its statements, and the next test finds it there.
    """
    if database.is_sqlite:
        database.close()


def disconnect(address: str) -> None:
    """Close every connection to the database at `address` that was left open."""
    if address in _opened:
        _opened[address].close()
    for kind, app in _resting.items():
        if kind[0] == address:
            close_app(app)


def make_app(address: str, tmp_path: Path, **changes: Any) -> Flask:
    """Make the application on the database at `address`; close it with `close_app`."""
    return create_app(_settings(address, tmp_path, changes))


def close_app(app: Flask) -> None:
    """Let go of the application's connections."""
    database: Database = app.extensions["labeler.database"]
    database.close()


@contextmanager
def lend_app(
    address: str, tmp_path: Path, *, releases: bool = False, **changes: Any
) -> Iterator[Flask]:
    """Lend the application that an earlier test had at this address, or make it.

    It knows its templates and statements by now. Not for tests that change the application itself.
    """
    kind = (address, releases, *sorted(changes.items()))
    app = _resting.pop(kind, None)
    if app is None:
        app = make_app(address, tmp_path, **changes)
        if releases:
            exports.init_app(app)
    settings = app.extensions["labeler.settings"] = _settings(address, tmp_path, changes)
    logs.heed(settings.log_level)
    try:
        yield app
    finally:
        if kind in _resting:
            close_app(app)  # two at once: one is enough for the next
        else:
            put_down(app.extensions["labeler.database"])
            _resting[kind] = app


def _settings(address: str, tmp_path: Path, changes: dict[str, Any]) -> Settings:
    given = {"secret_key": SECRET_KEY, "data": tmp_path, "database_url": address}
    return Settings(**(given | changes))
