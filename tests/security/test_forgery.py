"""Requests that a person did not mean: from other sites, with others' tokens, with old cookies."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import request
from werkzeug.utils import redirect

from labeler.web import forms
from tests.security.stage import WHO, Stage
from tests.security.test_authorisation import API_CASES, PAGES
from tests.visits import Visit

UNSAFE = sorted(rule for method, rule in PAGES if method == "POST")
UNSAFE_API = sorted(rule for method, rule in API_CASES if method == "POST")
SITES: list[Mapping[str, str]] = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "CROSS-SITE"},
    {"Sec-Fetch-Site": ""},
]


@pytest.mark.parametrize("rule", UNSAFE)
def test_no_form_without_its_own_token(stage: Stage, rule: str) -> None:
    olga, mallory = stage.visits["olga"], stage.visits["mallory"]
    path = stage.path(PAGES["POST", rule].path)
    before = stage.digest()
    for token in ("", "x", mallory.token, olga.token[:-1], f"{olga.token}x"):
        assert olga.client.post(path, data={"csrf_token": token}).status_code == 400
    assert olga.client.post(path).status_code == 400
    as_text = olga.client.post(path, data=f"csrf_token={olga.token}", content_type="text/plain")
    assert as_text.status_code == 400
    as_json = olga.client.post(path, json={"csrf_token": olga.token})
    assert as_json.status_code == 400
    in_query = olga.client.post(path, query_string={"csrf_token": olga.token})
    assert in_query.status_code == 400
    assert stage.digest() == before


@pytest.mark.parametrize("headers", SITES)
@pytest.mark.parametrize("rule", UNSAFE)
def test_no_form_from_another_site(stage: Stage, rule: str, headers: Mapping[str, str]) -> None:
    olga = stage.visits["olga"]
    path = stage.path(PAGES["POST", rule].path)
    answer = olga.client.post(path, data={"csrf_token": olga.token}, headers=headers)
    assert answer.status_code == 403


@pytest.mark.parametrize("rule", UNSAFE_API)
def test_the_api_looks_at_no_cookie(stage: Stage, rule: str) -> None:
    olga, caller = stage.visits["olga"], stage.callers["olga"]
    path = stage.path(API_CASES["POST", rule].path)
    before = stage.digest()
    assert olga.client.post(path, json={}).status_code == 401
    assert olga.client.post(path, data={"csrf_token": olga.token}).status_code == 401
    cross = {**caller.headers, "Sec-Fetch-Site": "cross-site"}
    assert caller.client.post(path, json={}, headers=cross).status_code == 403
    if not path.endswith(("/assignments", "/stop")):  # which take no body at all
        assert caller.post(path, data="{}", content_type="text/plain").status_code == 415
    assert stage.digest() == before


def test_no_other_origin_is_let_in(stage: Stage) -> None:
    for origin in ("https://evil.example", "null", "http://localhost.evil.example"):
        for way in ("get", "options"):
            headers = {"Origin": origin, **stage.callers["rex"].headers}
            client = stage.callers["rex"].client
            answer = getattr(client, way)("/api/v1/projects/helpful/progress", headers=headers)
            assert [name for name, _ in answer.headers if name.startswith("Access-Control")] == []


def test_a_cookie_from_before_signing_in_is_worth_nothing_after(stage: Stage) -> None:
    visit = Visit(stage.app)
    visit.get("/sign-in")
    planted = visit.client.get_cookie("session")
    assert planted is not None
    visit.arrive("bea@example.org")
    attacker = stage.app.test_client()
    attacker.set_cookie("session", planted.value)
    assert attacker.get("/").location.startswith("/sign-in")
    kept = visit.client.get_cookie("session")
    assert kept is not None
    assert kept.value != planted.value


def test_signing_out_ends_the_cookie_and_its_token(stage: Stage) -> None:
    bea = Visit(stage.app).arrive("bea@example.org")
    cookie, token = bea.client.get_cookie("session"), bea.token
    assert cookie is not None
    bea.post("/sign-out")
    thief = stage.app.test_client()
    thief.set_cookie("session", cookie.value)
    assert thief.get("/account").location.startswith("/sign-in")
    answer = thief.post("/account/tokens", data={"csrf_token": token, "scopes": "judge"})
    assert answer.location.startswith("/sign-in")


@pytest.mark.parametrize("value", ["x|é", "|", "x|", "1|0", "\u0080|\u00ff", "a" * 4000])
def test_cookies_that_somebody_made_up(stage: Stage, value: str) -> None:
    for name in ("remember_token", "session", "_csrf"):
        client = stage.app.test_client()
        client.set_cookie(name, value)
        assert client.get("/").status_code == 302
        assert client.get("/sign-in").status_code == 200


EVIL = "evil.example"
ELSEWHERE = [
    f"//{EVIL}",
    f"///{EVIL}",
    f"////{EVIL}",
    f"//{EVIL}/",
    f"//{EVIL}:80",
    f"//user@{EVIL}",
    f"/\\{EVIL}",
    f"\\/{EVIL}",
    f"\\\\{EVIL}",
    f"\\\\\\{EVIL}",
    f"/\t/{EVIL}",
    f"/\n/{EVIL}",
    f"/\r/{EVIL}",
    f"\t//{EVIL}",
    f" //{EVIL}",
    f"\n//{EVIL}",
    f"\r\n//{EVIL}",
    f"\x00//{EVIL}",
    f"\x01//{EVIL}",
    f"\x1f//{EVIL}",
    f"\x7f//{EVIL}",
    f"\xa0//{EVIL}",
    f"\u2028//{EVIL}",
    f"\u3000//{EVIL}",
    f"\ufeff//{EVIL}",
    f"/\u200b/{EVIL}",
    f"/\x00/{EVIL}",
    f"/\x0b/{EVIL}",
    f"/\x85/{EVIL}",
    f"/\u2028/{EVIL}",
    f"http:{EVIL}",
    f"http:/{EVIL}",
    f"http://{EVIL}",
    f"http:///{EVIL}",
    f"https:{EVIL}",
    f"https:/{EVIL}",
    f"https://{EVIL}",
    f"HTTPS://{EVIL}",
    f"https:\\\\{EVIL}",
    f"ftp://{EVIL}",
    f"//{EVIL}?next=/",
    f"//{EVIL}#/",
    f"{EVIL}",
    f"www.{EVIL}/judgments",
    f".{EVIL}",
    f"@{EVIL}",
    f":80@{EVIL}",
    f"?//{EVIL}",
    f"#//{EVIL}",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\tscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "blob:x",
    "file:///etc/passwd",
    "//[::1]",
    "//127.0.0.1",
    "//2130706433",
    "//0x7f.1",
    "//[",
    "http://[",
    "https://labeler.test@evil.example",
    "https://labeler.test.evil.example",
    f"/judgments\r\nLocation: https://{EVIL}",
    "/judgments\r\nSet-Cookie: session=x",
    "/judgments\nX: y",
]
HERE = [
    "/%09/evil.example",
    "/%2f/evil.example",
    "/.//evil.example",
    "/judgments?x=//evil",
    "/\uff0fevil",
]


def test_the_corpus_is_long_enough() -> None:
    assert len(set(ELSEWHERE)) >= 60


@pytest.mark.parametrize("wanted", ELSEWHERE + HERE)
def test_signing_in_never_leads_elsewhere(stage: Stage, wanted: str) -> None:
    with stage.app.test_request_context("/sign-in", query_string={"next": wanted}):
        answer = redirect(forms.own_path(request.args["next"]))
        location = answer.get_wsgi_headers(request.environ)["Location"]
    assert location.startswith("/")
    assert not location.startswith(("//", "/\\"))
    assert location.isprintable()
    assert location.isascii()
    assert (location == "/") == (wanted in ELSEWHERE)


@pytest.mark.parametrize("who", WHO)
def test_merged_slashes_lead_home(stage: Stage, who: str) -> None:
    for path in ("//evil.example//", "///evil.example", "/\\evil.example", "//account"):
        answer = stage.visits[who].client.get(path, environ_overrides={"HTTP_HOST": EVIL})
        location = answer.headers.get("Location", "/")
        assert location.startswith(("/", "http://127.0.0.1:8000/")), location
        assert not location.startswith("//")


def test_a_link_is_used_by_one_of_two(fresh: Stage) -> None:
    rivals = [Visit(fresh.app) for _ in range(4)]
    path = fresh.path("/link/{link}")
    for rival in rivals:
        assert rival.get(path).status_code == 200
    with ThreadPoolExecutor(len(rivals)) as pool:
        answers = list(pool.map(lambda rival: rival.post(path).status_code, rivals))
    assert sorted(answers) == [302, 404, 404, 404]
    assert [rival.client.get("/").status_code for rival in rivals].count(200) == 1
