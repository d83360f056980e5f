"""An owner sends a file with its way in view."""

import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from tests.browser.site import Site, open_site
from tests.cast import make_cast
from tests.make import judge_next, make_batch, make_project

OLGA = "olga@example.org"
SLOW = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 150_000}
FAST = SLOW | {"uploadThroughput": -1}
NO_NETWORK = SLOW | {"offline": True}
ROWS, LONG = 30, "x" * 20_000
CHOSEN = "document.querySelector('[type=file]').files.length"


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
