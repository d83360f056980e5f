"""A project gives out no work that its budget has no room for."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy.orm import Session

from labeler import audit
from labeler.database import Database
from labeler.errors import Busy, Conflict
from labeler.pay import budgets, ledger, rates
from labeler.people import accounts, memberships
from labeler.people.memberships import Placement, Role
from labeler.progress import annotators
from labeler.work import assignments, projects, queue, spending
from labeler.work.assignments import SkipReason
from labeler.work.projects import Project
from tests.cast import Cast, make_cast
from tests.conftest import StoppedClock
from tests.make import judge, judge_next, make_batch, make_project
from tests.statements import heard

EACH = 35


@pytest.fixture
def project(session: Session, cast: Cast, frozen: StoppedClock) -> Project:
    """Olga's project at 0.35 EUR."""
    project = make_project(session, cast)
    make_batch(session, project, cast, pairs=8)
    return project


def test_what_is_in_hand_and_what_was_earned_count_before_more_is_given(
    session: Session, cast: Cast, project: Project
) -> None:
    budgets.limit(session, project.id, "EUR", 3 * EACH, by=cast.olga)
    judge_next(session, project, cast.ada)
    held = queue.claim(session, project, by=cast.ada)
    ahead = queue.reserve(session, project, by=cast.ada)
    assert held is not None
    assert ahead is not None
    assert spending.promised(session, project.id) == {"EUR": 2 * EACH}
    for give in (queue.claim, queue.reserve):
        with pytest.raises(Conflict, match="used up its budget"):
            give(session, project, by=cast.bea)
    # Who holds something finishes it, and is paid.
    assert queue.claim(session, project, by=cast.ada) is held
    judge(session, held, 1, cast.ada)
    shown = queue.claim(session, project, by=cast.ada)
    assert shown is not None
    assert shown.id == ahead.id
    assignments.skip(session, shown, SkipReason.other)
    assert queue.claim(session, project, by=cast.bea) is not None  # what was handed back


def test_people_see_why_there_is_nothing_and_more_money_brings_more(
    session: Session, cast: Cast, project: Project
) -> None:
    budgets.limit(session, project.id, "EUR", EACH + 34, by=cast.olga)
    judge_next(session, project, cast.ada)
    [work] = annotators.work_of(session, cast.ada)
    assert (work.is_spent, work.is_open) == (True, False)
    budgets.limit(session, project.id, "EUR", 2 * EACH, by=cast.olga)
    [work] = annotators.work_of(session, cast.ada)
    assert (work.is_spent, work.is_open) == (False, True)
    budgets.limit(session, project.id, "EUR", 0, by=cast.olga)
    budgets.limit(session, project.id, "EUR", None, by=cast.olga)
    assert budgets.of_project(session, project.id) == {}
    assert queue.claim(session, project, by=cast.ada) is not None


def test_each_currency_has_its_own(session: Session, cast: Cast, project: Project) -> None:
    shillings = {"place": "KE", "currency": "KES", "per_judgment": "40", "floor_per_hour": "200"}
    projects.price(session, project, rates.read(shillings), by=cast.olga)
    memberships.place(session, project.id, cast.ada, Placement(place="KE"), by=cast.olga)
    budgets.limit(session, project.id, "EUR", 0, by=cast.olga)
    assert queue.claim(session, project, by=cast.ada) is not None
    with pytest.raises(Conflict):
        queue.claim(session, project, by=cast.bea)


def test_hours_promise_nothing_by_the_task_and_a_full_budget_stops_them(
    session: Session, cast: Cast, project: Project
) -> None:
    hourly = {"model": "hourly", "per_judgment": "0", "floor_per_hour": "12"}
    projects.price(session, project, rates.read(hourly), by=cast.olga)
    budgets.limit(session, project.id, "EUR", 1, by=cast.olga)
    assert queue.claim(session, project, by=cast.ada) is not None
    budgets.limit(session, project.id, "EUR", 0, by=cast.olga)
    with pytest.raises(Conflict):
        queue.claim(session, project, by=cast.bea)


def test_a_project_without_a_budget_asks_nothing_more_of_the_database(
    session: Session, cast: Cast, project: Project
) -> None:
    queue.claim(session, project, by=cast.ada)
    with heard(session) as said:
        assert queue.claim(session, project, by=cast.bea) is not None
    assert len(said) <= 4


def test_claims_at_the_same_moment_do_not_exceed_it(database: Database) -> None:
    people_at_once, room = 6, 7
    with database.writing() as session:
        cast = make_cast(session)
        project = make_project(session, cast, judgments_per_comparison=people_at_once)
        make_batch(session, project, cast, pairs=8)
        budgets.limit(session, project.id, "EUR", room * EACH, by=cast.olga)
        people = []
        for n in range(people_at_once):
            person = accounts.create(session, f"crowd-{n}@example.org", f"Crowd {n}", by=None)
            memberships.grant(session, project.id, person, Role.annotator, by=cast.olga)
            people.append(person)
        session.commit()
    together = threading.Barrier(people_at_once)

    def work(person: accounts.Person) -> None:
        together.wait()
        while True:
            try:
                with database.writing() as session:
                    judge_next(session, project, person)
                    session.commit()
            except Busy:
                continue
            except Conflict:
                return

    with ThreadPoolExecutor(people_at_once) as pool:
        for done in [pool.submit(work, person) for person in people]:
            done.result(timeout=60)
    with database.reading() as session:
        assert ledger.cost(session, project.id) == {"EUR": room * EACH}
        assert list(audit.faults(session)) == []
