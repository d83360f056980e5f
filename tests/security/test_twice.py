"""The same request twice: docs/idempotency.md says of every one that writes what comes of it."""

import io
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from functools import cache, partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest
from sqlalchemy.engine import make_url
from werkzeug.test import TestResponse

from labeler import clock
from labeler.people import accounts, passwords
from tests import postgres
from tests.addresses import Addresses
from tests.calling import API
from tests.conftest import drawn
from tests.house.source import ROOT
from tests.security.stage import PASSWORD, Stage, rules, staged
from tests.serving import disconnect
from tests.visits import Visit

DOCUMENT = ROOT / "docs" / "idempotency.md"
ROW = re.compile(r"^\| `POST (\S+)` \| (\d+) \| (\d+) \| (.+?) \|", re.MULTILINE)
NOTHING = "nothing"
HELPFUL = "/projects/helpful"
SKIP = f"{API}/assignments/<assignment_id>/skip"
KEY = "1c9a3f4e-54a2-4b0e-8f7e-0d5f2a9f9b11"
PAIR = (
    b'{"id": "n", "prompt": "Why?", "language": "en", "responses": [{"text": "a"}, {"text": "b"}]}'
)
WRITTEN = {
    "prompt": "What is two plus two?",
    "answer_1": "Four.",
    "answer_2": "Five.",
    "better": "1",
    "why": "Count.",
    "language": "en",
}
ACCOUNT = {"kind": "bank", "currency": "EUR", "name": "Ada", "iban": "DE89370400440532013000"}
RUN = {"currency": "EUR", "rail": "plain", "period_end": "2026-01-31", "pay_on": "2026-02-01"}
PAID = "/projects/<slug>/payouts/runs/<run_id>"
CHATTING = {
    "manner": "own",
    "most_turns": "2",
    "further": "0",
    "models.gull": "1",
    "models.heron": "1",
}
WISHED = {"models.gull": "1", "samples": "3", "pairs": "all"}
ENDPOINT = {
    "called": "new",
    "provider": "llamacpp",
    "base_url": "http://127.0.0.1:9/v1",
    "model": "m",
    "place": "on_premises",
}
TOML = "\n".join(f"{name} = '{value}'" for name, value in ENDPOINT.items())
TOML = TOML.replace("called", "name")
DRAFT = {"title": "Twice", "languages": "en", "pay.currency": "EUR", "rubric.tie": "1"}


Send = Callable[[], TestResponse]


class Told(NamedTuple):
    """What the document says: the two statuses, and what the second request adds."""

    first: int
    again: int
    adds: str


def documented() -> dict[str, Told]:
    """Read the document's table by address."""
    rows = ROW.findall(DOCUMENT.read_text("utf-8"))
    return {rule: Told(int(first), int(again), adds) for rule, first, again, adds in rows}


class Way(NamedTuple):
    """Who sends it, where, and what."""

    who: str
    path: str
    form: Mapping[str, Any] = MappingProxyType({})


