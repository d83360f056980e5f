"""What is sent compressed, and what browsers may keep."""

import gzip
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.conftest import NewAddress
from tests.serving import close_app, make_app

GZIP = {"Accept-Encoding": "gzip, br"}


@pytest.fixture
def app(new_address: NewAddress, tmp_path: Path) -> Iterator[Flask]:
    app = make_app(new_address("sqlite"), tmp_path)
    yield app
    close_app(app)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def linked(page: str) -> list[str]:
    """Return the addresses of the static files that a page asks for."""
    return re.findall(r'(?:href|src)="(/static/[^"]+)"', page)


def test_static_files_are_compressed_and_kept(client: FlaskClient) -> None:
    addresses = linked(client.get("/sign-in").text)
    assert len(addresses) >= 2
    for address in addresses:
        plain, packed = client.get(address), client.get(address, headers=GZIP)
        assert "Content-Encoding" not in plain.headers
        assert packed.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(packed.data) == plain.data
        assert packed.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert packed.headers["Vary"] == "Accept-Encoding"
        assert int(packed.headers["Content-Length"]) == len(packed.data)


def test_a_static_file_is_not_sent_again(client: FlaskClient) -> None:
    first = client.get("/static/labeler.css", headers=GZIP)
    again = client.get("/static/labeler.css", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert client.head("/static/labeler.css").data == b""


def test_the_address_changes_with_the_content_and_with_what_it_imports(app: Flask) -> None:
    client = app.test_client()
    folder = Path(str(app.static_folder))
    for path in folder.glob("*.js"):
        script = client.get(f"/static/{path.name}").text
        for address in re.findall(r'from "\./([^"]+)"', script):
            name, version = address.split("?v=")
            with app.test_request_context():
                assert app.url_for("static", filename=name) == f"/static/{name}?v={version}"


def test_pages_are_compressed_for_whoever_takes_it(client: FlaskClient) -> None:
    plain, packed = client.get("/sign-in"), client.get("/sign-in", headers=GZIP)
    assert len(packed.data) < 0.6 * len(plain.data)
    assert "<form" in gzip.decompress(packed.data).decode()
    assert {"Accept-Encoding", "Cookie"} <= set(packed.headers["Vary"].split(", "))
    assert "Content-Encoding" not in plain.headers


def test_comments_stay_here(client: FlaskClient) -> None:
    style, script = client.get("/static/labeler.css").text, client.get("/static/outbox.js").text
    assert "/*" not in style
    assert "hl-" in style  # what it imports is in it
    assert not re.search(r"^\s*(//|/\*| \*)", script, re.MULTILINE)
    assert "export const" in script
