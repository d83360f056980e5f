"""A real Chromium, one for each worker; a fresh window for each test."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Playwright,
    expect,
    sync_playwright,
)

from tests.browser import questions
from tests.browser.chromium import ARGUMENTS, find
from tests.browser.site import Demo, Site, open_site
from tests.conftest import NewAddress

WIDE = {"width": 1280, "height": 900}
TIMEOUT_MS = 20_000
expect.set_options(timeout=TIMEOUT_MS)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """What starts browsers, of which a test may want another than the usual one."""
    with sync_playwright() as playwright:
        yield playwright


def launch(playwright: Playwright, *, whole: bool = False, **changes: Any) -> Browser:
    """Start the browser, the quickest that there is, or a whole one."""
    path = find(whole=whole)
    assert path, "No Chromium: `make browser` installs one."
    given: dict[str, Any] = {"executable_path": path, "args": list(ARGUMENTS)}
    return playwright.chromium.launch(**given, **changes)


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """The browser; use it to open windows of another kind: a phone's, one without JavaScript."""
    browser = launch(playwright)
    yield browser
    browser.close()


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """One person's browser: its own cookies, gone after the test.

    Without the worker that shows a page where there is no connection: it would make requests that
    a test cannot stop on their way.
    """
    kind: dict[str, Any] = {"viewport": WIDE, "locale": "en", "service_workers": "block"}
    with chromium.new_context(**kind) as context:
        context.set_default_timeout(TIMEOUT_MS)
        yield context


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """An empty page; the test fails on a script's error or a breach of the page's own policy."""
    page, faults = context.new_page(), []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.extend(_breach(message)))
    yield page
    assert faults == []


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """The demo, to be copied."""
    return Demo(tmp_path_factory.mktemp("demo") / "labeler.db")


@pytest.fixture
def site(new_address: NewAddress, tmp_path: Path, demo: Demo) -> Iterator[Site]:
    """The demo, served."""
    demo.copy_to(address := new_address("sqlite"))
    with open_site(address, tmp_path, lambda _: None) as site:
        yield site


@pytest.fixture
def asking(new_address: NewAddress, tmp_path: Path) -> Iterator[Callable[..., Site]]:
    """Serve a project of one comparison whose form asks something."""
    with ExitStack() as opened:

        def ask(*asked: dict[str, Any], answers: int = 4, **row: Any) -> Site:
            site = questions.asking(new_address("sqlite"), tmp_path, *asked, answers=answers, **row)
            return opened.enter_context(site)

        yield ask


def _breach(message: ConsoleMessage) -> list[str]:
    return [message.text] if "Content Security Policy" in message.text else []
