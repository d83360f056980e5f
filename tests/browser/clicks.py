"""What people do again and again on the judging page."""

from collections.abc import Callable

from playwright.sync_api import Page, expect


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
