"""The application on a test's database."""

from pathlib import Path
from typing import Any

from flask import Flask
from pydantic import SecretStr

from labeler.app import create_app
from labeler.config import Settings

SECRET_KEY = SecretStr("a key that nobody but the tests should ever use")


def make_app(address: str, tmp_path: Path, **changes: Any) -> Flask:
    """Make the application on the database at `address`; close it with `close_app`."""
    given = {"secret_key": SECRET_KEY, "data": tmp_path, "database_url": address}
    return create_app(Settings(**(given | changes)))


def close_app(app: Flask) -> None:
    """Let go of the application's connections."""
    app.extensions["labeler.database"].close()