REVIEW = f"{HELPFUL}/review"
ONE = "/projects/<slug>/review/<review_id>"
BY_PROGRAM = {
    f"{API}/projects/<slug>/assignments": Way("root", f"{API}{HELPFUL}/assignments"),
    f"{API}/assignments/<assignment_id>/judgment": Way(
        "ada", API + "/assignments/{held}/judgment", {"key": KEY, "choice": 2}
    ),
    SKIP: Way("ada", API + "/assignments/{held}/skip", {"reason": "other"}),
    f"{API}/projects": Way("root", f"{API}/projects", {"title": "Twice"}),
    f"{API}/projects/<slug>/rubrics": Way("olga", f"{API}{HELPFUL}/rubrics", {"steps": 6}),
    f"{API}/projects/<slug>/batches": Way("olga", f"{API}{HELPFUL}/batches"),
    f"{API}/projects/<slug>/batches/<batch_id>": Way(
        "olga", API + HELPFUL + "/batches/{batch}", {"priority": 5, "judgments": 4}
    ),
    f"{API}/projects/<slug>/withdrawals": Way(
        "olga", f"{API}{HELPFUL}/withdrawals", {"comparison": "pair-0", "reason": "A name in it."}
    ),
    f"{API}/projects/<slug>/releases": Way(
        "olga",
        f"{API}{HELPFUL}/releases",
        {"key": KEY, "min_judgments": 1, "licence": "mit"},
    ),
    f"{API}/projects/<slug>/releases/orders/<order_id>/stop": Way(
        "olga", API + HELPFUL + "/releases/orders/{order}/stop"
    ),
}
BY_PAGE = {
    "/language": Way("rex", "/language", {"language": "fr", "next": "/account"}),
    "/sign-in": Way("anonymous", "/sign-in", {"email": "rex@example.org", "password": PASSWORD}),
    "/sign-out": Way("rex", "/sign-out"),
    "/link/<secret>": Way("anonymous", "/link/{link}"),
    "/account/pay/new": Way("ada", "/account/pay/new", ACCOUNT),
    "/account/password": Way("ada", "/account/password", {"password": PASSWORD}),
    "/account/sign-ins/<sign_in_id>/end": Way("ada", "/account/sign-ins/{sign_in}/end"),
    "/account/tokens": Way("ada", "/account/tokens", {"label": "new", "scopes": "judge"}),
    "/account/tokens/<token_id>/revoke": Way("ada", "/account/tokens/{token}/revoke"),
    "/projects/<slug>/start": Way("rex", f"{HELPFUL}/start"),
    "/projects/<slug>/ahead": Way("rex", f"{HELPFUL}/ahead"),
    "/work/<assignment_id>": Way("ada", "/work/{held}", {"key": KEY, "choice": "2"}),
    "/work/<assignment_id>/skip": Way("ada", "/work/{held}/skip", {"skip_reason": "other"}),
    "/work/<assignment_id>/change": Way("ada", "/work/{done}/change", {"key": KEY, "choice": "4"}),
    "/projects/new": Way("root", "/projects/new", DRAFT),
    "/projects/<slug>/setup": Way(
        "olga", f"{HELPFUL}/setup", {**DRAFT, "pay.per_judgment": "0.35"}
    ),
    "/projects/<slug>/pay": Way(
        "olga", f"{HELPFUL}/pay", {"per_judgment": "0.40", "floor_per_hour": "12"}
    ),
    "/projects/<slug>/pay/budget": Way(
        "olga", f"{HELPFUL}/pay/budget", {"currency": "EUR", "limit": "100"}
    ),
    "/projects/<slug>/guidelines": Way(
        "olga", f"{HELPFUL}/guidelines", {"guidelines": "1", "percent": "100"}
    ),
    "/projects/<slug>/state": Way("olga", f"{HELPFUL}/state", {"state": "paused"}),
    "/projects/<slug>/people/invite": Way(
        "olga",
        f"{HELPFUL}/people/invite",
        {"email": "new@example.org", "name": "New", "role": "annotator"},
    ),
    "/projects/<slug>/people/<person_id>/role": Way(
        "olga", HELPFUL + "/people/{bea}/role", {"role": "reviewer"}
    ),
    "/projects/<slug>/people/<person_id>/link": Way("root", HELPFUL + "/people/{bea}/link"),
    "/projects/<slug>/people/<person_id>/remove": Way("olga", HELPFUL + "/people/{bea}/remove"),
    "/projects/<slug>/people/<person_id>": Way(
        "olga", HELPFUL + "/people/{bea}", {"languages": "fr", "cohorts": "experts"}
    ),
    "/projects/<slug>/batches": Way("olga", f"{HELPFUL}/batches"),
    "/projects/<slug>/batches/<batch_id>": Way(
        "olga",
        HELPFUL + "/batches/{batch}",
        {"priority": "5", "cohorts": "experts", "most_per_person": "", "judgments": "4"},
    ),
    "/projects/<slug>/comparisons/<comparison_id>/withdraw": Way(
        "olga", HELPFUL + "/comparisons/{comparison}/withdraw", {"reason": "A name in it."}
    ),
    "/projects/<slug>/comparisons/<comparison_id>/judgments/<judgment_id>/exclude": Way(
        "rex",
        HELPFUL + "/comparisons/{comparison}/judgments/{of_bea}/exclude",
        {"reason": "No."},
    ),
    "/projects/<slug>/review/sample": Way("rex", f"{REVIEW}/sample", {"number": "1"}),
    f"{ONE}/accept": Way("rex", REVIEW + "/{review}/accept"),
    f"{ONE}/dismiss": Way("rex", REVIEW + "/{signal}/dismiss"),
    f"{ONE}/adjudicate": Way(
        "rex", REVIEW + "/{review}/adjudicate", {"finding": "1", "reason": "No."}
    ),
    f"{ONE}/second-opinion": Way("rex", REVIEW + "/{review}/second-opinion", {"comment": "Hm."}),
    f"{ONE}/comment": Way("rex", REVIEW + "/{review}/comment", {"comment": "Hm."}),
    f"{ONE}/judgments/<judgment_id>/exclude": Way(
        "rex", REVIEW + "/{review}/judgments/{of_bea}/exclude", {"reason": "No."}
    ),
    f"{ONE}/judgments/<judgment_id>/send-back": Way(
        "rex", REVIEW + "/{review}/judgments/{of_bea}/send-back", {"comment": "Why?"}
    ),
    "/projects/<slug>/gold/write": Way("olga", f"{HELPFUL}/gold/write", WRITTEN),
    "/projects/<slug>/gold/mine": Way(
        "olga", f"{HELPFUL}/gold/mine", {"least": "2", "percent": "100", "take": "{comparison}"}
    ),
    "/projects/<slug>/gold/<comparison_id>/set": Way(
        "olga", HELPFUL + "/gold/{comparison}/set", {"better": "1", "why": "It is right."}
    ),
    "/projects/<slug>/gold/<comparison_id>/unscore": Way(
        "olga", HELPFUL + "/gold/{gold}/unscore", {"reason": "It is wrong."}
    ),
    "/projects/<slug>/qualification": Way("ada", "/projects/asking/qualification"),
    "/projects/<slug>/people/<person_id>/admit": Way(
        "rex", "/projects/asking/people/{bea}/admit", {"reason": "I know her work."}
    ),
    "/decisions/refusals/<refusal_id>/appeal": Way(
        "ada", "/decisions/refusals/{refusal}/appeal", {"appeal": "It is mine."}
    ),
    "/decisions/contest": Way(
        "ada", "/decisions/contest", {"project": "helpful", "about": "pay", "text": "It is less."}
    ),
    "/projects/<slug>/disputes/<dispute_id>": Way(
        "olga",
        HELPFUL + "/disputes/{dispute}",
        {"finding": "upheld", "answer": "You are right.", "amount": "2.50"},
    ),
    "/projects/<slug>/judgments/<judgment_id>/refuse": Way(
        "olga",
        HELPFUL + "/judgments/{of_bea}/refuse",
        {"code": "copied", "evidence": "It is a copy."},
    ),
    "/projects/<slug>/refusals/release": Way("olga", HELPFUL + "/refusals/release"),
    "/projects/<slug>/refusals/<refusal_id>/decide": Way(
        "olga", HELPFUL + "/refusals/{refusal}/decide", {"outcome": "pay", "reasons": "It is hers."}
    ),
    "/projects/<slug>/refusals/<refusal_id>/take-back": Way(
        "rex", HELPFUL + "/refusals/{refusal}/take-back"
    ),
    "/questions/<review_id>": Way("ada", "/questions/{signal}", {"comment": "They were short."}),
    "/projects/<slug>/payouts/runs": Way("olga", f"{HELPFUL}/payouts/runs", RUN),
    "/projects/<slug>/payouts/layouts": Way(
        "olga", f"{HELPFUL}/payouts/layouts", {"rail": "paypal", "note": "Thank you."}
    ),
    f"{PAID}/step": Way("root", HELPFUL + "/payouts/runs/{draft}/step", {"step": "approved"}),
    f"{PAID}/results": Way("olga", HELPFUL + "/payouts/runs/{run}/results"),
    f"{PAID}/payouts/<payout_id>/release": Way(
        "olga",
        HELPFUL + "/payouts/runs/{draft}/payouts/{held_payout}/release",
        {"reason": "Asked."},
    ),
    f"{PAID}/payouts/<payout_id>/outcome": Way(
        "olga", HELPFUL + "/payouts/runs/{run}/payouts/{payout}/outcome", {"outcome": "confirmed"}
    ),
    "/sensitive": Way("ada", "/sensitive", {"violence": "2", "is_adult": "1"}),
    "/work/<assignment_id>/no-more": Way("ada", "/work/{held}/no-more"),
    "/my-data": Way("ada", "/my-data"),
    "/my-data/erase": Way("mallory", "/my-data/erase", {"email": "mallory@example.org"}),
    "/limits": Way("ada", "/limits", {"day_hours": "6", "week_hours": "30"}),
    "/time/beats": Way(
        "ada",
        "/time/beats",
        {"slip": "{slip}", "from_ms": "0", "to_ms": "5", "ago_ms": "0", "touched": "1"},
    ),
    "/projects/<slug>/time": Way(
        "ada",
        f"{HELPFUL}/time",
        {
            "day": "{yesterday}",
            "started_at": "01:00",
            "ended_at": "01:10",
            "kind": "judging",
            "note": "The page did not open.",
        },
    ),
    "/projects/<slug>/time/<interval_id>/withdraw": Way("ada", HELPFUL + "/time/{added}/withdraw"),
    "/projects/<slug>/terms": Way(
        "ada", "/projects/asking/terms", {"number": "1", "language": "en"}
    ),
    "/projects/<slug>/terms/write": Way(
        "olga", f"{HELPFUL}/terms/write", {"text_en": "Be kind.", "notice_days": "30"}
    ),
    "/systems": Way(
        "root", "/systems", {"held_on": "2026-01-02", "participants": "Ada", "text": "Well."}
    ),
    "/forum": Way("ada", "/forum", {"title": "Breaks", "text": "Take them."}),
    "/forum/<topic_id>": Way("ada", "/forum/{topic}", {"text": "Ten minutes."}),
    "/forum/posts/<post_id>/take-back": Way("ada", "/forum/posts/{post}/take-back"),
    "/representative": Way(
        "root", "/representative", {"worker": "bea@example.org", "reason": "By vote."}
    ),
    "/representative/step-down": Way("ada", "/representative/step-down"),
    "/projects/<slug>/remark": Way("ada", f"{HELPFUL}/remark", {"text": "We waited."}),
    "/projects/<slug>/remark/decline": Way(
        "olga", f"{HELPFUL}/remark/decline", {"number": "1", "reason": "It was days."}
    ),
    "/projects/<slug>/chat": Way("olga", f"{HELPFUL}/chat", {"language": "en"}),
    "/projects/<slug>/chat/rules": Way("olga", f"{HELPFUL}/chat/rules", CHATTING),
    "/projects/<slug>/chat/links": Way("olga", f"{HELPFUL}/chat/links", {"days": "3"}),
    "/projects/<slug>/chat/links/<link_id>/revoke": Way(
        "olga", HELPFUL + "/chat/links/{chat_link}/revoke"
    ),
    "/chat/<conversation_id>/messages": Way(
        "rex", "/chat/{fresh_chat}/messages", {"key": KEY, "text": "Why?"}
    ),
    "/chat/turns/<turn_id>/vote": Way(
        "ada", "/chat/turns/{turn}/vote", {"key": KEY, "choice": "2"}
    ),
    "/chat/turns/<turn_id>/again": Way("ada", "/chat/turns/{turn}/again"),
    "/chat/<conversation_id>/end": Way("rex", "/chat/{fresh_chat}/end"),
    "/chat/<conversation_id>/names": Way("ada", "/chat/{ended_chat}/names"),
    "/visit/<ticket>": Way("anonymous", "/visit/{chat_secret}"),
    "/endpoints/new": Way("root", "/endpoints/new", ENDPOINT),
    "/endpoints/toml": Way("root", "/endpoints/toml", {"toml": TOML}),
    "/endpoints/named/<name>/change": Way("root", "/endpoints/named/gull/change", ENDPOINT),
    "/endpoints/named/<name>/archive": Way("root", "/endpoints/named/gull/archive"),
    "/endpoints/named/<name>/restore": Way("root", "/endpoints/named/old/restore"),
    "/endpoints/named/<name>/check": Way("root", "/endpoints/named/gull/check"),
    "/projects/<slug>/generations/prompts": Way("olga", f"{HELPFUL}/generations/prompts", WISHED),
    "/projects/<slug>/generations/begin": Way(
        "olga", f"{HELPFUL}/generations/begin", WISHED | {"earlier": "{drawn}"}
    ),
    "/projects/<slug>/generations/<generation_id>/retry": Way(
        "olga", HELPFUL + "/generations/{drawn}/retry"
    ),
    "/projects/<slug>/generations/<generation_id>/budget": Way(
        "olga", HELPFUL + "/generations/{drawn}/budget", {"budget": "7"}
    ),
    "/projects/<slug>/generations/<generation_id>/finish": Way(
        "olga", HELPFUL + "/generations/{drawn}/finish"
    ),
    "/projects/<slug>/generations/<generation_id>/cancel": Way(
        "olga", HELPFUL + "/generations/{drawn}/cancel"
    ),
    "/projects/<slug>/releases": Way(
        "olga", f"{HELPFUL}/releases", {"min_judgments": "1", "licence": "mit"}
    ),
    "/projects/<slug>/releases/declared": Way(
        "olga", f"{HELPFUL}/releases/declared", {"facts": "", "words": "Made for bread."}
    ),
    "/projects/<slug>/releases/held": Way(
        "olga", f"{HELPFUL}/releases/held", {"reason-{of_bea}": "let_go"}
    ),
    "/projects/<slug>/releases/<number>/publish": Way("olga", f"{HELPFUL}/releases/1/publish"),
    "/projects/<slug>/releases/<number>/withdraw": Way(
        "olga", f"{HELPFUL}/releases/1/withdraw", {"reason": "A name in it."}
    ),
    "/projects/<slug>/releases/orders/<job_id>/stop": Way(
        "olga", f"{HELPFUL}/releases/orders/{{order}}/stop"
    ),
}


