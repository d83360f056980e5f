"""An owner makes a project in steps, and sends a file with its way in view; paper, and a phone."""

import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy.orm import Session

from tests.browser.site import Site, open_site
from tests.cast import make_cast
from tests.make import judge_next, make_batch, make_project

ADA, OLGA = "ada@example.org", "olga@example.org"
SLOW = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 80_000}
FAST = SLOW | {"uploadThroughput": -1}
NO_NETWORK = SLOW | {"offline": True}
ROWS, LONG = 30, "x" * 20_000
CHOSEN = "document.querySelector('[type=file]').files.length"
INK = """() => [...document.querySelectorAll("main *")]
  .filter((one) => one.checkVisibility() && one.innerText)
  .map((one) => getComputedStyle(one).color)"""
PAPER = "getComputedStyle(document.documentElement).backgroundColor"
# What is of no use on paper.
PRESSED = "button, nav, .btn, .tap, footer, summary, select, [type=submit]"


@pytest.fixture(scope="module")
def own(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Olga's project, in which Ada judged something; for all tests here."""
    folder = tmp_path_factory.mktemp("own")
    shutil.copy(sqlite_template, folder / "labeler.db")
    with open_site(f"sqlite:///{folder / 'labeler.db'}", folder, _fill) as site:
        yield site


def _fill(session: Session) -> None:
    cast = make_cast(session)
    project = make_project(session, cast)
    make_batch(session, project, cast)
    judge_next(session, project, cast.ada)


def write(path: Path, *, bad: bool = False) -> Path:
    """Write a file of comparisons that takes a while on a slow network."""
    texts = ["" if bad and number == 1 else f"{number} {LONG}" for number in range(ROWS)]
    rows = (
        {"id": f"new-{number}", "prompt": text, "responses": [{"text": "a"}, {"text": "b"}]}
        for number, text in enumerate(texts)
    )
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


# Werkzeug leaves what came of a file that was cancelled to be closed when it is forgotten.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_file_is_sent_with_its_way_in_view(page: Page, own: Site, tmp_path: Path) -> None:
    own.arrive(page, OLGA)
    page.goto(f"{own.url}/projects/helpful/batches")
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    told, load = page.locator("[data-told]"), page.get_by_role("button", name="Load", exact=True)
    field, good = page.get_by_label("File", exact=True), write(tmp_path / "pairs.jsonl")

    network.send("Network.emulateNetworkConditions", SLOW)
    field.set_input_files(good)
    load.click()
    expect(told).to_have_text(re.compile(r"[1-9]\d% sent: 0\.\d of 0\.6 MB"))
    expect(page.get_by_role("progressbar", name="How much of the file is sent")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(told).to_have_text("Cancelled. Nothing was loaded.")
    page.wait_for_timeout(200)  # the browser lets go, before it may send faster again

    network.send("Network.emulateNetworkConditions", NO_NETWORK)
    load.click()
    expect(told).to_contain_text("The connection broke. The file is still chosen")
    network.send("Network.emulateNetworkConditions", FAST)
    assert page.evaluate(CHOSEN) == 1
    write(good, bad=True)
    os.utime(good, (0, 0))  # browsers look at seconds
    load.click()
    expect(told).to_contain_text("The file was changed since you chose it.")

    field.set_input_files(good)
    load.click()
    expect(page.get_by_role("alert")).to_contain_text("line 2, prompt:")
    assert page.evaluate(CHOSEN) == 1
    field.set_input_files(write(tmp_path / "mended.jsonl"))
    load.click()
    expect(page.locator("main [role=status]").first).to_have_text("30 comparisons are loaded.")
    expect(page.get_by_role("link", name="mended.jsonl")).to_be_visible()
    expect(field).to_have_value("")

    page.context.clear_cookies()
    field.set_input_files(good)
    load.click()
    expect(told).to_contain_text("You are signed out.")


def test_a_project_is_made_in_steps(page: Page, own: Site) -> None:
    def field(name: str) -> Locator:
        return page.get_by_label(name, exact=True)

    own.arrive(page, OLGA)
    page.goto(f"{own.url}/projects/new")
    here = page.locator(".steps [aria-current]")
    expect(here).to_have_text("What is asked")
    expect(page.get_by_label("What to look for")).to_be_hidden()
    make = page.get_by_role("button", name="Make the project")
    expect(make).to_be_hidden()
    page.get_by_role("button", name="Next: Guidelines").click()
    expect(here).to_have_text("What is asked")  # it has no title yet
    field("Title").fill("Kind answers")
    field("Title").press("Enter")
    expect(here).to_have_text("Guidelines")
    page.go_back()
    expect(here).to_have_text("What is asked")
    page.go_forward()
    expect(here).to_have_text("Guidelines")
    page.get_by_label("What to look for").fill("Be **fair**.")
    expect(page.locator(".preview__guide strong")).to_have_text("fair")
    page.get_by_role("button", name="Next: Judgments and pay").click()
    field("For each judgment").fill("0.50")
    page.get_by_role("button", name="Next: Languages and people").click()
    field("Languages").fill("en sw not*one")
    page.get_by_role("button", name="Next: Check").click()
    outline = page.locator("#outline")
    expect(outline).to_contain_text("0.50 EUR for each judgment; 100 comparisons cost 150.00 EUR")
    expect(outline).to_contain_text("English, Swahili, not*one")
    make.click()

    expect(here).to_have_text("Languages and people")  # which has the fault
    expect(field("Languages")).to_have_value("en sw not*one")
    page.locator(".steps").get_by_text("Check").click()
    page.locator("#outline").get_by_role("link", name="Pay").click()
    expect(field("For each judgment")).to_be_focused()
    expect(field("For each judgment")).to_have_value("0.50")
    field("Title").evaluate("field => { field.value = ''; }")
    page.locator(".steps").get_by_text("Check").click()
    make.click()
    expect(here).to_have_text("What is asked")  # it opens for what the browser finds missing
    field("Title").fill("Kind answers")
    page.locator(".steps").get_by_text("Languages and people").click()
    field("Languages").fill("en sw")
    page.get_by_role("button", name="Next: Check").click()
    make.click()
    expect(page).to_have_url(f"{own.url}/projects/kind-answers")


def test_what_is_printed_is_black_on_white(chromium: Browser, own: Site) -> None:
    with chromium.new_context(color_scheme="dark", locale="en") as context:
        page = context.new_page()
        for who, path, table in ((ADA, "/judgments", 1), (OLGA, "/projects/helpful/people", 1)):
            context.clear_cookies()
            own.arrive(page, who)
            page.goto(own.url + path)
            page.emulate_media(media="print", color_scheme="dark")
            assert page.evaluate(PAPER) == "rgb(255, 255, 255)"
            assert page.locator(PRESSED).filter(visible=True).count() == 0
            assert page.get_by_role("table").count() >= table
            dark = {"rgb(0, 0, 0)", "rgb(34, 34, 34)", "rgb(68, 68, 68)"}
            assert set(page.evaluate(INK)) <= dark
            page.emulate_media(media="screen")


def test_a_phone_shows_the_rest_of_the_numbers_when_asked(page: Page, own: Site) -> None:
    own.arrive(page, OLGA)
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(f"{own.url}/projects/helpful/people")
    table = page.get_by_role("table", name="People, by name", exact=True)
    time = table.locator("td[data-l='Median time']")
    expect(table.locator("td[data-l='Earned']")).to_be_visible()
    expect(time).to_be_hidden()
    page.get_by_text("More numbers").click()
    expect(time).to_be_visible()
    expect(page.get_by_label("E-mail address")).to_be_hidden()
    page.get_by_role("link", name="Invite people").click()
    expect(page.get_by_label("E-mail address")).to_be_visible()
