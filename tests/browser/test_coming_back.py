"""Coming back to a page: without a connection, out of the browser's memory, as somebody else."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect

from tests.browser.clicks import ahead, choose, delivered, send, state
from tests.browser.conftest import TIMEOUT_MS, launch
from tests.browser.site import ADA, OLGA, Site

NO_CACHE = ["--disable-back-forward-cache"]
WORKS = "() => navigator.serviceWorker.ready.then(({ active }) => active.state)"
NOTE = """addEventListener("pageshow", (event) => { window.cameBack = event.persisted; })"""


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """A browser with all that it can."""
    with chromium.new_context(locale="en") as context:
        context.set_default_timeout(TIMEOUT_MS)
        yield context


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """A browser that keeps pages that one has left, which Playwright's usually does not."""
    browser = launch(playwright, whole=True, ignore_default_args=NO_CACHE)
    yield browser
    browser.close()


def is_out_of_memory(page: Page) -> bool:
    """Say whether the page was shown again as it had been left."""
    return bool(page.evaluate("window.cameBack"))


def back(page: Page, url: str | re.Pattern[str], pages: int = 1) -> None:
    """Go back; out of the memory no page loads, for which `go_back` would wait."""
    page.evaluate(f"setTimeout(() => history.go(-{pages}))")
    page.wait_for_url(url, wait_until="commit")


def test_a_reload_without_a_connection(context: BrowserContext, page: Page, site: Site) -> None:
    site.start(page, ADA)
    ahead(page)
    choose(page, "A better")
    send(page, page.get_by_role("button", name="Send").click)
    delivered(page)
    page.wait_for_function(WORKS)
    page.reload()
    ahead(page)
    task = page.url
    page.get_by_label("Why?").fill("Half a thought")
    context.set_offline(True)
    page.reload()
    expect(page.get_by_role("heading", name="No connection")).to_be_visible()
    assert page.evaluate("getComputedStyle(document.body).display") == "flex"  # it has its style
    kept = page.evaluate(
        "caches.keys().then((names) => caches.open(names[0])).then((c) => c.keys())"
    )
    assert len(kept) == 3  # the page, its style, its sign: no task
    context.set_offline(False)
    page.get_by_role("button", name="Try again").click()
    expect(page).to_have_url(f"{task}?")
    expect(page.get_by_label("Why?")).to_have_value("Half a thought")


def test_back_to_a_task_that_was_left(page: Page, site: Site) -> None:
    page.add_init_script(NOTE)
    site.start(page, ADA)
    choose(page, "A better")
    page.get_by_label("Why?").fill("Half a thought")
    task = page.url
    page.get_by_role("link", name="Leave").click()
    expect(page).to_have_url(f"{site.url}/")
    back(page, task)
    assert is_out_of_memory(page)
    expect(page.get_by_label("Why?")).to_have_value("Half a thought")
    page.keyboard.press("Control+Enter")
    expect(page).not_to_have_url(task)
    delivered(page)
    assert [judgment.step for judgment in site.said(ADA)] == [2]


@pytest.mark.parametrize("who", [None, OLGA])
def test_back_to_the_page_of_somebody_who_left(page: Page, site: Site, who: str | None) -> None:
    site.start(page, ADA)
    page.get_by_label("Why?").fill("Nobody else's")
    page.get_by_role("link", name="Leave").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(f"{site.url}/sign-in")
    if who is not None:
        site.arrive(page, who)
    back(page, re.compile(r"/work/\d+$|next=%2Fwork%2F\d+$"), pages=2 if who is None else 3)
    expect(page.get_by_label("Why?")).to_have_count(0)
    expect(page.get_by_text("Nobody else's")).to_have_count(0)
    assert site.said(ADA) == []


def test_back_after_signing_in_anew(context: BrowserContext, page: Page, site: Site) -> None:
    page.add_init_script(NOTE)
    site.start(page, ADA)
    ahead(page)
    choose(page, "A better")
    task = page.url
    page.get_by_role("link", name="Leave").click()
    expect(page).to_have_url(f"{site.url}/")
    site.arrive(context.new_page(), ADA)  # elsewhere, which makes the tokens of this page old
    back(page, task)
    assert is_out_of_memory(page)
    page.keyboard.press("Control+Enter")
    expect(page).not_to_have_url(task)
    delivered(page)
    expect(state(page)).to_have_text("Saved")
    assert [judgment.step for judgment in site.said(ADA)] == [2]
