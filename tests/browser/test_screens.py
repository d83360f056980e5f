"""Every page that pictures are taken of stands within its window, in its own direction and face."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.screens import Picture, Studio, open_studio, pictures

HARD = {"criteria-ar-320", "judging-de-320"}
"""What has the least room; with time to soak, every page at each width in each language."""
FACES = (
    """(parts) => parts.map((part) => getComputedStyle(document.querySelector(part)).fontFamily)"""
)


@pytest.fixture(scope="module")
def studio(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    with open_studio(chromium, tmp_path_factory.mktemp("studio")) as studio:
        yield studio


def named(name: str) -> Picture:
    return next(picture for picture in pictures() if picture.name == name)


def test_no_page_is_wider_than_its_window(studio: Studio, soak: bool) -> None:
    wanted = pictures() if soak else [named(name) for name in sorted(HARD)]
    wide = []
    for picture in wanted:
        with studio.seen(picture) as page:
            width = page.evaluate("document.documentElement.scrollWidth")
        wide += [(picture.name, width)] if width > picture.width else []
    assert wide == []


def test_english_on_a_bangla_page_has_its_own_face(studio: Studio) -> None:
    with studio.seen(named("criteria-bn-1366")) as page:
        english, bangla = page.evaluate(FACES, [".answer .prose", ".answer h2"])
    assert "Bengali" in bangla
    assert "Bengali" not in english
