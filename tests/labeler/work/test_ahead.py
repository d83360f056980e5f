"""What is drawn ahead: taken like what is open, with a clock that starts when it is shown."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler import audit
from labeler.errors import Conflict
from labeler.people.accounts import Person
from labeler.work import assignments, comparisons, projects, queue
from labeler.work.assignments import Assignment, AssignmentState, SkipReason
from labeler.work.comparisons import Comparison
from labeler.work.projects import Project, ProjectState
from tests.cast import Cast
from tests.conftest import StoppedClock
from tests.make import judge, make_batch, make_project

OPEN, RESERVED = AssignmentState.open, AssignmentState.reserved


@pytest.fixture
def project(session: Session, cast: Cast, frozen: StoppedClock) -> Project:
    """Three pairs, each wanted once, an hour for each."""
    project = make_project(session, cast, judgments_per_comparison=1, time_limit_minutes=60)
    make_batch(session, project, cast, pairs=3)
    return project


@pytest.fixture
def two(session: Session, cast: Cast, project: Project) -> tuple[Assignment, Assignment]:
    """What Ada has open, and what was drawn ahead for her."""
    return claim(session, project, cast.ada), reserve(session, project, cast.ada)


def claim(session: Session, project: Project, person: Person) -> Assignment:
    given = queue.claim(session, project, by=person)
    assert given is not None
    return given


def reserve(session: Session, project: Project, person: Person) -> Assignment:
    given = queue.reserve(session, project, by=person)
    assert given is not None
    return given


def test_it_is_another_one_and_stays_the_same(
    session: Session, cast: Cast, project: Project, two: tuple[Assignment, Assignment]
) -> None:
    first, ahead = two
    assert (first.state, ahead.state) == (OPEN, RESERVED)
    assert first.comparison_id != ahead.comparison_id
    assert reserve(session, project, cast.ada) is ahead
    assert claim(session, project, cast.ada) is first
    assert claim(session, project, cast.bea).comparison_id not in (
        first.comparison_id,
        ahead.comparison_id,
    )
    assert queue.reserve(session, project, by=cast.bea) is None
    assert list(audit.faults(session)) == []


def test_its_clock_starts_when_it_is_shown(
    session: Session,
    cast: Cast,
    project: Project,
    frozen: StoppedClock,
    two: tuple[Assignment, Assignment],
) -> None:
    first, ahead = two
    frozen.forward(minutes=20)
    judge(session, first, 1, cast.ada)
    assert claim(session, project, cast.ada) is ahead
    assert (ahead.state, ahead.opened_at) == (OPEN, frozen.time)
    assert ahead.deadline == frozen.time + timedelta(minutes=60)
    frozen.forward(minutes=2)
    assert judge(session, ahead, 1, cast.ada).duration_ms == 120_000


@pytest.mark.parametrize(("active_s", "took_s"), [(40, 40), (0, 0), (-5, 0), (9_000, 300)])
def test_an_answer_may_come_before_word_that_it_was_shown(
    session: Session,
    cast: Cast,
    frozen: StoppedClock,
    two: tuple[Assignment, Assignment],
    active_s: int,
    took_s: int,
) -> None:
    first, ahead = two
    judge(session, first, 1, cast.ada)
    frozen.forward(minutes=5)  # since it was drawn: no task takes longer than that
    judgment = judge(session, ahead, 2, cast.ada, active_ms=active_s * 1000)
    assert judgment.duration_ms == took_s * 1000
    assert ahead.state is AssignmentState.judged
    assert list(audit.faults(session)) == []


def test_it_waits_for_the_one_before_it(
    session: Session, cast: Cast, two: tuple[Assignment, Assignment]
) -> None:
    first, ahead = two
    with pytest.raises(Conflict), session.begin_nested():
        judge(session, ahead, 1, cast.ada)
    assignments.skip(session, first, SkipReason.other)
    judge(session, ahead, 1, cast.ada)


def test_it_can_be_skipped(
    session: Session, cast: Cast, project: Project, two: tuple[Assignment, Assignment]
) -> None:
    _, ahead = two
    assignments.skip(session, ahead, SkipReason.subject)
    assert ahead.state is AssignmentState.skipped
    assert reserve(session, project, cast.ada).comparison_id != ahead.comparison_id
    assert list(audit.faults(session)) == []


def test_it_lapses_when_it_is_never_shown(
    session: Session,
    cast: Cast,
    project: Project,
    frozen: StoppedClock,
    two: tuple[Assignment, Assignment],
) -> None:
    frozen.forward(minutes=61)
    given = {claim(session, project, cast.bea).comparison_id}
    given.add(reserve(session, project, cast.bea).comparison_id)
    assert [each.state for each in two] == 2 * [AssignmentState.expired]
    assert list(audit.faults(session)) == []


def test_a_project_that_gives_out_nothing_shows_none(
    session: Session, cast: Cast, project: Project, two: tuple[Assignment, Assignment]
) -> None:
    first, ahead = two
    projects.move(session, project, ProjectState.paused, by=cast.olga)
    judge(session, first, 1, cast.ada)
    with pytest.raises(Conflict):
        queue.claim(session, project, by=cast.ada)
    with pytest.raises(Conflict):
        queue.reserve(session, project, by=cast.bea)
    judge(session, ahead, 1, cast.ada)  # she had seen it where there was no connection


def test_what_is_withdrawn_is_not_shown(
    session: Session, cast: Cast, project: Project, two: tuple[Assignment, Assignment]
) -> None:
    first, ahead = two
    comparison = session.get_one(Comparison, ahead.comparison_id)
    comparisons.withdraw(session, comparison, "A name in it.", by=cast.olga)
    judge(session, first, 1, cast.ada)
    assert claim(session, project, cast.ada) is not ahead
    assert ahead.state is AssignmentState.expired
    assert list(audit.faults(session)) == []


def test_the_database_allows_one(
    session: Session, cast: Cast, two: tuple[Assignment, Assignment]
) -> None:
    first, _ = two
    reserved = sa.update(Assignment).where(Assignment.id == first.id).values(state=RESERVED)
    with pytest.raises(sa.exc.IntegrityError), session.begin_nested():
        session.execute(reserved)