@pytest.fixture
def stopped() -> Iterator[None]:
    """Stop the clock: a deadline that is counted anew ends at the same moment."""
    moment = clock.now()
    clock.use(lambda: moment)
    yield
    clock.use(None)


def each(asked: Mapping[str, object]) -> pytest.MarkDecorator:
    """Return the mark of a test that runs for each address, on the back end that it draws."""
    cases = [(backend, rule) for rule in asked for backend in drawn(rule)]
    return pytest.mark.parametrize(("backend", "rule"), sorted(cases), indirect=["backend"])


Own = tuple[Stage, Callable[[], object]]


@pytest.fixture(scope="module")
def own(
    addresses: Addresses, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Callable[[str], Own]]:
    """The site on each back end, for the tests of this module, and what makes it again as it is."""
    with ExitStack() as left:

        @cache
        def own(backend: str) -> Own:
            address = addresses.take(backend)
            left.callback(addresses.give_back, address)
            stage = left.enter_context(staged(address, tmp_path_factory.mktemp("own")))
            stage.database.close()
            if stage.database.is_sqlite:
                file = Path(str(stage.database.url.database))
                return stage, partial(file.write_bytes, file.read_bytes())
            disconnect(address)
            postgres.send_away(address)
            server = request.getfixturevalue("postgresql_server")
            kept = postgres.create_database(server, template=make_url(address).database or "")
            left.callback(postgres.drop_database, kept)
            return stage, partial(_put_back, server, address, str(make_url(kept).database))

        yield own


