"""Static files under addresses that change with their content, so that browsers keep them."""

import functools
import hashlib
from pathlib import Path
from typing import Any

from flask import Flask, Response, request


def init_app(app: Flask) -> None:
    """Add the content's hash to every static address, and let it be kept for a year."""

    @app.url_defaults
    def _hashed(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static" and app.static_folder:
            values["v"] = _digest(app.static_folder, values["filename"])

    @app.after_request
    def _kept(response: Response) -> Response:
        if request.endpoint == "static" and "v" in request.args and response.status_code == 200:
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


@functools.cache
def _digest(folder: str, name: str) -> str:
    return hashlib.sha256(Path(folder, name).read_bytes()).hexdigest()[:12]
