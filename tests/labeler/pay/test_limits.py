"""Limits of a day and a week: theirs who work, over all projects, and nobody else's to change."""

import inspect
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler.events import Event
from labeler.pay import limits
from labeler.pay.limits import Hours, Reached
from labeler.pay.worktime import Interval, Kind, Source
from labeler.people.accounts import Person
from labeler.work import queue
from labeler.work.projects import Project
from tests.cast import Cast
from tests.conftest import StoppedClock
from tests.make import judge, make_batch, make_project

TUESDAY = datetime(2026, 11, 24, tzinfo=UTC)
NEXT_MONDAY = datetime(2026, 11, 30, tzinfo=UTC)


def work(
    session: Session, project: Project, person: Person, time: StoppedClock, *, hours: float
) -> Interval:
    """Let somebody work for so long, until now."""
    start = time.time
    time.forward(hours=hours)
    given = {"project_id": project.id, "person_id": person.id, "kind": Kind.judging}
    done = Interval(source=Source.beats, started_at=start, ended_at=time.time, **given)
    session.add(done)
    session.flush()
    return done


def test_a_long_week(session: Session, cast: Cast, frozen: StoppedClock) -> None:
    one, other = (make_project(session, cast, slug=slug) for slug in ("one", "other"))
    for project in (one, other):
        make_batch(session, project, cast, pairs=9)

    # Eight hours are a day, whatever they were spent on. What is in hand may be finished.
    work(session, one, cast.ada, frozen, hours=5)
    work(session, other, cast.ada, frozen, hours=2.9)
    held = queue.claim(session, one, by=cast.ada)
    ahead = queue.reserve(session, one, by=cast.ada)
    assert held is not None and ahead is not None
    work(session, one, cast.ada, frozen, hours=0.1)
    assert queue.claim(session, one, by=cast.ada) is held
    judge(session, held, 1, cast.ada)
    assert queue.claim(session, one, by=cast.ada) is ahead
    judge(session, ahead, 1, cast.ada)
    for ask in (queue.claim, queue.reserve):
        with pytest.raises(Reached, match="2026-11-24 00:00") as reached:
            ask(session, other, by=cast.ada)
        assert reached.value.when == TUESDAY
    assert queue.claim(session, other, by=cast.bea) is not None  # it is Ada's limit, not Bea's

    # She wants to go on, says so, and it is on record; then a bit less, and that holds at once.
    assert limits.change(session, Hours(day_hours=10, week_hours=40), by=cast.ada)
    assert not limits.change(session, Hours(day_hours=10, week_hours=40), by=cast.ada)
    said = session.scalars(sa.select(Event).where(Event.kind == "limits.changed")).one()
    assert (said.person_id, said.data) == (cast.ada.id, {"day_s": 36_000, "week_s": 144_000})
    assert queue.claim(session, other, by=cast.ada) is not None
    assert limits.standing(session, cast.ada).set_at == frozen.time
    limits.change(session, Hours(day_hours=8, week_hours=40), by=cast.ada)
    with pytest.raises(Reached):
        queue.claim(session, one, by=cast.ada)

    # What she worked over midnight belongs to both days; what she takes back to neither.
    frozen.time = TUESDAY - timedelta(hours=1)
    work(session, one, cast.ada, frozen, hours=2)
    assert round(limits.standing(session, cast.ada).today_s) == 3600
    wrong = work(session, one, cast.ada, frozen, hours=7)
    assert limits.standing(session, cast.ada).goes_on_at == TUESDAY + timedelta(days=1)
    wrong.withdrawn_at = frozen.time
    session.flush()
    assert limits.standing(session, cast.ada).goes_on_at is None

    # Forty hours are a week, even on a day that has just begun.
    for day in (2, 3, 4, 5):
        frozen.time = TUESDAY + timedelta(days=day - 1, hours=8)
        work(session, other, cast.ada, frozen, hours=7.5)
    frozen.time = NEXT_MONDAY - timedelta(hours=1)
    with pytest.raises(Reached, match="2026-11-30 00:00"):
        queue.claim(session, one, by=cast.ada)
    frozen.time = NEXT_MONDAY
    assert queue.claim(session, one, by=cast.ada) is not None


def test_nobody_can_change_another_s(session: Session, cast: Cast) -> None:
    """The verb knows whom it is about by who asks: there is no place to name somebody else."""
    assert [*inspect.signature(limits.change).parameters] == ["session", "hours", "by"]
    assert [*Hours.model_fields] == ["day_hours", "week_hours"]
    limits.change(session, Hours(day_hours=1, week_hours=1), by=cast.olga)
    limits.change(session, Hours(day_hours=2, week_hours=2), by=cast.root)
    assert limits.standing(session, cast.ada).day_s == limits.DAY_S
    assert limits.standing(session, cast.olga).day_s == 3600
