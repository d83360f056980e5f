"""Every page for everybody: narrow and wide, light and dark, in languages of two scripts.

Each page is looked at in one window, chosen so that few pages in a row see every pair of width,
colours and language. A reviewer and an administrator, for whom it differs little, see every third
page. With LABELER_SOAK=1 each is looked at in every window, and what came of it is written down for
the accessibility statement.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby, product
from typing import Any, NamedTuple

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from labeler import __version__, clock
from labeler.web import accessibility, locales
from labeler.web.accessibility import Check
from tests.browser.pages import OTTO, Reader, addresses, furnish
from tests.browser.site import ADA, OLGA, REX, Site

READERS: dict[Reader, str | None] = {
    "nobody": None,
    "annotator": ADA,
    "reviewer": REX,
    "owner": OTTO,
    "administrator": OLGA,
}
WIDTHS, SCHEMES, LANGUAGES = (320, 768, 1280), ("light", "dark"), ("en", "fr", "bn")
HEIGHT = 900
RULES = {
    "resultTypes": ["violations"],
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}
# Forms that are sent without anything in them, to see what they say then.
FORMS: dict[Reader, list[tuple[str, str]]] = {
    "nobody": [("/sign-in", "form")],
    "annotator": [
        ("/account", "form[action$=password]"),
        ("/work/{assignment_id}", "#judgment"),
        ("/questions", "form[action^='/questions'] >> nth=0"),
        ("/projects/demo/time", "form[action$='/time']"),
    ],
    "owner": [
        ("/projects/new", "main form"),
        ("/projects/demo/batches", "main form"),
        ("/projects/demo/generations/new", "main form"),
        ("/projects/demo/people", "#invite form"),
        ("/projects/demo/comparisons/{comparison_id}", "form[action$=withdraw]"),
        ("/projects/demo/review/{review_id}", "form[action$=adjudicate]"),
        ("/projects/demo/review/{signal_id}", "form[action$=comment]"),
    ],
    "administrator": [
        ("/endpoints/new", "main form >> nth=0"),
        ("/endpoints/new", "form[action$=toml]"),
    ],
}
DRAWN = """() => [...document.querySelectorAll("[data-draw]")]
  .every((place) => place.hidden || place.firstChild)"""
ROOM = "[document.documentElement.scrollWidth, innerWidth]"
TEXT = "size => { document.documentElement.style.fontSize = size; }"


class Window(NamedTuple):
    """What a page is looked at in."""

    language: str
    scheme: str
    width: int


WINDOWS = [Window(*each) for each in product(LANGUAGES, SCHEMES, WIDTHS)]


class Sight(NamedTuple):
    """A page, or what it says once a form of it was sent empty."""

    address: str
    form: str | None = None


def sights(site: Site, values: dict[str, Any], reader: Reader) -> list[Sight]:
    """Return all that a reader can see."""
    found = [Sight(address) for address in addresses(site.app, values, reader)]
    sent = FORMS.get(reader, [])
    return found + [Sight(address.format(**values), form) for address, form in sent]


def window_of(number: int) -> Window:
    """Return the window for the sight of this number."""
    width = WIDTHS[(number + number // 3) % 3]
    return Window(LANGUAGES[number % 3], SCHEMES[number % 2], width)


def windows_for(reader: Reader, number: int, address: str) -> list[Window]:
    """Return the windows for a sight; none where others, for whom it differs little, see it too."""
    alone = reader == "administrator" and address.startswith("/endpoints")
    if reader in ("reviewer", "administrator") and not alone and (number + len(reader)) % 3:
        return []
    return [window_of(number)]


@pytest.mark.parametrize(("one", "other", "pages"), [(0, 1, 6), (0, 2, 9), (1, 2, 14)])
def test_few_pages_in_a_row_see_every_pair(one: int, other: int, pages: int) -> None:
    wanted = {(window[one], window[other]) for window in WINDOWS}
    for first in range(18):
        seen = map(window_of, range(first, first + pages))
        assert {(each[one], each[other]) for each in seen} == wanted


@pytest.mark.slow
@pytest.mark.parametrize("reader", READERS)
def test_every_page(reader: Reader, chromium: Browser, site: Site) -> None:
    values, faults = furnish(site), list[str]()
    with reading(chromium, site, reader) as page:
        for number, sight in enumerate(sights(site, values, reader)):
            faults += look(page, site, sight, windows_for(reader, number, sight.address))
    assert faults == []


def test_the_statement_tells_of_every_window(request: pytest.FixtureRequest, soak: bool) -> None:
    if soak:
        chromium, site = map(request.getfixturevalue, ("chromium", "site"))
        check = look_at_everything(chromium, site)
        accessibility.RECORD.write_text(f"{check.model_dump_json(indent=1)}\n", "utf-8")
        print(check)
    last = accessibility.last_check()
    assert last.readers == tuple(READERS) == tuple(accessibility.READERS)
    assert last.schemes == SCHEMES == tuple(accessibility.SCHEMES)
    assert (last.widths, last.languages) == (WIDTHS, LANGUAGES)
    assert last.day <= clock.now().date()
    assert last.faults == 0


def look_at_everything(chromium: Browser, site: Site) -> Check:
    """Look at every page in every window."""
    values, faults, pages = furnish(site), list[str](), 0
    for reader in READERS:
        with reading(chromium, site, reader) as page:
            for sight in sights(site, values, reader):
                faults += look(page, site, sight, WINDOWS)
                pages += 1
            axe = page.evaluate("axe.version")
    print(*faults, sep="\n")
    return Check(
        day=clock.now().date(),
        version=__version__,
        readers=tuple(READERS),
        widths=WIDTHS,
        schemes=SCHEMES,
        languages=LANGUAGES,
        tools=(f"axe-core {axe}", f"Chromium {chromium.version}"),
        pages=pages,
        faults=len(faults),
        fingerprint=accessibility.fingerprint(site.app),
    )


@contextmanager
def reading(chromium: Browser, site: Site, reader: Reader) -> Iterator[Page]:
    """Yield a page of somebody who is signed in, unless the reader is nobody."""
    with chromium.new_context(reduced_motion="reduce") as context:
        page = context.new_page()
        if (email := READERS[reader]) is not None:
            site.arrive(page, email)
        yield page


def look(page: Page, site: Site, sight: Sight, windows: list[Window]) -> Iterator[str]:
    """Look at a page in windows that are in order of their languages; yield what is wrong."""
    for language, wanted in groupby(windows, lambda window: window.language):
        cookie = {"name": locales.COOKIE, "value": language, "url": site.url}
        page.context.add_cookies([cookie])
        _open(page, site, sight)
        expect(page.locator("html")).to_have_attribute("lang", language)
        yield from _too_wide(page)
        for window in wanted:
            page.set_viewport_size({"width": window.width, "height": HEIGHT})
            page.emulate_media(color_scheme=window.scheme)
            for found in Axe().run(page, options=RULES).response["violations"]:
                places = [node["target"] for node in found["nodes"]]
                yield f"{page.url} in {window}: {found['id']}, {places}"


def _open(page: Page, site: Site, sight: Sight) -> None:
    page.goto(site.url + sight.address)
    if sight.form is not None:
        with page.expect_navigation():
            page.locator(sight.form).evaluate("form => form.submit()")
        expect(page.locator(".fault").first).to_be_visible()
    page.wait_for_function(DRAWN)


def _too_wide(page: Page) -> Iterator[str]:
    """Yield the widths at which a page scrolls sideways, also with text of twice the size."""
    for width, size in (*((each, "") for each in WIDTHS), (WIDTHS[-1], "200%")):
        page.set_viewport_size({"width": width, "height": HEIGHT})
        page.evaluate(TEXT, size)
        wide, room = page.evaluate(ROOM)
        if wide > room:
            yield f"{page.url} at {width} {size}: {wide} wide"
    page.evaluate(TEXT, "")
