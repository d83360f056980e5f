"""Sensitive content on pages: a story of what Ada is given, and what she is not."""

import io
import json

import sqlalchemy as sa
from werkzeug.test import TestResponse

from labeler.pay.worktime import Interval, Kind, Source
from labeler.work.assignments import Assignment, AssignmentState
from labeler.work.comparisons import Comparison
from tests.calling import HELPFUL as BY_PROGRAM
from tests.calling import make_caller
from tests.conftest import StoppedClock
from tests.labeler.web.conftest import HELPFUL, Site
from tests.visits import Visit

CONTACT = "Care for the team, +33 1 23 45 67 89"
LABEL = "This may be hard to read: violence, graphic."
BLOOD = "How does the battle end?"
BATCHES = f"{HELPFUL}/batches"
START = f"{HELPFUL}/start"
CHOICE = "/sensitive"
SETUP = {
    "title": "Helpful answers",
    "slug": "helpful",
    "languages": "en fr",
    "question": "Which answer is better?",
    "rubric.steps": "7",
    "rubric.tie": "1",
    "rubric.both_bad": "1",
    "rubric.reason": "optional",
    "rubric.reason_min": "0",
    "time_limit_minutes": "60",
    "change_window_minutes": "60",
    "judgments_per_comparison": "2",
    "pay.per_judgment": "0.35",
    "pay.currency": "EUR",
}


def load(olga: Visit, number: int) -> TestResponse:
    """Load so many pairs that may be hard to read."""
    answers = [{"text": "In blood.", "model": "x"}, {"text": "In silence.", "model": "y"}]
    row = {"prompt": BLOOD, "language": "en", "responses": answers, "sensitive": {"violence": 3}}
    file = "\n".join(json.dumps(row | {"id": f"battle-{n}"}) for n in range(number)).encode()
    olga.get(BATCHES)
    return olga.post(BATCHES, file=(io.BytesIO(file), "battles.jsonl"), layout="auto", language="")


def judge(visit: Visit, task: str) -> TestResponse:
    visit.get(task)
    return visit.post(task, choice="1", key=visit.hidden("key"))


def read_for(site: Site, frozen: StoppedClock, task: str, minutes: int) -> None:
    """Let the task's page be open for so long."""
    start = frozen.time
    frozen.forward(minutes=minutes)
    with site.writing() as (session, project):
        given = {"project_id": project.id, "person_id": site.people.ada.id, "kind": Kind.judging}
        span = {"started_at": start, "ended_at": frozen.time, "source": Source.beats}
        session.add(Interval(assignment_id=int(task.rpartition("/")[2]), **span, **given))


def test_what_may_be_hard_to_read_is_for_those_who_choose_it(
    site: Site, frozen: StoppedClock
) -> None:
    # Olga cannot load it before there is somebody whom people can turn to.
    olga, ada, rex = (site.visit(name) for name in ("olga", "ada", "rex"))
    refused = load(olga, 3)
    assert refused.status_code == 422 and "line 1, sensitive" in refused.text
    assert olga.post(f"{HELPFUL}/setup", **SETUP, support_contact=CONTACT).location == HELPFUL
    assert load(olga, 3).location == BATCHES

    # Ada has chosen nothing: she is given all the rest, and then told that the choice is hers.
    ada.get("/account")
    while (task := ada.post(START).location).startswith("/work/"):
        assert LABEL not in ada.get(task).text
        judge(ada, task)
    assert task == "/finished"
    home = ada.get("/").text
    assert "What is left may be hard to read" in home and f"{CHOICE}?slug=helpful" in home

    # She chooses; it takes a word that she is of age.
    assert "given none of it unless you choose it" in ada.get(CHOICE).text
    young = ada.post(CHOICE, violence="3", hate="1")
    assert young.status_code == 422 and 'id="is_adult-fault"' in young.text
    assert ada.post(CHOICE, violence="3", is_adult="1").location == CHOICE

    # It comes closed, behind a few general words, with somebody to turn to and two ways out.
    task = ada.post(START).location
    page = ada.get(task).text
    label, blood = page.index(f"<summary>{LABEL}</summary>"), page.index(BLOOD)
    assert page.index('<details class="sealed">') < label < blood < page.index('id="judgment"')
    assert page.index(CONTACT) < label and "Skip, I do not want to read this" in page
    assert not any(claim in page.lower() for claim in ("protect", "blur", "safe from"))
    assert "finished" in ada.ask(f"{HELPFUL}/ahead").json  # none of it is drawn ahead

    # So does it on the pages of those who look at the work afterwards.
    read_for(site, frozen, task, 30)
    judge(ada, task)
    mine = ada.get("/judgments").text
    assert LABEL in mine and BLOOD not in mine
    with site.database.reading() as session:
        battle = session.scalars(sa.select(Comparison.id).filter_by(external_id="battle-0")).one()
    shown = rex.get(f"{HELPFUL}/comparisons/{battle}").text
    assert shown.index(f"<summary>{LABEL}</summary>") < shown.index(BLOOD)
    assert BLOOD not in rex.get(f"{HELPFUL}/comparisons").text

    # After half an hour she rests from it, paid, and is told when it goes on.
    assert ada.post(START).location == f"{CHOICE}?slug=helpful"
    page = ada.get(f"{CHOICE}?slug=helpful").text
    assert "You have read enough of it. From 23 Nov 2026, 09:40 UTC" in page
    assert "Take a paid break of 10 min" in page
    assert "You are paid until" in ada.get(f"{HELPFUL}/break").text
    program = make_caller(site.app, site.database, site.people.ada)
    told = program.post(f"{BY_PROGRAM}/assignments")
    assert told.status_code == 409 and "until 2026-11-23 09:40, UTC" in told.text

    # Then she has had enough of it for today: what she held goes back, and she skipped nothing.
    frozen.forward(minutes=10)
    task = ada.post(START).location
    ada.get(task)
    assert ada.post(f"{task}/no-more").location == f"{CHOICE}?slug=helpful"
    page = ada.get(f"{CHOICE}?slug=helpful").text
    assert "You asked for no more of it. Until 24 Nov 2026" in page
    assert ada.get(task).location == "/"

    # The next day she takes her choice back while she holds one, and all is as it was.
    frozen.forward(days=1)
    task = ada.post(START).location
    assert program.post(f"{BY_PROGRAM}/assignments").json["sensitive"] == {"violence": 3}
    ada.get(CHOICE)
    assert ada.post(CHOICE, violence="0").location == CHOICE
    assert ada.get(task).location == "/"
    assert ada.post(task, key="none").location == "/"  # nor does a form with faults show it
    assert ada.post(START).location == "/finished"
    with site.database.reading() as session:
        states = session.scalars(sa.select(Assignment.state)).all()
    assert AssignmentState.skipped not in states
    assert states.count(AssignmentState.expired) == 2

    # Olga sees what there is and how long it was read, and nobody's name.
    page = olga.get(BATCHES).text
    assert "fewer than 10" in page and "30 min" in page
    assert "0 were given to somebody who had not chosen it." in page
