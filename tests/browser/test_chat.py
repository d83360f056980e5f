"""Two people chat in two languages with models whose names they do not know; one loses the network.

The site, the server of the models, and what calls it run for real.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect
from sqlalchemy.orm import Session

from labeler import audit
from labeler.cli import installation
from labeler.endpoints import calling, registry
from labeler.work.rubrics import Verdict
from tests import chats, stubs
from tests.browser.clicks import choose, delivered, state
from tests.browser.site import Site, open_site
from tests.cast import make_cast
from tests.conftest import NewAddress
from tests.dialects import Turn
from tests.make import make_project
from tests.visits import Visit

ADA, BEA = "ada@example.org", "bea@example.org"
FRENCH, SWAHILI = "Pourquoi le pain lève-t-il ?", "Kwa nini mkate huumuka?"
ANSWERS = {"Gull-Large-9": "Parce que la levure respire.", "heron-mini-2": "À cause du gaz."}
SLOW_S = 0.7
TURN_S = 0.1
FOCUSED = "document.activeElement.id || document.activeElement.localName"
TOP = "document.querySelector('.turn--now').getBoundingClientRect().top"


@pytest.fixture
def models() -> Iterator[stubs.Server]:
    """A server of two models, of which one is slower than the other."""
    with stubs.serving() as server:
        server.says(lambda body: ANSWERS[body["model"]])
        server.only("vllm", Turn(wait_s=SLOW_S))
        yield server


@pytest.fixture
def chat(new_address: NewAddress, tmp_path: Path, models: stubs.Server) -> Iterator[Site]:
    """A project in French and Swahili whose people chat with both models, which are called."""

    def fill(session: Session) -> None:
        cast = make_cast(session)
        project = make_project(session, cast, languages=["fr", "sw"], judgments_per_comparison=1)
        for (name, model), dialect in zip(chats.MODELS.items(), ("llamacpp", "vllm"), strict=True):
            registry.add(session, models.profile(dialect, name=name, model=model), by=None)
        chats.open_chat(session, project, by=cast.olga)

    with open_site(new_address("sqlite"), tmp_path, fill) as site, _called(site, models):
        yield site


@contextmanager
def _called(site: Site, models: stubs.Server) -> Iterator[None]:
    """Have the models called meanwhile, as the program beside a server does."""
    over = threading.Event()
    place = calling.Place(
        site.database.reading,
        lambda step: installation.written(site.database, step),
        models.hosts,
    )

    def call() -> None:
        while not over.is_set():
            calling.Caller(place).run(TURN_S)

    thread = threading.Thread(target=call)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@pytest.mark.slow
def test_two_people_chat(
    chromium: Browser, context: BrowserContext, page: Page, chat: Site, tmp_path: Path
) -> None:
    _in_french(context, page, chat)
    with chromium.new_context(locale="en", service_workers="block") as other:
        _in_swahili(other.new_page(), chat)
    assert [(said.verdict, said.step) for said in chat.said(ADA)] == [
        (Verdict.preference, 6),
        (Verdict.both_bad, None),
    ]
    assert [said.verdict for said in chat.said(BEA)] == [Verdict.tie]
    with chat.database.reading() as session:
        assert list(audit.faults(session)) == []
    _released(chat, tmp_path)


def _in_french(context: BrowserContext, page: Page, chat: Site) -> None:
    """Lose the network while a message is sent, and the reply to the vote."""
    _begin(page, chat, ADA, "French")
    page.get_by_label("message to both").fill(FRENCH)
    context.set_offline(True)
    page.keyboard.press("Control+Enter")
    expect(state(page)).to_contain_text("1 waiting to send")
    expect(page.get_by_text("It is safe on this device")).to_be_visible()
    context.set_offline(False)
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.get_by_role("heading", name="Both are writing…")).to_be_visible()
    expect(page.get_by_role("link", name="Look again")).to_be_hidden()
    before = page.evaluate(f"[{FOCUSED}, {TOP}, scrollY]")
    _both_answer(page)
    assert page.evaluate(f"[{FOCUSED}, {TOP}, scrollY]") == before
    expect(page.locator("[data-told]")).to_have_text("Both answers are there.")
    assert sorted(page.locator("article.answer p").all_inner_texts()) == sorted(ANSWERS.values())
    assert not any(name in page.content() for name in chats.MODELS)
    choose(page, "B better")
    page.route("**/vote?*", _lose_the_reply, times=1)
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("You said: B better.")).to_be_visible()
    delivered(page)
    page.get_by_label("message to both").fill("Et sans levure ?")
    page.get_by_role("button", name="Send").click()
    _both_answer(page)
    choose(page, "Both bad")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("You said: Both are bad.")).to_be_visible()
    _end(page)


def _in_swahili(page: Page, chat: Site) -> None:
    """Come back to what was being written."""
    _begin(page, chat, BEA, "Swahili")
    page.get_by_label("message to both").fill(SWAHILI)
    page.reload()
    expect(page.get_by_label("message to both")).to_have_value(SWAHILI)
    page.get_by_role("button", name="Send").click()
    _both_answer(page)
    choose(page, "About the same")
    page.get_by_label("Why?").fill("Sawa.")
    page.reload()
    expect(page.get_by_label("Why?")).to_have_value("Sawa.")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("You said: About the same.")).to_be_visible()
    _end(page)


def _begin(page: Page, chat: Site, email: str, language: str) -> None:
    chat.arrive(page, email)
    page.get_by_role("link", name="Chat with two models").click()
    page.get_by_label("In which language?").select_option(label=language)
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_label("Your first message to both")).to_be_visible()


def _both_answer(page: Page) -> None:
    expect(page.locator("article.answer")).to_have_count(2)
    expect(page.get_by_role("radio", name="A better", exact=True)).to_be_visible()


def _lose_the_reply(route: Route) -> None:
    route.fetch()
    route.abort()


def _end(page: Page) -> None:
    """End the conversation, and see who it was."""
    page.get_by_role("button", name="End the conversation").click()
    page.get_by_role("button", name="Show who answered").click()
    expect(page.get_by_text("Who answered stands beside each answer.")).to_be_visible()
    for name, model in chats.MODELS.items():
        expect(page.get_by_text(f"{model} · {name}").first).to_be_visible()


def _released(chat: Site, folder: Path) -> None:
    """Cut a release; each comparison tells where both of its answers come from."""
    olga = Visit(chat.app).arrive("olga@example.org")
    olga.get("/projects/helpful/releases")
    asked = olga.post("/projects/helpful/releases", min_judgments="1", test_percent="0")
    assert asked.status_code == 302
    chat.do_jobs()
    rows = [row for path in folder.rglob("*comparisons*.jsonl") for row in _rows(path)]
    assert sorted(row["prompt"][-1]["content"] for row in rows) == sorted(
        [FRENCH, "Et sans levure ?", SWAHILI]
    )
    for row in rows:
        told = {each["model"]: json.loads(each["provenance"]) for each in row["responses"]}
        assert {each["content"]: each["model"] for each in row["responses"]} == {
            text: model for model, text in ANSWERS.items()
        }
        assert {name: each["model_requested"] for name, each in told.items()} == {
            model: model for model in ANSWERS
        }
        assert {each["provider"] for each in told.values()} == {"llamacpp", "vllm"}
        assert not any(each["left_premises"] for each in told.values())


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]
