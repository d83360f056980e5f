"""The pages about quality, and one's own: what they say, to whom, and at what cost."""

import re
from datetime import timedelta

import pytest

from labeler.cli import refreshing
from labeler.people import accounts, memberships
from labeler.people.memberships import Role
from labeler.work import queue, second_looks
from tests.conftest import StoppedClock
from tests.labeler.web.conftest import HELPFUL, Site, statements
from tests.labeler.web.test_members import words
from tests.make import judge, load_rows, make_row

QUALITY = f"{HELPFUL}/quality"
PAGES = ("", "/disagreements", "/known-answers", "/judgments/sides/0")


def refresh(site: Site) -> int:
    """Work out the project's quality; return its id."""
    with site.writing() as (_, project):
        project_id: int = project.id
    refreshing.refresh_project(site.database, project_id)
    return project_id


def judge_all(site: Site, *names: str) -> None:
    """Let these people judge everything: the first response is better, but for pair-1 to Bea."""
    with site.writing() as (session, project):
        for name in names:
            person = getattr(site.people, name)
            while (held := queue.claim(session, project, by=person)) is not None:
                other = name == "bea" and held.comparison_id % 7 == 1
                judge(session, held, (1, 7)[held.places.index(int(other))], person)


def add_rows(site: Site, *, pairs: int = 0, gold: int = 0) -> None:
    with site.writing() as (session, project):
        rows = [make_row(n) for n in range(10, 10 + pairs)]
        rows += [make_row(n, gold=0) for n in range(50, 50 + gold)]
        load_rows(session, project, rows, by=site.people.olga, name="more")


def test_until_something_was_worked_out_it_says_when(site: Site) -> None:
    rex = site.visit("rex")
    for page in PAGES[:3]:
        assert "worked out in the background" in words(rex.get(QUALITY + page).text)
    assert rex.get(f"{QUALITY}/judgments/sides/0").status_code == 404


def test_findings_are_sentences_with_their_range_and_moment(
    site: Site, frozen: StoppedClock
) -> None:
    add_rows(site, pairs=9)
    judge_all(site, "ada", "bea")
    refresh(site)
    page = words(site.visit("rex").get(QUALITY).text)
    assert re.search(r"Two people say the same in \d+% of cases", page)
    assert re.search(r"\d+%, likely \d+ to \d+%, over 12 comparisons", page)
    assert re.search(r"As of 23 Nov 2026, 09:00 UTC, from 2\d judgments", page)
    assert re.search(r"with ties, likely .* without ties, likely", page)
    assert "Week of 23 Nov 2026" in page


def test_every_row_of_a_figure_leads_to_its_judgments(site: Site) -> None:
    judge_all(site, "ada", "bea")
    refresh(site)
    rex = site.visit("rex")
    links = set(re.findall(rf'href="({QUALITY}/judgments/[^"]+)"', rex.get(QUALITY).text))
    links |= set(
        re.findall(rf'href="({QUALITY}/judgments/[^"]+)"', rex.get(f"{HELPFUL}/leaderboard").text)
    )
    assert {link.split("/")[-2] for link in links} >= {"languages", "sides", "times", "pairs"}
    for link in links:
        page = rex.get(link).text
        assert re.search(rf'href="{HELPFUL}/comparisons/\d+"', page), link
    assert "English" in words(rex.get(f"{QUALITY}/judgments/languages/0").text)
    for wrong in ("sides/9", "people/0", "n/0"):
        assert rex.get(f"{QUALITY}/judgments/{wrong}").status_code == 404


def test_disagreements_name_what_the_owner_knows(site: Site) -> None:
    with site.writing() as (session, project):
        for person, response in ((site.people.ada, 0), (site.people.bea, 1)):
            while (held := queue.claim(session, project, by=person)) is not None:
                judge(session, held, (1, 7)[held.places.index(response)], person)
    refresh(site)
    page = words(site.visit("olga").get(QUALITY + "/disagreements").text)
    assert "pair-0 answer 1: 1, answer 2: 1 0 0 2" in page
    assert "pair-3" not in page, "its answer is known"


