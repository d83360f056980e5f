"""What the scripts of the pages are told: JSON in place of pages and of redirects."""

import re

import sqlalchemy as sa

from labeler.work import projects
from labeler.work.assignments import Assignment
from labeler.work.judgments import Judgment
from labeler.work.projects import ProjectState
from tests.labeler.web.conftest import HELPFUL, Site
from tests.make import new_key
from tests.visits import Visit

JSON = {"Accept": "application/json"}
ACTION = re.compile(r'id="judgment" method="post" action="(/work/\d+)"')


def begin(visit: Visit) -> str:
    """Start on the project; return the address of the task."""
    location = visit.post(f"{HELPFUL}/start").location
    visit.get(location)
    return location


def action_of(page: str) -> str:
    """Return where the form of a judging page is sent."""
    found = ACTION.search(page)
    assert found is not None
    return found[1]


def steps(site: Site) -> list[int | None]:
    """Return what was said."""
    with site.database.reading() as session:
        return list(session.scalars(sa.select(Judgment.step).order_by(Judgment.id)))


def test_who_is_signed_in(site: Site) -> None:
    ada = site.visit("ada")
    said = ada.client.get("/session", headers=JSON).json
    assert said["person"] == site.people.ada.id
    ada.token = said["csrf_token"]
    assert ada.post(f"{HELPFUL}/start").status_code == 302
    nobody = Visit(site.app).client.get("/session", headers=JSON)
    assert (nobody.status_code, nobody.json["error"]["code"]) == (401, "unknown")


def test_nobody_is_told_to_sign_in_instead_of_being_redirected(site: Site) -> None:
    task = begin(site.visit("ada"))
    nobody = Visit(site.app)
    nobody.get("/sign-in")
    assert nobody.ask(task, key=new_key(), choice="1").status_code == 401
    assert nobody.post(task, key=new_key(), choice="1").status_code == 302


def test_a_judgment_brings_the_page_of_the_next(site: Site) -> None:
    ada = site.visit("ada")
    task, key = begin(ada), ada.hidden("key")
    answer = ada.ask(task, query={"showing": ""}, key=key, choice="2")
    following = action_of(answer.json["next"])
    assert following != task
    assert f'value="{key}"' not in answer.json["next"]
    again = ada.ask(task, query={"showing": ""}, key=key, choice="2")
    assert action_of(again.json["next"]) == following
    assert steps(site) == [2]
    assert "is saved" not in ada.get("/").text  # the script says so itself


def test_after_the_last_one_there_is_none(site: Site) -> None:
    ada = site.visit("ada")
    ada.get("/")
    reply = ada.ask(f"{HELPFUL}/start").json
    while "next" in reply:
        task = action_of(reply["next"])
        reply = ada.ask(task, query={"showing": ""}, key=new_key(), choice="2").json
    assert reply == {"finished": "/finished"}
    assert ada.ask(f"{HELPFUL}/start").json == {"finished": "/finished"}


def test_a_project_that_gives_out_nothing_leads_home(site: Site) -> None:
    ada = site.visit("ada")
    task = begin(ada)
    with site.writing() as (session, project):
        projects.move(session, project, ProjectState.paused, by=site.people.olga)
    answer = ada.ask(task, query={"showing": ""}, key=new_key(), choice="2")
    assert answer.json == {"finished": "/"}
    assert steps(site) == [2]


def test_nothing_is_claimed_for_a_page_that_shows_no_tasks(site: Site) -> None:
    ada = site.visit("ada")
    task = begin(ada)
    assert ada.ask(task, key=new_key(), choice="2").json == {}
    assert ada.ask(f"{task}/skip", skip_reason="other").status_code == 409


def test_refusals_name_the_fields(site: Site) -> None:
    ada = site.visit("ada")
    task, key = begin(ada), ada.hidden("key")
    refused = ada.ask(task, key=key)
    assert refused.status_code == 422
    assert set(refused.json["error"]["fields"]) == {"choice"}
    assert ada.ask(f"{task}/skip").status_code == 422
    ada.token = "stale"
    stale = ada.ask(task, key=key, choice="1")
    assert (stale.status_code, stale.json["error"]["code"]) == (400, "stale")
    assert steps(site) == []


def states(site: Site) -> list[str]:
    """Return what became of each assignment."""
    with site.database.reading() as session:
        return [state.value for state in session.scalars(sa.select(Assignment.state))]


def test_the_next_one_is_drawn_ahead_and_opens_when_it_is_shown(site: Site) -> None:
    ada = site.visit("ada")
    task, key = begin(ada), ada.hidden("key")
    page = ada.ask(f"{HELPFUL}/ahead").json["next"]
    assert re.search(r"<b>2</b> / 3", page)
    ahead = action_of(page)
    assert action_of(ada.ask(f"{HELPFUL}/ahead").json["next"]) == ahead
    assert states(site) == ["open", "reserved"]
    showing = {"showing": ahead.rpartition("/")[2]}
    for _ in range(2):  # its reply may get lost
        after = ada.ask(task, query=showing, key=key, choice="2").json["next"]
        assert action_of(after) not in (task, ahead)
        assert re.search(r"<b>3</b> / 3", after)
        assert states(site) == ["judged", "open", "reserved"]
    assert ada.get("/").text.count("Continue") == 2  # with what is open, by two ways


def test_an_answer_to_what_is_only_reserved_says_how_long_it_took(site: Site) -> None:
    ada = site.visit("ada")
    task, key = begin(ada), ada.hidden("key")
    ahead = action_of(ada.ask(f"{HELPFUL}/ahead").json["next"])
    assert ada.ask(ahead, key=new_key(), choice="1").status_code == 409
    ada.ask(task, key=key, choice="2")
    for active_ms in ("9" * 30, "-1", "x", "1"):  # what is no time is none
        query = {"active_ms": active_ms}
        assert ada.ask(ahead, query=query, key=key, choice="1").status_code == 409
    assert ada.ask(ahead, query={"active_ms": "1"}, key=new_key(), choice="1").json == {}
    assert steps(site) == [2, 1]
    with site.database.reading() as session:
        assert session.scalars(sa.select(Judgment.duration_ms)).all()[1] < 1000


def test_without_scripts_what_was_drawn_ahead_comes_next(site: Site) -> None:
    ada = site.visit("ada")
    task, key = begin(ada), ada.hidden("key")
    ahead = action_of(ada.ask(f"{HELPFUL}/ahead").json["next"])
    assert ada.post(task, key=key, choice="2").location == ahead
    assert states(site) == ["judged", "open"]
