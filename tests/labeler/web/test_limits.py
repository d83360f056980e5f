"""One's own limits on pages and for programs: kind words, and when it goes on."""

from datetime import timedelta

from labeler.pay.worktime import Interval, Kind, Source
from tests.calling import HELPFUL as BY_PROGRAM
from tests.calling import make_caller
from tests.conftest import StoppedClock
from tests.labeler.web.conftest import HELPFUL, Site

ENOUGH = "You have worked as long as your own limit allows."


def test_whoever_has_worked_enough_reads_when_it_goes_on(site: Site, frozen: StoppedClock) -> None:
    ada = site.visit("ada")
    task = ada.post(f"{HELPFUL}/start").location
    with site.writing() as (session, project):
        given = {"project_id": project.id, "person_id": site.people.ada.id, "kind": Kind.judging}
        start = frozen.time - timedelta(hours=8)
        session.add(Interval(source=Source.beats, started_at=start, ended_at=frozen.time, **given))

    # What she holds she finishes; then there is a page, and no error.
    assert ada.post(f"{HELPFUL}/start").location == task
    ada.get(task)
    done = ada.post(task, choice="1", key=ada.hidden("key"))
    assert done.location == "/limits"
    assert ada.post(f"{HELPFUL}/start").location == "/limits"
    assert ada.ask(f"{HELPFUL}/start").json == {"finished": "/limits"}
    for path in ("/limits", "/"):
        page = ada.get(path).text
        assert ENOUGH in page and "24 Nov 2026" in page
    program = make_caller(site.app, site.database, site.people.ada)
    refused = program.post(f"{BY_PROGRAM}/assignments")
    assert refused.status_code == 409
    assert "Work goes on 2026-11-24 00:00, UTC." in refused.text

    # An owner finds no way to say it for her; she does, and goes on.
    olga = site.visit("olga")
    olga.get("/limits")
    for form in ({"person_id": site.people.ada.id}, {"email": "ada@example.org"}):
        assert olga.post("/limits", day_hours="24", week_hours="168", **form).status_code == 422
    assert ENOUGH in ada.get("/limits").text
    assert ada.post("/limits", day_hours="9.5", week_hours="40").location == "/limits"
    page = ada.get("/limits").text
    assert "You chose these limits on" in page and 'value="9.5"' in page
    assert ada.post(f"{HELPFUL}/start").location.startswith("/work/")


def test_what_is_no_limit_is_given_back(site: Site) -> None:
    ada = site.visit("ada")
    ada.get("/limits")
    for wrong in ("", "0", "25", "-1", "nan", "inf", "1e999", "<b>", "৮"):
        page = ada.post("/limits", day_hours=wrong, week_hours="40")
        assert page.status_code == 422, wrong
        assert 'id="day_hours-fault"' in page.text
    assert "you have not changed them" in ada.get("/limits").text
