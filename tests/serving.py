"""The application on a test's database, for a client in the test or behind a real socket."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

from flask import Flask
from pydantic import SecretStr
from werkzeug.serving import make_server

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


@contextmanager
def serve(app: Flask) -> Iterator[str]:
    """Serve the application in threads, on a free port; yield where."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    serving = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    serving.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        serving.join()
        server.server_close()