def _put_back(server: str, address: str, kept: str) -> None:
    postgres.drop_database(address)
    postgres.create_database(server, template=kept, name=make_url(address).database)


@pytest.fixture
def anew(own: Callable[[str], Own], backend: str, stopped: None) -> Iterator[Stage]:
    """The stage as it was put up, whatever was done on it."""
    stage, put_back = own(backend)
    yield stage
    stage.database.close()
    put_back()


def test_the_document_tells_of_every_address_that_writes(stage: Stage) -> None:
    writing = {rule for method, rule in rules(stage.app) if method != "GET"}
    assert {method for method, _ in rules(stage.app)} == {"GET", "POST"}
    assert set(documented()) == writing == {*BY_PROGRAM, *BY_PAGE}


@each(BY_PAGE)
def test_on_a_page(anew: Stage, rule: str) -> None:
    once, twice = _send_twice(anew, rule, _by_page(anew, rule))
    if twice.status_code == 302 and not twice.location.startswith("/sign-in?"):
        assert twice.location == once.location


@each(BY_PROGRAM)
def test_by_program(anew: Stage, rule: str) -> None:
    once, twice = _send_twice(anew, rule, _by_program(anew, rule))
    assert twice.status_code == 409 or twice.data == once.data


def _send_twice(stage: Stage, rule: str, send: Send) -> tuple[TestResponse, TestResponse]:
    """Send it twice, and compare what comes of it with what the document says."""
    first, again, adds = documented()[rule]
    once = send()
    assert once.status_code == first, once.text
    before = stage.digest()
    twice = send()
    assert twice.status_code == again, twice.text
    assert (stage.digest() == before) == (adds == NOTHING)
    return once, twice


