"""Odd input everywhere: whatever is sent to whatever address, the answer is never a bug (5xx)."""

import itertools
import json
import random
import re
import uuid
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote, quote_from_bytes

import pytest

from tests.calling import API
from tests.security.stage import Stage
from tests.security.test_authorisation import API_CASES, PAGES

TEXTS = [
    "",
    " ",
    "\0",
    "a\0b",
    "\ud800",
    "a\udfffb",
    "\x1b[2J\r\nX-Y: z",
    "\u202e\u2028\ufeff",
    "0",
    "-1",
    "1.5",
    "٣",
    "1_0",
    str(2**31),
    str(2**63),
    str(-(2**63) - 1),
    "9" * 5000,
    "1e999",
    "nan",
    "-inf",
    "x" * 70_000,
    "[" * 5000,
    "null",
    "true",
    "../../etc/passwd",
    "{{7*7}}{%x%}%s%n${x}",
    "<script>'\"\\",
    "DROP TABLE people;--",
    "zz-🏴-xx",
    "en," * 300,
]
NUMBERS = ["0", "-1", str(2**31), str(2**63 - 1), str(2**63), "9" * 4000, "1e3", "%D9%A3"]
SLUGS = [
    "%00",
    "%FF",
    "%ED%A0%80",
    "..",
    "%2e%2e",
    "helpful%0A",
    "HELPFUL",
    "x" * 3000,
    "%F0%9F%92%A9",
]
VALUES: list[Any] = [
    None,
    True,
    0,
    -1,
    2**31,
    2**63,
    -(2**70),
    10**4000,
    1.5,
    1e308,
    "",
    "\0",
    "x" * 70_000,
    "nan",
    [],
    [[]],
    {},
    {"": {"": ""}},
    ["en"] * 2000,
]
BODIES = [
    b"",
    b"\xff\xfe",
    b"\0",
    b"null",
    b"[]",
    b'"x"',
    b"{",
    b"NaN",
    b"[" * 100_000,
    b'{"key":"\\ud800"}',
    b'{"choice":1e999}',
    b'{"key":1,"key":2}',
    b'{"\\u0000":1}',
    b'\xef\xbb\xbf{"reason":"other"}',
]
KINDS = [
    "",
    "x",
    "application/json; charset=utf-7",
    "multipart/form-data",
    "multipart/form-data; boundary=",
    "multipart/form-data; boundary=\xff",
    "multipart/form-data; boundary=x",
    "application/x-www-form-urlencoded; charset=nothing",
    "application/vnd.apache.parquet",
    "text/csv",
]
HEADERS = [
    {"Authorization": "Bearer \x80\xff"},
    {"Authorization": "Bearer " + "x" * 4000},
    {"Authorization": "Basic \xff="},
    {"Authorization": 'Digest username="'},
    {"Cookie": "session=.eJw; session=x; =; ;;; \xff=\xff"},
    {"Cookie": "remember_token=1|\xff"},
    {"Sec-Fetch-Site": "\xff"},
    {"If-None-Match": '"\xff, *'},
    {"If-Modified-Since": "Thu, 99 Nov 99999 99:99:99 GMT"},
    {"Range": "bytes=9-1,-0,x"},
    {"Accept": "*/*;q=x", "Accept-Language": "\xff;q=9e999"},
    {"User-Agent": "\xff" * 4000, "Referer": "http://["},
    {"X-Forwarded-For": "\xff", "X-Forwarded-Host": "a..b", "X-Forwarded-Proto": "javascript"},
    {"Content-Length": "5"},
]
QUERIES = {
    "kind": "unsure",
    "before": "1",
    "after": "1",
    "limit": "5",
    "language": "en",
    "languages": "en",
    "layout": "auto",
    "name": "x",
    "next": "/",
    "week": "2026-11-23",
    "skip_bad": "true",
    "known_answers": "1",
    "min_judgments": "1",
    "min_margin": "1",
    "agreement_percent": "50",
    "test_percent": "10",
    "licence": "other",
    "earlier": "1",
    "models.gull": "1",
    "kept": "x",
    "pairs": "all",
    "samples": "2",
}
PROJECT = {
    "title": "Fuzz",
    "slug": "",
    "question": "Which?",
    "guidelines": "x",
    "languages": "en",
    "judgments_per_comparison": "2",
    "gold_percent": "5",
    "rubric.steps": "7",
    "rubric.tie": "1",
    "rubric.reason": "optional",
    "rubric.reason_min": "0",
    "pay.per_judgment": "0.35",
    "pay.currency": "EUR",
    "time_limit_minutes": "60",
    "change_window_minutes": "60",
    "title.x": "y",
}
ENDPOINT = {
    "called": "fuzz",
    "provider": "llamacpp",
    "base_url": "http://127.0.0.1:9/v1",
    "model": "m",
    "api_version": "1",
    "key_env": "K",
    "key_file": "/k",
    "place": "on_premises",
    "system_prompt": "x",
    "sampling.temperature": "1",
    "sampling.seed": "1",
    "sampling.stop": "x",
    "sampling.extra": "{}",
    "limits.concurrent": "1",
    "limits.": "1",
    "price.currency": "EUR",
    "price.input_per_million": "1",
    "terms_url": "https://x.example",
    "terms_seen_on": "2026-01-02",
    "makers": "x",
    "version": "1",
}
WISH = {
    "models.gull": "1",
    "samples": "2",
    "pairs": "balanced",
    "baseline": "gull",
    "per_prompt": "1",
    "seed": "1",
    "budget": "1",
    "kept": "x",
    "name": "x",
}
FORMS: dict[str, Mapping[str, str]] = {
    "/sign-in": {"email": "ada@example.org", "password": "not the password"},
    "/link/<secret>": {"password": "short"},
    "/account/password": {"password": "short"},
    "/account/pay/new": {"kind": "bank", "currency": "EUR", "name": "Ada", "iban": "DE1"},
    "/account/tokens": {"label": "x", "scopes": "judge"},
    "/work/<assignment_id>": {"choice": "2", "reason": "x", "key": str(uuid.UUID(int=7))},
    "/work/<assignment_id>/change": {"choice": "2", "reason": "x", "key": str(uuid.UUID(int=8))},
    "/work/<assignment_id>/skip": {"skip_reason": "other"},
    "/projects/new": PROJECT,
    "/projects/<slug>/setup": PROJECT,
    "/projects/<slug>/state": {"state": "paused"},
    "/projects/<slug>/people/invite": {"name": "F", "email": "f@example.org", "role": "annotator"},
    "/projects/<slug>/people/<person_id>/role": {"role": "annotator"},
    "/projects/<slug>/review/sample": {"number": "1"},
    "/projects/<slug>/review/<review_id>/comment": {"comment": "x", "tell": ""},
    "/projects/<slug>/review/<review_id>/adjudicate": {"finding": "0", "reason": "x"},
    "/projects/<slug>/review/<review_id>/second-opinion": {"comment": "x"},
    "/decisions/refusals/<refusal_id>/appeal": {"appeal": "x"},
    "/decisions/contest": {"project": "helpful", "about": "pay", "subject": "", "text": "x"},
    "/projects/<slug>/disputes/<dispute_id>": {"finding": "stands", "answer": "x", "amount": "1"},
    "/projects/<slug>/judgments/<judgment_id>/refuse": {"code": "other", "evidence": "x"},
    "/projects/<slug>/refusals/<refusal_id>/decide": {"outcome": "pay", "reasons": "x"},
    "/questions/<review_id>": {"comment": "x"},
    "/sensitive": {"violence": "2", "is_adult": "1"},
    "/work/<assignment_id>/no-more": {},
    "/my-data": {},
    "/my-data/erase": {"email": "x", "password": "x"},
    "/limits": {"day_hours": "6", "week_hours": "30"},
    "/time/beats": {"slip": "x", "from_ms": "0", "to_ms": "9", "ago_ms": "0", "touched": "1"},
    "/projects/<slug>/time": {
        "day": "2026-11-23",
        "started_at": "09:00",
        "ended_at": "09:10",
        "kind": "judging",
        "note": "x",
    },
    "/projects/<slug>/batches": {"layout": "auto", "language": "en", "skip_bad": "1", "file": "x"},
    "/projects/<slug>/terms": {"number": "1", "language": "en"},
    "/projects/<slug>/terms/write": {"text_en": "x", "text_bn": "y", "notice_days": "30"},
    "/systems": {"held_on": "2026-01-02", "participants": "x", "text": "x"},
    "/forum": {"title": "x", "text": "x", "nameless": "1"},
    "/forum/<topic_id>": {"text": "x", "nameless": "1"},
    "/representative": {"worker": "bea@example.org", "reason": "x"},
    "/projects/<slug>/remark": {"text": "x"},
    "/projects/<slug>/remark/decline": {"number": "1", "reason": "x"},
    "/projects/<slug>/chat": {"language": "en"},
    "/projects/<slug>/chat/rules": {
        "manner": "better",
        "most_turns": "3",
        "further": "1",
        "models.gull": "1",
        "models.heron": "1",
        "visitors": "1",
        "per_visitor": "1",
        "per_day": "9",
    },
    "/projects/<slug>/chat/links": {"label": "x", "days": "3"},
    "/chat/<conversation_id>/messages": {"text": "x", "key": str(uuid.UUID(int=10))},
    "/chat/turns/<turn_id>/vote": {"choice": "2", "reason": "x", "key": str(uuid.UUID(int=11))},
    "/endpoints/new": ENDPOINT,
    "/endpoints/named/<name>/change": ENDPOINT,
    "/endpoints/toml": {"toml": "name = 'x'", "file": "x"},
    "/projects/<slug>/generations/prompts": WISH | {"file": "x", "language": "en"},
    "/projects/<slug>/generations/begin": WISH | {"earlier": "1"},
    "/projects/<slug>/generations/<generation_id>/budget": {"budget": "1"},
    "/projects/<slug>/releases/held": {"reason-1": "let_go", "after": "0", "decided": "1"},
    "/projects/<slug>/releases": {
        name: QUERIES[name]
        for name in ("min_judgments", "min_margin", "agreement_percent", "languages", "licence")
    },
}
DRAFT = {
    "title": "Fuzz",
    "slug": "fuzz",
    "question": "Which?",
    "guidelines": "x",
    "rubric": {"steps": 7, "tie": True, "both_bad": True, "reason": "none", "reason_min": 0},
    "judgments_per_comparison": 2,
    "gold_share": 0.1,
    "languages": ["en"],
    "pay": {"per_judgment": "1", "currency": "EUR"},
    "time_limit_minutes": 60,
    "change_window_minutes": 60,
}
JUDGMENT = {"key": str(uuid.UUID(int=9)), "choice": 2, "reason": "x"}
ORDER = {
    "key": str(uuid.UUID(int=12)),
    "formats": ["dpo"],
    "languages": ["en"],
    "since": "2026-11-23",
    "test_share": 0.1,
    "held_back": "x",
}
BODIES_OF: dict[str, dict[str, Any]] = {
    f"{API}/projects": DRAFT,
    f"{API}/assignments/<assignment_id>/judgment": JUDGMENT,
    f"{API}/assignments/<assignment_id>/skip": {"reason": "other"},
    f"{API}/projects/<slug>/releases": ORDER,
}
ODD_PART = b'--x\r\nContent-Disposition: form-data; name="\xff'
FEW = 3
"""How many odd texts each field gets alone, beside those that all fields get together."""
STEPS = {"sqlite": 3, "postgresql": 17}
"""Of so many requests one is sent where there is no time for all: PostgreSQL takes longer."""


