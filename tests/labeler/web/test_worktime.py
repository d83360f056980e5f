"""The pages of working time: which of them have a clock, what they take, and who sees what."""

import re
from datetime import timedelta

import sqlalchemy as sa
from werkzeug.test import TestResponse

from labeler import clock
from labeler.pay import missed
from labeler.pay.worktime import Interval, Kind, Source
from labeler.people import memberships, tokens
from labeler.work import queue
from tests.calling import API, Caller
from tests.labeler.web.conftest import HELPFUL, HOSTILE, Site, statements
from tests.labeler.web.test_reviews import drawn, judged, signalled
from tests.make import new_key
from tests.visits import Visit

BEATS = "/time/beats"
SLIP = re.compile(r'data-clock="([^"]+)"')
BUDGET = 8
"""The most statements of a beat on its way through the door: who asks takes two of them."""


def slip_on(visit: Visit, path: str) -> str:
    """Return the slip of a page; nothing where there is no clock."""
    found = SLIP.search(visit.get(path).text)
    return found[1] if found else ""


def told(visit: Visit, *slips: str, to_ms: int = 5000) -> TestResponse:
    """Tell that pages were in view."""
    beats = {"from_ms": 0, "to_ms": to_ms, "ago_ms": 0, "touched": 0}
    columns = {name: [value] * len(slips) for name, value in beats.items()}
    return visit.ask(BEATS, slip=list(slips), **columns)


def kept(site: Site) -> list[Interval]:
    with site.database.reading() as session:
        return list(session.scalars(sa.select(Interval).order_by(Interval.id)))


def begin(visit: Visit) -> str:
    """Start to work; return the address of the task."""
    visit.get("/account")
    return str(visit.post(f"{HELPFUL}/start").location)


def test_pages_of_work_have_a_clock_and_others_have_none(site: Site) -> None:
    ada = site.visit("ada")
    task = begin(ada)
    for path in (task, f"{HELPFUL}/instructions"):
        assert slip_on(ada, path)
    for path in ("/", "/judgments", "/time", "/account", "/questions", f"{HELPFUL}/mine"):
        assert not slip_on(ada, path)
    assert not slip_on(ada, f"{HELPFUL}/break")  # which is to be worked for
    signalled(site)
    assert slip_on(ada, "/questions")  # now that somebody is asked


def test_the_server_says_what_a_page_is(site: Site) -> None:
    ada, rex = site.visit("ada"), site.visit("rex")
    address = drawn(site, said := judged(site))
    rex.get(address)
    rex.post(f"{address}/judgments/{said.id}/send-back", comment="Why?")
    again = slip_on(ada, f"/work/{said.assignment_id}/change")
    slips = [slip_on(ada, begin(ada)), slip_on(ada, f"{HELPFUL}/instructions")]
    slips += [again, slip_on(ada, "/questions")]
    assert told(ada, *slips).status_code == 200
    found = {each.page: each for each in kept(site) if each.page}
    kinds = [each.kind for each in found.values()]
    assert kinds == [Kind.judging, Kind.instructions, Kind.review_reply, Kind.review_reply]


def test_nobody_tells_of_anothers_page_or_of_one_that_there_is_not(site: Site) -> None:
    ada, bea = site.visit("ada"), site.visit("bea")
    slip = slip_on(ada, begin(ada))
    assert told(bea, slip).status_code == 404
    assert told(ada, slip, f"{slip}x").status_code == 422
    assert told(ada).status_code == 422
    assert told(ada, slip, to_ms=-1).status_code == 422
    assert ada.ask(BEATS, slip=[slip, slip], from_ms=[0]).status_code == 422
    assert kept(site) == []


def test_a_beat_is_cheap(site: Site) -> None:
    ada = site.visit("ada")
    slip = slip_on(ada, begin(ada))
    for to_ms in (1, 20_000):
        with statements(site.database) as said:
            assert told(ada, slip, to_ms=to_ms).status_code == 200
        assert len(said) <= BUDGET, said


