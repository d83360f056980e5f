"""What people do again and again on the judging page."""

import time
from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect


def choose(page: Page, words: str) -> None:
    """Click on a step of the scale, or on what lies beside it."""
    radio = page.get_by_role("radio", name=words, exact=True)
    page.locator("label").filter(has=radio).click()


def send(page: Page, act: Callable[[], None]) -> None:
    """Do what leads to another page, and wait until that is there."""
    before = page.url
    act()
    expect(page).not_to_have_url(before)
    page.wait_for_load_state()


PATIENCE_S = 20
LEFT = """() => new Promise((resolve) => {
  const opening = indexedDB.open("outbox");
  opening.onsuccess = () => {
    const database = opening.result;
    const counting = database.transaction("answers").objectStore("answers").count();
    counting.onsuccess = () => { database.close(); resolve(counting.result); };
  };
})"""


def left(page: Page) -> int:
    """Return how many answers the browser keeps that the server does not have, of whomever."""
    number: int = page.evaluate(LEFT)
    return number


def delivered(page: Page) -> None:
    """Wait until the server has every answer."""
    keeps(page, 0)


def keeps(page: Page, number: int) -> None:
    """Wait until the browser keeps so many answers."""
    until = time.monotonic() + PATIENCE_S
    while (found := left(page)) != number:
        assert time.monotonic() < until, found
        page.wait_for_timeout(20)


def ahead(page: Page) -> None:
    """Wait until the next task is there."""
    page.wait_for_selector("html[data-ahead]", state="attached")


def state(page: Page) -> Locator:
    """Return what the page says of answers on their way."""
    return page.locator("[data-outbox]")
