"""The pages of pay: what a project pays by place, what it may spend, what others say of pay."""

import pytest

from labeler.errors import Conflict
from labeler.pay import rates, wages
from labeler.people import memberships
from labeler.people.memberships import Placement
from labeler.work import projects, queue
from tests.conftest import StoppedClock
from tests.labeler.progress.test_costs import BY_PIECE, pays, work
from tests.labeler.web.conftest import HELPFUL, Site
from tests.make import judge_next

PAY = f"{HELPFUL}/pay"
NAIROBI = {
    "place": "KE",
    "model": "floor",
    "per_judgment": "6",
    "floor_per_hour": "50",
    "allowance_per_hour": "",
    "currency": "KES",
    "reason": "",
}


@pytest.fixture
def site(site: Site) -> Site:
    """Olga's project on a site with the references that are shipped."""
    with site.writing() as (session, _):
        wages.load(session, wages.shipped(), by=None)
    return site


def test_an_owner_sees_the_minimum_wage_before_paying_less(site: Site) -> None:
    olga = site.visit("olga")
    refused = olga.post(PAY, **NAIROBI)
    assert refused.status_code == 422
    assert "minimum wage there is 89.10 KES an hour (Tuko, article 614854" in refused.text
    assert 'value="50"' in refused.text  # the form comes back as it was filled in
    assert olga.post(PAY, **NAIROBI | {"floor_per_hour": "90"}).status_code == 302
    page = olga.get(PAY).text
    assert "Published." in page
    for shown in ("6.00 KES each", "90.00 KES", "the floor is 101% of it", ">stale<"):
        assert shown in page
    assert "the floor is 61%" not in page  # nothing is claimed of a stale living wage


def test_an_hour_is_drawn_beside_the_minimum_wage(site: Site, frozen: StoppedClock) -> None:
    assert "data-draw" not in site.visit("olga").get(PAY).text
    with site.writing() as (session, project):
        ada = site.people.ada
        memberships.place(session, project.id, ada, Placement(place="KE"), by=site.people.olga)
        pays(session, project, site.people, BY_PIECE)
        work(session, project, ada, minutes=60, done=2)
    frozen.forward(days=7)
    page = site.visit("olga").get(PAY).text
    assert "In 1 place an hour pays less than the minimum wage" in page
    assert '"count": 13' in page  # 12.00 of 89.10
    assert (
        '<th scope="row">Kenya</th><td class="n">12.00 KES</td><td class="n">89.10 KES</td>' in page
    )


def test_where_nothing_is_known_the_page_says_so(site: Site) -> None:
    with site.writing() as (session, project):
        part = Placement(place="IT")
        memberships.place(session, project.id, site.people.ada, part, by=site.people.olga)
    page = " ".join(site.visit("olga").get(PAY).text.split())
    assert 'Italy <span class="tag">as everywhere</span>' in page
    assert "no reference found" in page
    assert "nothing is promised" in page
    assert "compliant" not in page


def test_paying_less_than_people_were_given_leads_elsewhere(site: Site) -> None:
    with site.writing() as (session, project):
        judge_next(session, project, site.people.ada)
    olga = site.visit("olga")
    refused = olga.post(PAY, per_judgment="0.10")
    assert refused.status_code == 409
    assert "Start another project to pay less." in refused.text


def test_a_budget_is_kept_shown_and_taken_away(site: Site) -> None:
    with site.writing() as (session, project):
        judge_next(session, project, site.people.ada)
    olga = site.visit("olga")
    for bad in ("much", "-1", "1.001"):
        refused = olga.post(f"{PAY}/budget", currency="EUR", limit=bad)
        assert refused.status_code == 422
        assert 'id="limit-fault"' in refused.text
        assert 'value="0.35"' in refused.text  # the other form is as it was
    assert olga.post(f"{PAY}/budget", currency="EUR", limit="0.69").status_code == 302
    assert "0.34 left" in olga.get(PAY).text
    assert "Waits for money" in site.visit("ada").get("/").text
    with site.writing() as (session, project), pytest.raises(Conflict):
        queue.claim(session, project, by=site.people.bea)
    assert olga.post(f"{PAY}/budget", currency="EUR", limit="").status_code == 302
    assert "Waits for money" not in site.visit("ada").get("/").text


def test_people_see_what_it_pays_before_their_first_task_and_not_after(site: Site) -> None:
    with site.writing() as (session, project):
        draft = rates.read({"place": "KE", "currency": "KES", "per_judgment": "6"} | FAIR)
        projects.price(session, project, draft, by=site.people.olga)
        part = Placement(place="KE")
        memberships.place(session, project.id, site.people.ada, part, by=site.people.olga)
    ada = site.visit("ada")
    page = ada.get("/").text
    for said in (
        "6.00 KES for each judgment.",
        "not known yet: the floor holds",
        "Never less than 100.00 KES for an hour",
        "3.00 KES an hour for what the work costs you",
        "Minimum wage where you work: 89.10 KES an hour, by",
        "Tuko, article 614854",
        "approved by itself after 72 hours",
    ):
        assert said in page, said
    with site.writing() as (session, project):
        judge_next(session, project, site.people.ada)
    assert "What it pays" not in ada.get("/").text


FAIR = {"floor_per_hour": "100", "allowance_per_hour": "3"}


def test_where_a_member_works_is_set_on_their_page(site: Site) -> None:
    olga, path = site.visit("olga"), f"{HELPFUL}/people/{site.people.ada.id}"
    assert ">Kenya</option>" in olga.get(path).text
    given = {"languages": "", "cohorts": "", "place": "KE"}
    assert olga.post(path, **given).status_code == 302
    assert '<option value="KE" selected>' in olga.get(path).text
    assert olga.post(path, **given | {"place": "Kenya"}).status_code == 422


def test_references_are_shown_with_their_sources_to_who_sets_pay(site: Site) -> None:
    page = site.visit("olga").get("/wages").text
    for said in ("Legal Notice 164 of 2024", "89.10 KES", "from the press, ke-nairobi-2024"):
        assert said in page
    assert 'href="https://align-tool.com/source-map/bangladesh"' in page
    assert site.visit("ada").get("/wages").status_code == 403
