"""The versions of the guidelines, and asking again what was judged by older ones."""

import re

import sqlalchemy as sa

from labeler.cli import refreshing
from labeler.work import guidelines
from labeler.work.judgments import Judgment, JudgmentState
from labeler.work.projects import ProjectState
from tests.labeler.web.conftest import HELPFUL, Site
from tests.labeler.web.test_members import words
from tests.make import judge_next

GUIDELINES = f"{HELPFUL}/guidelines"


def judged(site: Site) -> None:
    """Ada and Bea judge all three pairs; then there are newer guidelines."""
    with site.writing() as (session, project):
        project.gold_share = 0.0
        for person in (site.people.ada, site.people.bea):
            for _ in range(3):
                judge_next(session, project, person)
        renewed = guidelines.publish(session, project.id, "Be short.", by=site.people.olga)
        project.guideline_number = renewed.number


def states(site: Site) -> list[JudgmentState]:
    with site.database.reading() as session:
        return list(session.scalars(sa.select(Judgment.state).order_by(Judgment.id)))


def test_first_a_look_and_then_it_is_asked_again(site: Site) -> None:
    judged(site)
    with site.writing() as (_, project):
        number = project.id
    refreshing.refresh_project(site.database, number)
    olga = site.visit("olga")
    page = words(olga.get(GUIDELINES).text)
    assert "Version 1" in page
    assert "Version 2 Newest" in page
    assert "too few for a range" in page
    assert "Other people are asked, since nobody judges a comparison twice." in page
    looked = olga.get(f"{GUIDELINES}?guidelines=1&percent=100")
    said = "That is 3 comparisons with 6 judgments; asking again costs 2.10 EUR."
    assert said in words(looked.text)
    assert set(states(site)) == {JudgmentState.accepted}
    hidden = dict(
        re.findall(r'type="hidden" name="(percent|guidelines)" value="(\w+)"', looked.text)
    )
    assert hidden == {"percent": "100", "guidelines": "1"}
    assert olga.post(GUIDELINES, **hidden).location == GUIDELINES
    page = words(olga.get(GUIDELINES).text)
    assert "Other people are asked now. What was judged stays on record, and paid." in page
    assert "Nothing that counts was judged by older guidelines." in page
    assert states(site) == [JudgmentState.asked_again] * 6
    with site.database.reading() as session:
        one = session.scalars(sa.select(Judgment.comparison_id)).first()
    shown = words(olga.get(f"{HELPFUL}/comparisons/{one}").text)
    assert "Asked again by newer guidelines, not counted" in shown
    assert "Leave it out" not in shown
    assert '/change"' not in site.visit("ada").get("/judgments").text


def test_only_where_people_disagreed_may_be_nothing(site: Site) -> None:
    with site.writing() as (session, project):
        project.gold_share = 0.0
        judge_next(session, project, site.people.ada)
        renewed = guidelines.publish(session, project.id, "Be short.", by=site.people.olga)
        project.guideline_number = renewed.number
    page = site.visit("olga").get(f"{GUIDELINES}?guidelines=1&percent=50&disagreed=1").text
    assert "Nothing that counts is like this." in page
    assert 'value="50"' in page
    assert "Ask again</button>" not in page


def test_a_choice_with_a_fault_is_given_back(site: Site) -> None:
    judged(site)
    olga = site.visit("olga")
    olga.get(GUIDELINES)
    for percent in ("0", "101", "some", "nan", ""):
        looked = olga.get(f"{GUIDELINES}?guidelines=1&percent={percent}")
        sent = olga.post(GUIDELINES, guidelines="1", percent=percent)
        for answer in (looked, sent):
            assert answer.status_code == 422
            assert "This must be a number above 0, and 100 at most." in answer.text
            assert 'href="#percent-field"' in answer.text
    looked = olga.get(f"{GUIDELINES}?percent=100")
    assert looked.status_code == 422
    assert "Please tick the older versions." in looked.text
    assert 'id="guidelines-field"' in looked.text
    assert olga.post(GUIDELINES, guidelines="x", percent="100").status_code == 422
    assert set(states(site)) == {JudgmentState.accepted}


def test_only_owners_see_it_and_a_closed_project_asks_nobody(site: Site) -> None:
    judged(site)
    for name, status in (("rex", 403), ("ada", 403), ("mallory", 404)):
        visit = site.visit(name)
        assert visit.get(GUIDELINES).status_code == status
        assert visit.post(GUIDELINES, guidelines="1", percent="100").status_code == status
    with site.writing() as (_, project):
        project.state = ProjectState.closed
    olga = site.visit("olga")
    olga.get(GUIDELINES)
    assert olga.post(GUIDELINES, guidelines="1", percent="100").status_code == 409
    assert set(states(site)) == {JudgmentState.accepted}


def test_who_changes_the_guidelines_is_led_to_it(site: Site) -> None:
    olga = site.visit("olga")
    page = olga.get(f"{HELPFUL}/setup").text
    assert f'href="{GUIDELINES}"' in page
    form = {"title": "Helpful answers", "languages": "en fr", "rubric.tie": "1"}
    form |= {"pay.currency": "EUR", "pay.per_judgment": "0.35"}
    for text, led in (("Prefer what is **correct**.", False), ("Be short.", True)):
        olga.post(f"{HELPFUL}/setup", guidelines=text, **form)
        assert (f'href="{GUIDELINES}"' in olga.get(HELPFUL).text) is led
