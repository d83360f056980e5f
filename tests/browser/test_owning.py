"""An owner in the browser: the dashboard with its figures, and a release that is taken home."""

import re
import subprocess
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import ConsoleMessage, Page, expect

from exports.checking import verification
from exports.files import manifests
from labeler import jobs
from labeler.config import Settings
from labeler.said import say
from tests.browser.clicks import send
from tests.browser.site import OLGA, Site
from tests.labeler.cli.processes import LABELER, environment

TITLE = "Demo: helpful answers in seven languages"


def test_the_dashboard_draws_its_figures(page: Page, site: Site) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.extend(_errors(message)))
    site.arrive(page, OLGA)
    page.get_by_role("link", name="Projects").click()
    page.get_by_role("link", name=TITLE, exact=True).click()
    figures = page.locator("figure[data-chart]")
    expect(figures).not_to_have_count(0)
    expect(figures.locator("svg[role=img]")).to_have_count(figures.count())
    for figure in figures.all():
        drawing = figure.get_by_role("img")
        expect(drawing).to_have_accessible_name(figure.get_by_role("heading").inner_text())
        assert drawing.locator(".role-mark > *").count() > 1
        assert drawing.locator(".role-axis text").count() > 1
        figure.get_by_text("As a table").click()
        expect(figure.get_by_role("row").nth(1)).to_be_visible()
    assert complaints == []


def test_a_release_is_cut_on_a_page_and_taken_home(page: Page, site: Site, tmp_path: Path) -> None:
    site.arrive(page, OLGA)
    page.goto(f"{site.url}/projects/demo")
    page.get_by_role("link", name="Cut a release").click()
    page.get_by_label("Licence").fill("cc-by-4.0")
    page.get_by_role("button", name="Count again").click()
    send(page, page.get_by_role("button", name="Cut release").click)
    expect(page.get_by_role("heading", name="Release 1 is being cut")).to_be_visible()
    with working(site, tmp_path):
        page.wait_for_url(re.compile("/releases/1$"))
    lede = page.get_by_text(re.compile(r"\d+ comparisons with a better answer"))
    used = int(lede.inner_text().split()[0])
    with page.expect_download() as downloading:
        page.get_by_role("link", name="Download").click()
    archive = tmp_path / downloading.value.suggested_filename
    downloading.value.save_as(archive)
    with zipfile.ZipFile(archive) as opened:
        assert opened.testzip() is None
        opened.extractall(tmp_path / "home")
    (folder,) = (tmp_path / "home").iterdir()
    assert (archive.stem, folder.name) == ("demo-release-1", "demo-release-1")
    assert verification.verify(folder) == []
    manifest = manifests.read(folder)
    assert (manifest.counts.used, manifest.criteria.licence) == (used, "cc-by-4.0")


def test_how_far_a_release_is_on_a_phone(page: Page, site: Site) -> None:
    site.arrive(page, OLGA)
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(f"{site.url}/projects/demo/releases")
    send(page, page.get_by_role("button", name="Cut release").click)
    heard = page.locator("[data-job] [role=status]")
    expect(heard).to_have_text("It waits for its turn.")
    expect(page.get_by_role("link", name="Look again")).to_be_hidden()
    with site.database.writing() as session:
        [job_id] = jobs.due(session)
        job = jobs.take(session, job_id)
        assert job is not None
        jobs.beat(session, job, 1, 4, say("Files are written"))
        session.commit()
    bar = page.get_by_role("progressbar", name="How far it is")
    expect(bar).to_have_js_property("value", 0.25)
    expect(heard).to_have_text("Files are written: 1 of 4.")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    with site.database.writing() as session:
        jobs.fail(session, job, say("There is nothing to release."))
        session.commit()
    expect(page.get_by_role("alert")).to_contain_text("There is nothing to release.")
    page.get_by_role("link", name="Look at the rules and cut it again").click()
    expect(page.get_by_role("button", name="Cut release")).to_be_visible()


@contextmanager
def working(site: Site, folder: Path) -> Iterator[None]:
    """Run `labeler work` beside the site."""
    settings: Settings = site.app.extensions["labeler.settings"]
    environ = environment(database_url=settings.database, data=str(settings.data), work_s="1")
    with subprocess.Popen([LABELER, "work"], cwd=folder, env=environ) as process:
        try:
            yield
        finally:
            process.terminate()


def test_an_invitation_is_copied_by_a_button(page: Page, site: Site) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    site.arrive(page, OLGA)
    page.goto(f"{site.url}/projects/demo/people")
    page.get_by_role("link", name="Invite people").click()
    page.get_by_label("Name").fill("Carla")
    page.get_by_label("E-mail address").fill("carla@demo.invalid")
    page.get_by_role("button", name="Invite").click()
    link = page.get_by_label("Sign-in link").input_value()
    assert link.startswith("http")
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == link


def _errors(message: ConsoleMessage) -> list[str]:
    return [message.text] if message.type in ("error", "warning") else []
