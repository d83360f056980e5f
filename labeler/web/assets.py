"""Static files: compressed once, under addresses that change with their content.

Browsers keep what has such an address for ever. A module that imports another names it by that
address too, so that both always are of one version. A style sheet contains those that it imports:
each request costs a way there and back. What is there for readers of the source stays here.
"""

import functools
import gzip
import hashlib
import mimetypes
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask, Response, request
from flask.typing import ResponseReturnValue

COMPRESSED = (".css", ".js", ".svg")
FOREVER = "public, max-age=31536000, immutable"
_IMPORT = re.compile(rb'(?<=from ")\./([\w-]+\.js)(?=")')
_FOR_READERS = {
    ".css": re.compile(rb"/\*.*?\*/|^[ \t]+", re.DOTALL | re.MULTILINE),
    # Comments that have lines of their own, and no others: a text may look like one.
    ".js": re.compile(rb"^[ \t]*(?://[^\n]*|/\*\*.*?\*/)\n", re.DOTALL | re.MULTILINE),
}
_INCLUDED = re.compile(rb'^@import "([\w-]+\.css)";\n', re.MULTILINE)


@dataclass(frozen=True)
class Asset:
    """A file as it is sent."""

    body: bytes
    gzipped: bytes
    digest: str


def init_app(app: Flask) -> None:
    """Add the content's hash to every static address, and send what is there."""
    folder = str(app.static_folder)

    @app.url_defaults
    def _hashed(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static":
            values["v"] = _asset(folder, values["filename"]).digest

    def send(filename: str) -> ResponseReturnValue:
        # Flask looks whether there is such a file, and that it lies in the folder.
        response = app.send_static_file(filename)
        if filename.endswith(COMPRESSED):
            response.close()
            response = _sent(_asset(folder, filename))
            response.mimetype = mimetypes.guess_type(filename)[0] or "text/plain"
        if "v" in request.args:
            response.headers["Cache-Control"] = FOREVER
        return response

    app.view_functions["static"] = send


def _sent(asset: Asset) -> Response:
    response = Response(asset.body)
    response.set_etag(asset.digest)
    response.vary.add("Accept-Encoding")
    if request.accept_encodings["gzip"] > 0:
        response.set_data(asset.gzipped)
        response.content_encoding = "gzip"
    response.make_conditional(request)
    return response


@functools.cache
def _asset(folder: str, name: str) -> Asset:
    """Read a file; made once, as the files do not change while they are served."""

    def named(found: re.Match[bytes]) -> bytes:
        imported = found[1].decode()
        return f"./{imported}?v={_asset(folder, imported).digest}".encode()

    body = Path(folder, name).read_bytes()
    if "/" not in name:
        body = _IMPORT.sub(named, body)
        body = _INCLUDED.sub(lambda found: _asset(folder, found[1].decode()).body, body)
    if "/" not in name and (comments := _FOR_READERS.get(Path(name).suffix)):
        body = comments.sub(b"", body)
    digest = hashlib.sha256(body).hexdigest()[:12]
    packed = gzip.compress(body, 9, mtime=0) if name.endswith(COMPRESSED) else b""
    return Asset(body, packed, digest)