class Sent(NamedTuple):
    """A request, as it is sent."""

    who: str
    method: str
    path: str
    data: bytes = b""
    kind: str = "application/x-www-form-urlencoded"
    headers: Mapping[str, str] = {}


def broken(stage: Stage, requests: Iterator[Sent]) -> list[str]:
    """Send all of it; return what was answered with a bug."""
    found = []
    for number, sent in enumerate(requests):
        if send(stage, sent) >= 500:
            found.append(
                f"{number}: {sent.method} {sent.path[:90]} {sent.data[:200]!r} {sent.headers}"
            )
    return found


def send(stage: Stage, sent: Sent) -> int:
    client, headers = stage.visits[sent.who].client, dict(sent.headers)
    if sent.path.startswith(API):
        headers = stage.callers[sent.who].headers | headers
    with client.open(
        sent.path, method=sent.method, data=sent.data, content_type=sent.kind, headers=headers
    ) as answer:
        assert answer.headers["Content-Security-Policy"]
        return answer.status_code


def who_may(rule: str) -> str:
    mine = ("/work/", "/assignments/", "/questions/", "/decisions/", "/chat/<", "/chat/turns/")
    return "ada" if any(part in rule for part in mine) else "root"


def odd_forms(stage: Stage) -> Iterator[Sent]:
    """Fill every form with odd texts: all fields at once, then one, then each twice."""
    draw = random.Random(7)
    for rule, form in FORMS.items():
        who, path = who_may(rule), stage.path(PAGES["POST", rule].path)
        hashes = "password" in form  # slowly, which is its purpose
        for first in range(0, len(TEXTS), 5 if hashes else 2):
            texts = itertools.islice(itertools.cycle(TEXTS), first, None)
            yield Sent(who, "POST", path, encoded(zip(form, texts, strict=False)))
        for name in form:
            for text in draw.sample(TEXTS, FEW):
                yield Sent(who, "POST", path, encoded({**form, name: text}.items()))
        yield Sent(who, "POST", path, encoded([*form.items(), *form.items()]))
        for body in BODIES:
            yield Sent(who, "POST", path, body)


