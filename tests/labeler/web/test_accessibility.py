"""The accessibility statement: within reach everywhere, and true of the last look at every page."""

from datetime import date
from pathlib import Path

import pytest

from labeler import config
from labeler.errors import Invalid
from labeler.web import accessibility
from labeler.web.accessibility import Check
from tests.labeler.web.conftest import HELPFUL, Site
from tests.serving import close_app, make_app
from tests.visits import Visit

LINK = 'href="/accessibility"'
OLD = Check(
    day=date(2026, 11, 3),
    version="0.0.1",
    readers=("nobody", "owner"),
    widths=(320, 999),
    schemes=("dark",),
    languages=("sw",),
    tools=("axe-core 1.2.3",),
    pages=1234,
    faults=2,
    fingerprint="of other pages",
)
CHANGED = "The pages have changed since."


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Another record than the one that is there."""
    path = tmp_path / "accessibility.json"
    path.write_text(OLD.model_dump_json(), "utf-8")
    monkeypatch.setattr(accessibility, "RECORD", path)
    return path


def test_it_is_within_reach_of_every_page(site: Site) -> None:
    nobody, ada, olga = Visit(site.app), site.visit("ada"), site.visit("olga")
    assert all(LINK in nobody.get(path).text for path in ("/sign-in", "/nothing-here"))
    task = ada.post(f"{HELPFUL}/start").location
    assert all(LINK in ada.get(path).text for path in ("/", task, "/account", "/finished"))
    assert all(LINK in olga.get(path).text for path in (HELPFUL, f"{HELPFUL}/people"))


def test_it_says_what_is_on_record(site: Site, record: Path) -> None:
    page = Visit(site.app).get("/accessibility").text
    said = ("3 Nov 2026", "in 2 windows", "1,234", "320, 999", "axe-core 1.2.3, labeler 0.0.1")
    assert [words for words in said if words not in page] == []
    assert "people who are not signed in, owners" in page
    assert "the last test of all pages found 2 faults" in page
    assert "Left out: English, French, Spanish, German, Italian, Bangla." in page


def test_it_sees_whether_pages_have_changed(site: Site, record: Path) -> None:
    nobody = Visit(site.app)
    assert CHANGED in nobody.get("/accessibility").text
    as_they_are = {"fingerprint": accessibility.fingerprint(site.app), "faults": 0}
    record.write_text(OLD.model_copy(update=as_they_are).model_dump_json(), "utf-8")
    page = nobody.get("/accessibility").text
    assert CHANGED not in page
    assert "found no fault" in page


@pytest.mark.parametrize(
    ("contact", "link"),
    [
        ("help@example.org", 'href="mailto:help@example.org"'),
        ("https://example.org/help", 'href="https://example.org/help"'),
        ("", "whoever invited you here"),
    ],
)
def test_it_says_where_to_turn(contact: str, link: str, new_address, tmp_path: Path) -> None:
    app = make_app(new_address("sqlite"), tmp_path, contact=contact)
    assert link in Visit(app).get("/accessibility").text
    close_app(app)


@pytest.mark.parametrize("contact", ["javascript:alert(1)", "somebody", "http://x.example"])
def test_whom_nobody_reaches_is_no_contact(contact: str) -> None:
    with pytest.raises(Invalid) as refusal:
        config.load({"LABELER_CONTACT": contact})
    assert list(refusal.value.fields) == ["LABELER_CONTACT"]
