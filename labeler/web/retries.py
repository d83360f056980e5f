"""A request that writes is run again when the database fails in a way that passes.

The whole view is the unit: verbs never commit, so what it had done is undone. Once a COMMIT has
been sent nothing is run again, because some of the request may be stored: then the answer is 503,
and whoever asked asks again. One that only reads is run once more if its connection was broken.
"""

import copy
from collections.abc import Callable
from typing import TypeVar

import flask
import sqlalchemy as sa
from flask import Flask, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import DBAPIError

from labeler import database, logs, passing

Answer = TypeVar("Answer")

READ_TWICE = ("", "application/json", "application/x-www-form-urlencoded")
"""Types of bodies that are kept in memory. A file that was sent is gone once it was read."""


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


def _again(step: Callable[[], Answer]) -> Answer:
    if database.only_reads():
        return _read_again(step)
    if not _may_run_again():
        return step()
    cookie = copy.deepcopy(dict(flask.session))

    def undo(error: DBAPIError) -> bool:
        if not _may_run_again():
            return False
        logs.trouble(error)
        _undo(cookie)
        return True

    return passing.tried(step, undo)


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
