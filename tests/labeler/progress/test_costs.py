"""What whole weeks came to: an hour's pay by place, held against the floor and the minimum wage."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from labeler import clock
from labeler.pay import rates, wages
from labeler.pay.worktime import Interval, Kind, Source
from labeler.people import memberships
from labeler.people.accounts import Person
from labeler.people.memberships import Placement
from labeler.progress import costs, representing
from labeler.work import projects
from labeler.work.assignments import Assignment
from labeler.work.projects import Project
from tests.cast import Cast
from tests.conftest import StoppedClock
from tests.make import judge_next, make_batch, make_project

BY_PIECE = {"model": "piece", "per_judgment": "6", "reason": "A trial."}
BY_FLOOR = {
    "model": "floor",
    "per_judgment": "6",
    "floor_per_hour": "100",
    "allowance_per_hour": "3",
}


@pytest.fixture
def project(session: Session, cast: Cast, frozen: StoppedClock) -> Project:
    """Olga's project; Ada and Bea work in Kenya."""
    wages.load(session, wages.shipped(), by=None)
    project = make_project(session, cast)
    make_batch(session, project, cast, pairs=6)
    for person in (cast.ada, cast.bea):
        memberships.place(session, project.id, person, Placement(place="KE"), by=cast.olga)
    return project


def work(session: Session, project: Project, person: Person, *, minutes: float, done: int) -> None:
    """Judge so many, the last of them for so long."""
    for _ in range(done):
        assignment_id = judge_next(session, project, person).assignment_id
    now, given = clock.now(), session.get_one(Assignment, assignment_id)
    span = {"started_at": now, "ended_at": now + timedelta(minutes=minutes)}
    session.add(
        Interval(
            project_id=project.id,
            person_id=person.id,
            assignment_id=given.id,
            kind=Kind.judging,
            source=Source.beats,
            **span,
        )
    )
    session.flush()


def pays(session: Session, project: Project, cast: Cast, said: dict[str, str]) -> None:
    draft = rates.read({"place": "KE", "currency": "KES"} | said)
    projects.price(session, project, draft, by=cast.olga)


def test_a_floor_makes_up_for_slow_work_and_the_page_says_for_whom(
    session: Session, cast: Cast, project: Project, frozen: StoppedClock
) -> None:
    pays(session, project, cast, BY_FLOOR)
    work(session, project, cast.ada, minutes=60, done=2)  # 12.00 by the piece
    work(session, project, cast.bea, minutes=3, done=2)  # 12.00, and 240.00 an hour
    assert costs.of_project(session, project.id).places == []  # the week is not over
    frozen.forward(days=7)
    found = costs.of_project(session, project.id)
    [kenya] = found.places
    assert (kenya.place, kenya.currency, kenya.paid_s) == ("KE", "KES", 63 * 60)
    assert (kenya.total_minor, kenya.topup_minor) == (103_00 + 12_00, 88_00)
    assert [each.person_id for each in kenya.topped_up] == [cast.ada.id]
    assert (kenya.hour_minor, kenya.below) == (109_52, [])
    assert kenya.ratio == pytest.approx(10952 / 8910)
    [english] = found.languages
    assert (english.language, english.judgments, english.earned_minor) == ("en", 4, 24_00)
    assert (english.judging_s, english.hour_minor) == (63 * 60, 22_85)
    frozen.forward(days=28)
    assert costs.of_project(session, project.id).places == []


def test_without_a_floor_who_is_below_the_minimum_wage_is_listed(
    session: Session, cast: Cast, project: Project, frozen: StoppedClock
) -> None:
    pays(session, project, cast, BY_PIECE)
    work(session, project, cast.ada, minutes=60, done=2)
    work(session, project, cast.bea, minutes=3, done=2)
    work(session, project, cast.rex, minutes=60, done=1)  # whose place is not said
    frozen.forward(days=7)
    elsewhere, kenya = costs.of_project(session, project.id).places
    assert [(each.person_id, each.hour_minor) for each in kenya.below] == [(cast.ada.id, 12_00)]
    assert (elsewhere.currency, elsewhere.total_minor, elsewhere.ratio) == ("EUR", 35, None)
    assert elsewhere.below == []  # nothing is known there, which is not the same as enough
    # A floor from now on changes nothing of what is over.
    pays(session, project, cast, BY_FLOOR)
    assert costs.of_project(session, project.id).places[1].topup_minor == 0


def test_the_representative_sees_no_small_group(
    session: Session,
    cast: Cast,
    project: Project,
    frozen: StoppedClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pays(session, project, cast, BY_FLOOR)
    for person in (cast.ada, cast.bea):
        work(session, project, person, minutes=60, done=1)
    frozen.forward(days=7)
    assert len(costs.of_project(session, project.id).places) == 1
    for least, shown in ((10, 0), (3, 0), (2, 1)):
        monkeypatch.setattr(representing, "LEAST", least)
        assert len(representing.figures(session, project.id).pay) == shown
    assert representing.all_projects(session) == [project]
