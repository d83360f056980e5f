"""Answers of any weight can be judged on the smallest screen, with and without a script.

How long such pages take is the machine's: docs/decisions/rendering.md says what was measured.
"""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy.orm import Session

from labeler.work.layouts import ResponseIn
from tests.browser.clicks import send
from tests.browser.site import open_site
from tests.cast import make_cast
from tests.conftest import NewAddress
from tests.labeler.text.heavy import HEAVY
from tests.make import load_rows, make_project, make_row

ADA = "ada@example.org"
SMALLEST = {"width": 320, "height": 640}
HEAVIEST = (
    ("400 KB of Bangla", "400 KB of Bangla "),  # both come back, to be improved
    ("one long word", "a table of 1,000 rows"),
    ("10,000 links", "formulas that do not parse"),
    ("quotes 1,000 deep", "a list 1,000 deep"),
    ("brackets 1,000 deep", "a letter under 50,000 marks"),
)
ASKED = [{"kind": "pairwise"}, {"kind": "edit"}, {"kind": "marks"}, {"kind": "reason"}]


@pytest.mark.slow
def test_the_heaviest_answers_can_be_judged(
    chromium: Browser, new_address: NewAddress, tmp_path: Path, soak: bool
) -> None:
    pairs = [(name, f"{name} ") for name in HEAVY] if soak else HEAVIEST

    def fill(session: Session) -> None:
        cast = make_cast(session)
        project = make_project(session, cast, rubric={"questions": ASKED})
        rows = [_responses(pair) for pair in pairs]
        numbered = [make_row(number, responses=both) for number, both in enumerate(rows)]
        for some in (numbered[:1], numbered[1:]):  # the first one comes first
            load_rows(session, project, some, by=cast.olga)

    with open_site(new_address("sqlite"), tmp_path, fill) as site:
        for script in (False, True):
            with chromium.new_context(viewport=SMALLEST, java_script_enabled=script) as context:
                page = context.new_page()
                site.arrive(page, ADA)
                send(page, page.locator(".btn--go").first.click)
                while script and "/work/" in page.url:
                    _judge(page)
                if not script:
                    _send(page)
        assert len(site.said(ADA)) == len(pairs)


def _responses(pair: tuple[str, str]) -> tuple[ResponseIn, ...]:
    return tuple(ResponseIn(text=HEAVY[name.strip()] + f"\n\n{name}.") for name in pair)


def _judge(page: Page) -> None:
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= SMALLEST["width"]
    _send(page)


def _send(page: Page) -> None:
    """Choose and send, where both are in view. By style: to look for roles takes long here."""
    button = page.locator("#judgment [type=submit]")
    expect(button).to_be_in_viewport()
    page.locator("#judgment .stop").first.click()
    send(page, button.click)