def test_a_person_s_page_is_for_reviewers_and_names_the_range(site: Site) -> None:
    judge_all(site, "ada", "bea")
    refresh(site)
    ada = f"{QUALITY}/people/{site.people.ada.id}"
    page = words(site.visit("rex").get(ada).text)
    assert "The work of Ada" in page
    assert re.search(r"As most others \d+% \d of \d, likely \d+ to \d+%", page)
    assert "Known answers met" in page
    assert f'href="{ada}"' in site.visit("rex").get(f"{HELPFUL}/people").text
    nobody = f"{QUALITY}/people/{site.people.mallory.id}"
    assert site.visit("rex").get(nobody).status_code == 404
    idle = site.visit("rex").get(f"{QUALITY}/people/{site.people.olga.id}")
    assert "Nothing was worked out yet" in words(idle.text)


@pytest.mark.parametrize("page", [*PAGES, "/people/{ada}"])
def test_nothing_of_it_is_for_annotators(site: Site, page: str) -> None:
    judge_all(site, "ada", "bea")
    refresh(site)
    path = QUALITY + page.format(ada=site.people.ada.id)
    assert site.visit("ada").get(path).status_code == 403
    assert site.visit("mallory").get(path).status_code == 404
    assert site.visit("rex").get(path).status_code == 200


@pytest.mark.parametrize("page", PAGES)
def test_pages_take_as_many_statements_with_more_work(site: Site, page: str) -> None:
    judge_all(site, "ada", "bea")
    refresh(site)
    rex = site.visit("rex")
    with statements(site.database) as before:
        assert rex.get(QUALITY + page).status_code == 200
    add_rows(site, pairs=30, gold=6)
    _add_people(site, 4)
    judge_all(site, "ada", "bea")
    refresh(site)
    with statements(site.database) as after:
        assert rex.get(QUALITY + page).status_code == 200
    assert len(after) == len(before) <= 8, after


def _add_people(site: Site, number: int) -> None:
    with site.writing() as (session, project):
        for each in range(number):
            person = accounts.create(session, f"p{each}@example.org", f"P{each}", by=None)
            memberships.grant(session, project.id, person, Role.annotator, by=site.people.olga)


def test_one_s_own_work_is_told_kindly_and_alone(site: Site, frozen: StoppedClock) -> None:
    add_rows(site, gold=12)
    with site.writing() as (_, project):
        project.gold_share = 1.0
    judge_all(site, "ada", "bea")
    ada = site.visit("ada")
    page = words(ada.get(f"{HELPFUL}/mine").text)
    assert "shows after the first few" in page, "known answers are not told of on the same day"
    frozen.forward(days=1)
    page = words(site.visit("ada").get(f"{HELPFUL}/mine").text)
    # Thirteen known answers were met; they are told of five at a time.
    assert "10 of 10 as known, likely 72 to 100%" in page
    assert "Bea" not in page
    assert not re.search(r"pair-\d|rank(?!ed by them)|others", page)
    assert f'href="{HELPFUL}/mine"' in site.visit("ada").get("/").text
    assert site.visit("mallory").get(f"{HELPFUL}/mine").status_code == 404


def test_one_s_own_second_looks(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(second_looks, "DAY", timedelta(0))
    add_rows(site, pairs=25)
    with site.writing() as (session, project):
        ada = site.people.ada
        for _ in range(22):
            held = queue.claim(session, project, by=ada)
            assert held is not None
            judge(session, held, (1, 7)[held.places.index(0)], ada)
        project.repeat_share = 1.0
        held = queue.claim(session, project, by=ada)
        assert held is not None
        assert held.is_repeat
        judge(session, held, (1, 7)[held.places.index(0)], ada)
    page = words(site.visit("ada").get(f"{HELPFUL}/mine").text)
    assert "Said the same again 1 of 1 likely 21 to 100%" in page
    refresh(site)
    seen = words(site.visit("rex").get(f"{QUALITY}/people/{site.people.ada.id}").text)
    assert "Said the same again 100% 1 of 1" in seen
