"""What answers carry, whatever they are: policies, cookies, caches."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.conftest import NewAddress
from tests.security.stage import Stage
from tests.security.test_authorisation import API_CASES, PAGES
from tests.serving import close_app, make_app

HOSTS = [
    "evil.example",
    "a..b",
    ".",
    "x" * 70 + ".example",
    "evil:abc",
    "a b",
    "",
    "\\@evil",
    "%00",
]


def all_answers(stage: Stage) -> Iterator[TestResponse]:
    """Ask for everything, as Olga and as nobody; and for what is not there, in wrong ways."""
    for who in ("anonymous", "olga"):
        client = stage.visits[who].client
        for (method, _), case in (PAGES | API_CASES).items():
            yield client.get(stage.path(case.path))
            yield client.options(stage.path(case.path))
            if method == "POST":
                yield client.post(stage.path(case.path))
        for path in ("/nothing", "/static/../app.py", "/static/nothing", "/api/v1/nothing", "/%00"):
            yield client.get(path)
        yield client.put("/account")
        token = stage.visits[who].token
        elsewhere = {"Sec-Fetch-Site": "cross-site"}
        yield client.post("/sign-in", data={"csrf_token": token}, headers=elsewhere)
        yield client.post("/sign-in", data={"csrf_token": token})
        yield client.post("/sign-in", data=b"x" * 2_100_000, content_type="text/plain")


def test_every_answer_carries_the_policies(stage: Stage) -> None:
    statuses = set()
    for answer in all_answers(stage):
        with answer:
            headers = answer.headers
        statuses.add(answer.status_code)
        policy = headers["Content-Security-Policy"].split("; ")
        assert {"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"} <= set(policy)
        assert {"base-uri 'none'", "form-action 'self'"} <= set(policy)
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert "Cookie" in headers["Vary"]
        (kept,) = headers.getlist("Cache-Control")
        assert kept in ("private, no-cache", "no-store", "no-cache, max-age=0")
        assert headers.get("Content-Type", "text/html").partition(";")[0] in (
            "text/html",
            "text/css",
            "text/csv",
            "text/javascript",
            "application/json",
            "application/zip",
        )
    assert statuses >= {200, 302, 400, 401, 403, 404, 405, 413, 422}


def test_what_caches_may_keep_carries_no_cookie(stage: Stage) -> None:
    for who in ("olga", "anonymous"):
        with stage.visits[who].client.get("/static/labeler.css?v=1") as answer:
            assert "public" in answer.headers["Cache-Control"]
            assert "Set-Cookie" not in answer.headers


def test_a_zip_file_is_no_document(stage: Stage) -> None:
    answer = stage.visits["olga"].client.get("/projects/helpful/releases/1/download")
    disposition = answer.headers["Content-Disposition"]
    assert disposition == 'attachment; filename="helpful-release-1.zip"'


@pytest.mark.parametrize("path", ["../app.py", "..%2fapp.py", "%2e%2e/app.py", "....//app.py"])
def test_static_files_are_all_that_is_static(stage: Stage, path: str) -> None:
    for begin in ("/static/", "/static/vendor/", "/static//"):
        assert stage.visits["olga"].client.get(f"{begin}{path}").status_code in (404, 308)
    assert stage.visits["olga"].client.get("/static//etc/passwd").status_code in (404, 308)


@pytest.mark.parametrize("host", HOSTS)
def test_what_a_request_calls_us_does_not_matter(stage: Stage, host: str) -> None:
    for path in ("/", "/sign-in", "/nothing", "/api/v1/nothing", "//account"):
        usual = stage.visits["anonymous"].client.get(path)
        answer = stage.visits["anonymous"].client.get(path, environ_overrides={"HTTP_HOST": host})
        assert answer.status_code == usual.status_code
        assert answer.headers.get("Location") == usual.headers.get("Location")


@pytest.fixture
def secure(new_address: NewAddress, tmp_path: Path) -> Iterator[Flask]:
    app = make_app(new_address("sqlite"), tmp_path, public_url="https://labeler.test")
    yield app
    close_app(app)


def test_cookies_of_a_site_that_is_reached_by_https(secure: Flask) -> None:
    answer = secure.test_client().get("/sign-in", base_url="https://labeler.test")
    (cookie,) = answer.headers.getlist("Set-Cookie")
    name, *attributes = cookie.split("; ")
    assert name.startswith("__Host-session=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(attributes)
    assert "Domain" not in cookie
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_cookies_of_a_site_that_is_reached_by_http(stage: Stage) -> None:
    answer = stage.app.test_client().get("/sign-in")
    (cookie,) = answer.headers.getlist("Set-Cookie")
    assert {"HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
