"""Refusing pay, appealing and contesting on pages, as each of those concerned goes through them."""

import re

from labeler.pay import ledger
from labeler.quality import decisions
from labeler.work import listings
from tests.labeler.web.conftest import HELPFUL, HOSTILE, Site
from tests.make import judge_next


def test_pay_is_questioned_appealed_and_decided_on_pages(site: Site) -> None:
    with site.writing() as (session, project):
        said = judge_next(session, project, site.people.ada)
    ada, rex, olga = (site.visit(name) for name in ("ada", "rex", "olga"))
    # Rex finds the way beside the judgment, and must say what shows it.
    form = f"{HELPFUL}/judgments/{said.id}/refuse"
    assert form in rex.get(f"{HELPFUL}/comparisons/{said.comparison_id}").text
    assert "leave it out of the data instead" in rex.get(form).text
    refused = rex.post(form, code="copied", evidence=" ")
    assert refused.status_code == 422
    assert "Please write something." in refused.text
    case = rex.post(form, code="copied", evidence=HOSTILE).location
    assert "somebody else decides" in rex.get(case).text
    # Ada is told where she begins; she reads the evidence, and until when she may appeal.
    assert "Pay in question, you may appeal: 1" in ada.get("/").text
    page = ada.get("/decisions").text
    assert "&lt;b onclick" in page
    assert "You can appeal until" in page
    where = re.search(r'action="(/decisions/refusals/\d+/appeal)"', page)
    assert where
    assert ada.post(where[1], appeal="").status_code == 422
    assert ada.post(where[1], appeal="I wrote it myself.").location == "/decisions"
    # Rex may not decide, whatever he sends. Olga does, with reasons, which Ada reads.
    assert rex.post(f"{case}/decide", outcome="refuse", reasons="Yes.").status_code == 403
    assert "I wrote it myself." in olga.get(case).text
    assert olga.post(f"{case}/decide", outcome="pay", reasons="").status_code == 422
    assert olga.post(f"{case}/decide", outcome="pay", reasons="She did.").status_code == 302
    page = ada.get("/decisions").text
    assert "She did." in page
    assert "a reviewer, an owner" in page
    with site.database.reading() as session:
        assert ledger.earned(session, person_id=site.people.ada.id) == {"EUR": 35}


def test_a_decision_is_contested_and_answered_by_another_on_pages(site: Site) -> None:
    with site.writing() as (session, project):
        judge_next(session, project, site.people.ada)
        [said] = listings.of_person(session, site.people.ada)
        decisions.exclude(session, said, "Too fast.", by=site.people.rex)
    ada, rex, olga = (site.visit(name) for name in ("ada", "rex", "olga"))
    page = ada.get("/decisions").text
    link = re.search(r'href="(/decisions/contest\?about=exclusion[^"]*)"', page)
    assert link
    assert "A judgment was left out of the data" in ada.get(link[1].replace("&amp;", "&")).text
    mine = {"project": "helpful", "about": "exclusion", "subject": str(said.id)}
    assert ada.post("/decisions/contest", **mine, text=" ").status_code == 422
    assert ada.post("/decisions/contest", **mine, text="It was not.").location == "/decisions"
    assert "You have contested this." in ada.get("/decisions").text
    bea = site.visit("bea")
    assert bea.post("/decisions/contest", **mine, text="It was not.").status_code == 404
    queue = rex.get(f"{HELPFUL}/disputes").text
    case = re.search(rf'href="({HELPFUL}/disputes/\d+)"', queue)
    assert case
    assert "You took part in this" in rex.get(case[1]).text
    said_back = {"finding": "upheld", "answer": "You are right."}
    assert rex.post(case[1], **said_back).status_code == 403
    assert olga.post(case[1], **said_back, amount="1.234").status_code == 422
    assert olga.post(case[1], **said_back, amount="1.20").status_code == 302
    assert "You are right." in ada.get("/decisions").text
    assert "Half of all appeals and disputes" in olga.get(f"{HELPFUL}/disputes").text
    with site.database.reading() as session:
        assert ledger.earned(session, person_id=site.people.ada.id) == {"EUR": 35 + 120}