def encoded(fields: Any) -> bytes:
    pairs = ((name, quote_from_bytes(text.encode(errors="surrogatepass"))) for name, text in fields)
    return "&".join(f"{quote(name)}={text}" for name, text in pairs).encode()


def odd_addresses(stage: Stage) -> Iterator[Sent]:
    """Put odd texts in place of each part of an address, and into its query."""
    for (method, rule), case in (PAGES | API_CASES).items():
        who, names = who_may(rule), re.findall(r"<(\w+)>", rule)
        for name in names:
            for part in SLUGS if name in ("slug", "secret", "filename", "name") else NUMBERS:
                path = stage.path(_usual(rule).replace(f"<{name}>", part, 1))
                yield Sent(who, method, re.sub(r"<\w+>", "1", path.replace("<slug>", "helpful")))
        if method == "GET" or rule.endswith("/batches"):
            path = stage.path(case.path)
            for first in range(0, len(TEXTS), 2):
                texts = itertools.islice(itertools.cycle(TEXTS), first, None)
                short = ((name, text[:500]) for name, text in zip(QUERIES, texts, strict=False))
                query = encoded(short).decode()
                yield Sent(who, method, f"{path}?{query}")
            for raw in ("%FF=%FF", "a=%", "&&==&", "=x", "after=1&after=x"):
                yield Sent(who, method, f"{path}?{raw}")


