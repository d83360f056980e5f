"""An owner in the browser: the dashboard with its figures, and a release that is taken home."""

import re
import zipfile
from pathlib import Path

from playwright.sync_api import ConsoleMessage, Page, expect

from exports import manifests, verification
from tests.browser.site import OLGA, Site

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
    page.get_by_role("button", name="Cut release").click()
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
