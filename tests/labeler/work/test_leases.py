"""Leases run by the database's clock, whatever the clocks of the application's servers say."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler import audit, clock
from labeler.errors import Conflict
from labeler.people.accounts import Person
from labeler.schema import NOW
from labeler.work import answers, assignments, judgments, queue
from labeler.work.assignments import Assignment, AssignmentState, SkipReason
from labeler.work.comparisons import Comparison
from labeler.work.judgments import Judgment
from labeler.work.projects import Project
from tests.cast import Cast
from tests.conftest import StoppedClock
from tests.make import judge, make_batch, make_project, new_key

HOUR = timedelta(hours=1)
SKEW = timedelta(minutes=5)
MOMENT = timedelta(seconds=30)
"""How long a test may take at most between two looks at a clock."""


@contextmanager
def wrong_by(monkeypatch: pytest.MonkeyPatch, skew: timedelta) -> Iterator[None]:
    """Let this server's clock be wrong: the machine's is, so the database's is left alone."""

    def wrong() -> datetime:
        return datetime.now(UTC) + skew

    with monkeypatch.context() as patch:
        patch.setattr(clock, "_system", wrong)
        clock.use(None)
        assert clock.stopped() is None
        try:
            yield
        finally:
            patch.undo()
            clock.use(None)


@pytest.fixture
def project(session: Session, cast: Cast) -> Project:
    """One pair, wanted once, an hour for it."""
    project = make_project(session, cast, judgments_per_comparison=1, time_limit_minutes=60)
    make_batch(session, project, cast, pairs=1)
    return project


def claim(session: Session, project: Project, person: Person) -> Assignment:
    given = queue.claim(session, project, by=person)
    assert given is not None
    return given


def there(session: Session) -> datetime:
    """Return what the database's clock says."""
    return session.scalars(sa.select(NOW)).one()


@pytest.mark.parametrize("skew", [HOUR, -HOUR], ids=["ahead", "behind"])
def test_a_server_whose_clock_is_wrong_gives_the_whole_time(
    session: Session,
    cast: Cast,
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
    skew: timedelta,
) -> None:
    before = there(session)
    with wrong_by(monkeypatch, skew):
        given = claim(session, project, cast.ada)
        assert before <= given.opened_at <= there(session)
        assert given.deadline == given.opened_at + HOUR
        # Nobody else is given it meanwhile, on this server or on one whose clock is right,
        assert queue.claim(session, project, by=cast.bea) is None
    assert queue.claim(session, project, by=cast.bea) is None
    with wrong_by(monkeypatch, skew):
        # and whoever holds it has it still, for a whole hour again.
        again = claim(session, project, cast.ada)
        assert again.id == given.id
        assert again.deadline - there(session) <= HOUR
        judgment = judge(session, again, 1, cast.ada)
    assert judgment.counts
    assert 0 <= judgment.duration_ms < MOMENT.total_seconds() * 1000
    session.refresh(again)
    assert again.closed_at is not None
    assert before <= again.closed_at <= there(session)
    assert list(audit.faults(session)) == []


@pytest.mark.parametrize("skew", [HOUR, -HOUR], ids=["ahead", "behind"])
def test_what_is_overdue_there_is_given_to_the_next(
    session: Session,
    cast: Cast,
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
    skew: timedelta,
) -> None:
    lapsed = claim(session, project, cast.ada)
    lapsed.deadline = there(session) - timedelta(seconds=1)
    session.flush()
    with wrong_by(monkeypatch, skew):
        given = claim(session, project, cast.bea)
    session.refresh(lapsed)
    assert given.comparison_id == lapsed.comparison_id
    assert lapsed.state is AssignmentState.expired


@pytest.mark.parametrize("skew", [HOUR, -HOUR], ids=["ahead", "behind"])
def test_minds_may_be_changed_for_as_long_as_is_said_there(
    session: Session,
    cast: Cast,
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
    skew: timedelta,
) -> None:
    project.change_window_s = 60
    given = claim(session, project, cast.ada)
    with wrong_by(monkeypatch, skew):
        judgment = judge(session, given, 1, cast.ada)
        answer = answers.read(session, given, 7)
        later = judgments.change(session, project, judgment, answer, key=new_key()).judgment
        assert later.is_current
        given.closed_at = there(session) - timedelta(seconds=61)
        session.flush()
        with pytest.raises(Conflict, match="The time in which"):
            judgments.change(session, project, later, answer, key=new_key())


def test_two_servers_five_minutes_apart_lease_nothing_twice(
    session: Session, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_project(session, cast, judgments_per_comparison=1, time_limit_minutes=1)
    make_batch(session, project, cast, pairs=3)
    people = (cast.ada, cast.bea, cast.rex, cast.olga)
    servers = (-SKEW / 2, SKEW / 2)
    held: dict[int, int] = {}
    for turn in range(3):
        for number, person in enumerate(people):
            with wrong_by(monkeypatch, servers[(turn + number) % 2]):
                given = queue.claim(session, project, by=person)
            if given is not None:
                # The same one each time, on either server: nothing expires early.
                assert held.setdefault(person.id, given.comparison_id) == given.comparison_id
    assert len(set(held.values())) == len(held) == 3
    states = session.scalars(sa.select(Assignment.state)).all()
    assert states == [AssignmentState.open] * 3


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2028, 2, 28, 23, 59, 30, tzinfo=UTC),
        datetime(2028, 2, 29, 23, 59, 30, tzinfo=UTC),
        datetime(2027, 3, 28, 0, 59, 30, tzinfo=UTC),  # summer time begins in Europe
        datetime(2027, 10, 31, 0, 59, 30, tzinfo=UTC),  # and ends
        datetime(2026, 12, 31, 23, 59, 30, tzinfo=UTC),
    ],
    ids=["leap-day", "after-leap-day", "summer", "winter", "new-year"],
)
def test_an_hour_is_an_hour_on_every_day(
    session: Session, cast: Cast, frozen: StoppedClock, moment: datetime
) -> None:
    frozen.time = moment
    project = make_project(session, cast, judgments_per_comparison=1, time_limit_minutes=60)
    make_batch(session, project, cast, pairs=1)
    held = claim(session, project, cast.ada)
    frozen.forward(minutes=60)
    assert queue.claim(session, project, by=cast.bea) is None
    frozen.forward(seconds=1)
    taken = claim(session, project, cast.bea)
    assert taken.comparison_id == held.comparison_id
    assert taken.opened_at - moment == timedelta(minutes=60, seconds=1)


@pytest.fixture
def far_east(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine that stands in another zone."""
    monkeypatch.setenv("TZ", "Asia/Kathmandu")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_every_moment_that_is_stored_is_in_utc(
    session: Session, cast: Cast, far_east: None
) -> None:
    project = make_project(session, cast, judgments_per_comparison=1)
    make_batch(session, project, cast, pairs=2)
    judge(session, claim(session, project, cast.ada), 1, cast.ada)
    skipped = claim(session, project, cast.ada)
    assignments.skip(session, skipped, SkipReason.other)
    session.expire_all()
    columns = (
        *(Assignment.opened_at, Assignment.deadline, Assignment.closed_at),
        *(Judgment.created_at, Project.created_at),
    )
    moments = [moment for column in columns for moment in session.scalars(sa.select(column))]
    assert len(moments) == 8
    assert {moment.utcoffset() for moment in moments} == {timedelta(0)}
    now = datetime.now(UTC)
    opened = session.scalars(sa.select(Assignment.opened_at)).all()
    assert all(abs(now - moment) < MOMENT for moment in opened)
    assert session.scalars(sa.select(Comparison.judged)).all().count(1) == 1