def test_without_scripts_and_through_the_api_what_is_done_counts(site: Site) -> None:
    ada = site.visit("ada")
    task = begin(ada)
    ada.get(task)
    ada.post(task, key=ada.hidden("key"), choice="2")
    ada.post(ada.get("/").text and f"{begin(ada)}/skip", skip_reason="other")
    with site.writing() as (session, _):
        caller = Caller(site.app.test_client(), tokens.create(session, site.people.bea))
    given = caller.post(f"{API}{HELPFUL}/assignments").json
    said = {"key": new_key(), "choice": 2}
    assert caller.post(f"{API}/assignments/{given['id']}/judgment", json=said).status_code == 201
    ways = [(each.source, each.person_id) for each in kept(site)]
    own = site.people.ada.id
    assert ways == [(Source.page, own), (Source.page, own), (Source.page, site.people.bea.id)]


def test_a_script_is_counted_by_its_page_alone(site: Site) -> None:
    ada = site.visit("ada")
    task = begin(ada)
    ada.get(task)
    assert ada.ask(task, key=ada.hidden("key"), choice="2").status_code == 200
    assert kept(site) == []


def test_what_is_missing_is_added_or_said_to_be_wrong(site: Site) -> None:
    ada = site.visit("ada")
    page = f"{HELPFUL}/time"
    start = clock.now() - timedelta(minutes=50)
    form = {
        "day": start.date().isoformat(),
        "started_at": f"{start:%H:%M}",
        "ended_at": f"{start + timedelta(minutes=30):%H:%M}",
        "kind": "clarification",
        "note": HOSTILE,
    }
    ada.get(page)
    refused = ada.post(page, **{**form, "kind": "sleeping", "note": ""})
    assert refused.status_code == 422
    assert "Nothing was added" in refused.text
    assert ada.post(page, **form).status_code == 302
    shown = ada.get(f"{page}?week={start.date()}")
    assert "30 min" in shown.text
    assert HOSTILE not in shown.text
    assert "Some of this time is counted already." in ada.post(page, **form).text
    assert "A mark is no fault" in (listed := site.visit("rex").get(f"{HELPFUL}/times").text)
    assert "Added by them" in listed
    assert "<form" not in re.sub(r'<form[^>]*action="/sign-out".*?</form>', "", listed, flags=re.S)


def test_who_has_left_a_project_still_sees_their_time(site: Site) -> None:
    ada = site.visit("ada")
    with site.writing() as (session, project):
        ended = clock.now() - timedelta(minutes=1)
        span = {"started_at": ended - timedelta(minutes=5), "ended_at": ended}
        missed.add(
            session, project.id, by=site.people.ada, **span, kind=Kind.judging, note="It stuck."
        )
        memberships.remove(session, project.id, site.people.ada, by=site.people.olga)
    assert f"{HELPFUL}/time" in ada.get("/time").text
    assert ada.get(f"{HELPFUL}/time").status_code == 200
    assert ada.get(f"{HELPFUL}/instructions").status_code == 404
    assert site.visit("mallory").get(f"{HELPFUL}/time").status_code == 404


def test_weeks_that_are_none_show_this_one(site: Site) -> None:
    ada = site.visit("ada")
    for week in ("yesterday", "0001-01-01", "9999-12-31", "2026-02-30"):
        assert ada.get(f"{HELPFUL}/time?week={week}").status_code == 200


def test_the_task_drawn_ahead_has_a_clock_of_its_own(site: Site) -> None:
    ada = site.visit("ada")
    held = slip_on(ada, begin(ada))
    ahead = SLIP.search(ada.ask(f"{HELPFUL}/ahead").json["next"])
    assert ahead
    assert ahead[1] != held
    with site.writing() as (session, project):
        reserved = queue.reserve(session, project, by=site.people.ada)
        assert reserved is not None
        own = reserved.id
    told(ada, held)
    told(ada, ahead[1], to_ms=9000)
    assert [each.assignment_id for each in kept(site) if each.kind is Kind.judging][-1] == own
