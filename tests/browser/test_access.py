"""Pages for everybody: narrow and wide, light and dark, by keyboard, by what reads pages aloud."""

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.pages import Reader, addresses, furnish
from tests.browser.site import ADA, OLGA, Site

READERS: dict[Reader, str | None] = {"nobody": None, "annotator": ADA, "owner": OLGA}
WIDTHS = (320, 1366)
RULES = {
    "resultTypes": ["violations"],
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}


DRAWN = """() => [...document.querySelectorAll("[data-draw]")]
  .every((place) => place.hidden || place.firstChild)"""
# Whether one sees the middle of what has the focus. Labels draw their radio buttons.
STOP = """() => {
  const focus = document.activeElement;
  if (focus === document.body) return null;
  const shown = focus.type === "radio" ? focus.closest("label") : focus;
  const box = shown.getBoundingClientRect();
  const there = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  const name = shown.innerText || shown.getAttribute("aria-label") || shown.name;
  return { name, seen: shown.contains(there) };
}"""
# Forms that are sent without anything in them, to see what they say then.
FORMS: dict[Reader, list[tuple[str, str]]] = {
    "nobody": [("/sign-in", "form")],
    "annotator": [("/account", "form[action$=password]"), ("/work/{assignment_id}", "#judgment")],
    "owner": [
        ("/projects/new", "main form"),
        ("/projects/demo/batches", "main form"),
        ("/projects/demo/people", "#invite form"),
        ("/projects/demo/comparisons/{comparison_id}", "form[action$=withdraw]"),
    ],
}


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("reader", READERS)
def test_every_page(reader: Reader, scheme: str, chromium: Browser, site: Site) -> None:
    values, faults = furnish(site), []
    with chromium.new_context(color_scheme=scheme, reduced_motion="reduce") as context:
        page = context.new_page()
        if (email := READERS[reader]) is not None:
            site.arrive(page, email)
        for address in addresses(site.app, values, reader):
            page.goto(site.url + address)
            page.wait_for_function(DRAWN)
            faults += _faults(page)
        for address, form in FORMS[reader]:
            page.goto(site.url + address.format(**values))
            with page.expect_navigation():
                page.locator(form).evaluate("form => form.submit()")
            expect(page.locator(".fault").first).to_be_visible()
            faults += _faults(page)
    assert faults == []


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (320, 640)])
def test_focus_never_hides_under_the_bar(width: int, height: int, page: Page, site: Site) -> None:
    values = furnish(site)
    page.set_viewport_size({"width": width, "height": height})
    site.arrive(page, ADA)
    page.goto(f"{site.url}/work/{values['assignment_id']}")
    page.keyboard.press("x")
    page.locator("body").evaluate("body => { body.tabIndex = -1; body.focus(); scrollTo(0, 0); }")
    seen = []
    while (found := _next_stop(page)) is not None:
        assert found["seen"], found
        seen.append(found["name"])
    assert len(seen) > 12
    assert seen[-1].startswith("Send")


def _next_stop(page: Page) -> dict[str, Any] | None:
    """Press Tab; say what has the focus and whether one sees it; None after the last."""
    page.keyboard.press("Tab")
    found: dict[str, Any] | None = page.evaluate(STOP)
    return found


def _faults(page: Page) -> Iterator[str]:
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        wide, room = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        where = f"{page.url} at {width}"
        if wide > room:
            yield f"{where}: {wide} wide"
        for found in Axe().run(page, options=RULES).response["violations"]:
            yield f"{where}: {found['id']}, {[node['target'] for node in found['nodes']]}"
