"""A request that writes is run again when the database fails in a way that passes.

The whole view is the unit: verbs never commit, so what it had done is undone. Once a COMMIT has
been sent nothing is run again, because some of the request may be stored: then the answer is 503,
and whoever asked asks again. One that only reads is run once more if its connection was broken.
"""

import copy
import secrets
import time
from collections.abc import Callable
from typing import TypeVar

import flask
import sqlalchemy as sa
from flask import Flask, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import DBAPIError, OperationalError

from labeler import database, logs

Answer = TypeVar("Answer")

PAUSES_S = (0.1, 0.2, 0.4, 0.8)
"""The longest pause after each try but the last; the real one is drawn, so that those who got
into each other's way do not meet again."""
PATIENCE_S = 3.0
"""How long after the first try another one may begin."""
PASSING = ("40001", "40P01", "55P03")
"""PostgreSQL: transactions that could not be put in an order, a deadlock, a lock not given."""
LOST = ("08", "57P")
"""PostgreSQL: how codes begin when the connection ends or the server does."""
LOCKED = ("SQLITE_BUSY", "SQLITE_LOCKED")
READ_TWICE = ("", "application/json", "application/x-www-form-urlencoded")
"""Types of bodies that are kept in memory. A file that was sent is gone once it was read."""
SAFE = ("GET", "HEAD", "OPTIONS")


class Site(Flask):
    """A Flask application that runs requests again."""

    def preprocess_request(self) -> ResponseReturnValue | None:
        return _again(super().preprocess_request)

    def dispatch_request(self) -> ResponseReturnValue:
        return _again(super().dispatch_request)


def init_app(app: Flask) -> None:
    """Notice when a request sends a COMMIT."""
    found: database.Database = app.extensions["labeler.database"]

    @sa.event.listens_for(found.writer, "commit")
    def _sent(_connection: sa.Connection) -> None:
        if flask.has_request_context():
            flask.g.commit_sent = True


def passes(error: DBAPIError) -> bool:
    """Say whether the same transaction may succeed a moment later."""
    if error.connection_invalidated:
        return True
    if not isinstance(error, OperationalError):
        return False
    if name := getattr(error.orig, "sqlite_errorname", ""):
        return str(name).startswith(LOCKED)
    state = getattr(error.orig, "sqlstate", None)  # none of it where no server was reached
    return state is None or state in PASSING or state.startswith(LOST)


def _again(step: Callable[[], Answer]) -> Answer:
    if request.method in SAFE:
        return _read_again(step)
    if not _may_run_again():
        return step()
    began, cookie = time.monotonic(), copy.deepcopy(dict(flask.session))
    for pause_s in PAUSES_S:
        try:
            return step()
        except DBAPIError as error:
            late = time.monotonic() - began > PATIENCE_S
            if late or not passes(error) or not _may_run_again():
                raise
            logs.trouble(error)
        _undo(cookie)
        time.sleep(secrets.SystemRandom().uniform(0, pause_s))
    return step()


def _read_again(step: Callable[[], Answer]) -> Answer:
    """Read on a new connection if the one at hand was broken: it may have been so for hours.

    All that were opened before are given up then. While there is no database at all, nobody waits.
    """
    try:
        return step()
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
        logs.trouble(error)
    database.close_session()
    return step()


def _may_run_again() -> bool:
    return "commit_sent" not in flask.g and request.mimetype in READ_TWICE


def _undo(cookie: dict[str, object]) -> None:
    database.close_session()
    if dict(flask.session) != cookie:
        flask.session.clear()
        flask.session.update(copy.deepcopy(cookie))
