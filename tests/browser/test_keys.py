"""Keys go by their place on the keyboard; people choose others, or none, on each device."""

from playwright.sync_api import Page, expect

from tests.browser.clicks import ahead, send
from tests.browser.site import ADA, OLGA, Site

PRESS = """([key, code]) => document.activeElement.dispatchEvent(
  new KeyboardEvent("keydown", { key, code, bubbles: true, cancelable: true }))"""


def press(page: Page, key: str, code: str) -> None:
    """Press a key of a keyboard on which something else is printed."""
    page.evaluate(PRESS, [key, code])


def focus(page: Page) -> str:
    """Return the name of the field that has the focus."""
    name: str = page.evaluate("document.activeElement.name ?? ''")
    return name


DIGITS = (
    ("é", "Digit2", "A better"),  # French, where digits need Shift
    ("৬", "Digit6", "B better"),  # Bangla
    ("2", "Digit2", "A better"),
    ("6", "Numpad6", "B better"),
)
LETTERS = ("w", "z", "ৌ")  # English, French, Bangla


def test_keys_by_their_place(page: Page, site: Site) -> None:
    site.start(page, ADA)
    for key, code, step in DIGITS:
        press(page, key, code)
        expect(page.get_by_role("radio", name=step, exact=True)).to_be_checked()
    for key in LETTERS:
        page.get_by_role("radio", name="B better", exact=True).focus()
        press(page, key, "KeyW")
        assert focus(page) == "reason", key


def test_another_key_for_something(page: Page, site: Site) -> None:
    site.start(page, ADA)
    ahead(page)
    said = page.locator("[data-keys-said]")
    page.keyboard.press("?")
    page.get_by_role("button", name="W write why").click()
    expect(said).to_have_text("Press the key that you would rather have, or Escape.")
    page.keyboard.press("Escape")
    expect(said).to_have_text("It stays as it was.")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.get_by_role("button", name="W write why").click()
    for taken in ("x", "1", "Enter"):
        page.keyboard.press(taken)
        expect(said).to_have_text(
            "That key does something else here. Press another one, or Escape."
        )
    page.keyboard.press("e")
    expect(page.get_by_role("button", name="E write why")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_label("Why?")).to_have_attribute("aria-keyshortcuts", "E")

    page.keyboard.press("w")
    assert focus(page) != "reason"
    page.keyboard.press("3")
    send(page, lambda: page.keyboard.press("Control+Enter"))  # the next task is painted
    page.keyboard.press("e")
    assert focus(page) == "reason"
    page.reload()
    page.keyboard.press("e")
    assert focus(page) == "reason"

    site.start(page, OLGA)  # on the same device
    page.keyboard.press("e")
    assert focus(page) != "reason"
    page.keyboard.press("w")
    assert focus(page) == "reason"


def test_all_as_they_were(page: Page, site: Site) -> None:
    site.start(page, ADA)
    page.keyboard.press("?")
    page.get_by_role("button", name="1 A much better").click()
    page.keyboard.press("a")
    expect(page.get_by_role("button", name="A A much better")).to_be_visible()
    page.get_by_role("button", name="All as they were").click()
    page.get_by_role("button", name="Close").click()
    page.keyboard.press("a")
    expect(page.get_by_role("radio", name="A much better")).not_to_be_checked()
    page.keyboard.press("1")
    expect(page.get_by_role("radio", name="A much better")).to_be_checked()


def test_no_single_keys(page: Page, site: Site) -> None:
    site.start(page, ADA)
    page.keyboard.press("?")
    page.get_by_label("Use single keys").uncheck()
    page.get_by_role("button", name="Close").click()
    for keys in ("1", "w", "x", "?"):
        page.keyboard.press(keys)
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.locator("[aria-keyshortcuts]")).to_have_count(0)
    page.reload()
    page.keyboard.press("1")
    expect(page.locator("#judgment :checked")).to_have_count(0)
    page.get_by_role("button", name="Keys").click()
    page.get_by_label("Use single keys").check()
    page.keyboard.press("Escape")
    page.keyboard.press("1")
    expect(page.get_by_role("radio", name="A much better")).to_be_checked()