def _usual(rule: str) -> str:
    return rule.replace("<assignment_id>/", "{held}/") if rule.count("<") > 1 else rule


def odd_queries(stage: Stage) -> Iterator[Sent]:
    """Give each name of a query one odd text at a time, the others being as usual."""
    draw = random.Random(8)
    within = ("comparisons", "releases", "review")
    rules = ("judgments", *(f"projects/helpful/{each}" for each in within))
    for path in (*(f"/{rule}" for rule in rules), f"{API}/projects/helpful/judgments"):
        for name in QUERIES:
            for text in draw.sample(TEXTS, FEW):
                query = encoded([(name, text[:500])]).decode()
                yield Sent("root", "GET", f"{path}?{query}")


def odd_bodies(stage: Stage) -> Iterator[Sent]:
    """Send odd JSON to the API: every field, at every depth, and what is no JSON."""
    for rule, body in BODIES_OF.items():
        path = rule.replace("<assignment_id>", "{held}").replace("<slug>", "helpful")
        who, path = who_may(rule), stage.path(path)
        for spoilt in (*_spoilt(body), *map(_raw, VALUES), *BODIES):
            yield Sent(who, "POST", path, spoilt, "application/json")
    load = f"{API}/projects/helpful/batches?skip_bad=true"
    for line in (*map(_raw, VALUES), *BODIES):
        for kind in ("application/x-ndjson", "text/csv", "application/gzip"):
            yield Sent("root", "POST", load, line, kind)
    row = {"id": "f", "prompt": "p", "responses": [{"text": "a"}, {"text": "b"}], "metadata": {}}
    lines = b"\n".join(_spoilt(row | {"language": "en", "gold": 0}))
    yield Sent("root", "POST", load, lines, "application/x-ndjson")


def _spoilt(body: Mapping[str, Any]) -> Iterator[bytes]:
    for name, value in body.items():
        for odd in VALUES:
            yield _raw({**body, name: odd})
        if isinstance(value, dict):
            for inner in _spoilt(value):
                yield _raw(body).replace(_raw(value), inner)


def _raw(value: Any) -> bytes:
    if isinstance(value, int) and abs(value) > 2**70:
        return b"9" * 4000
    return json.dumps(value, default=str).encode() if not _long(value) else b"9" * 4000


def _long(value: Any) -> bool:
    return isinstance(value, dict) and any(v == 10**4000 for v in value.values())


def odd_headers(stage: Stage) -> Iterator[Sent]:
    """Send odd headers and bodies of odd kinds to one address of each sort."""
    paths = ("/", "/sign-in", "/static/labeler.css", "/projects/helpful/releases/1/download")
    load = ("/projects/helpful/batches", f"{API}/projects/helpful/batches", "/sign-in")
    parts = ("progress", "releases/1/archive", "releases/1/files/README.md")
    for path in (*paths, *(f"{API}/projects/helpful/{part}" for part in parts)):
        for headers in HEADERS:
            yield Sent("root", "GET", path, headers=headers)
    for path in load:
        for kind in KINDS:
            for body in (
                b"--x\r\n\r\n--x--",
                b'--x\r\nContent-Disposition: form-data; name="\xff',
                b"",
            ):
                yield Sent("root", "POST", path, body, kind)


ODD = [odd_forms, odd_addresses, odd_queries, odd_bodies, odd_headers]


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: odd.__name__)
def test_nothing_that_is_sent_is_answered_by_a_bug(
    fresh: Stage, odd: Any, backend: str, monkeypatch: pytest.MonkeyPatch, soak: bool
) -> None:
    # The tokens of forms are somebody else's subject, and would hide what comes after them.
    monkeypatch.setitem(fresh.app.config, "WTF_CSRF_ENABLED", False)
    step = 1 if soak else STEPS[backend]
    assert broken(fresh, itertools.islice(odd(fresh), None, None, step)) == []
    for who in ("ada", "root"):
        assert fresh.visits[who].client.get("/").status_code in (200, 302)