def _by_program(stage: Stage, rule: str) -> Send:
    who, path, form = BY_PROGRAM[rule]
    caller, path = stage.callers[who], stage.path(path)
    if path.endswith("/batches"):
        return lambda: caller.post(path, data=PAIR, content_type="application/x-ndjson")
    return lambda: caller.post(path, json=dict(form))


def _by_page(stage: Stage, rule: str) -> Send:
    who, path, form = BY_PAGE[rule]
    visit, path = Visit(stage.app), stage.path(path)
    if who != "anonymous":
        visit.arrive(f"{who}@example.org")
    if rule == "/sign-in":
        _give_password(stage)
    visit.get("/sign-in" if who == "anonymous" else "/account")
    cookie = visit.client.get_cookie("session")
    assert cookie is not None

    def send() -> TestResponse:
        file = {"file": (io.BytesIO(PAIR), "pair.jsonl")} if path.endswith("/batches") else {}
        if path.endswith("/prompts"):
            prompt = b'{"id": "n", "prompt": "Why?", "language": "en"}'
            file = {"file": (io.BytesIO(prompt), "prompts.jsonl")}
        if path.endswith("/results"):
            told = f"reference,status\nPAY{int(stage.ids['payout']):09d},paid\n"
            file = {"file": (io.BytesIO(told.encode()), "results.csv")}
        visit.client.set_cookie(cookie.key, cookie.value)
        filled = {stage.path(name): stage.path(value) for name, value in form.items()}
        return visit.post(path, **filled, **file)

    return send


def _give_password(stage: Stage) -> None:
    with stage.database.writing() as session:
        accounts.set_password(session, stage.people.rex, passwords.hashed(PASSWORD))
        session.commit()
