"""How much an endpoint is asked, and how it rests when it does not answer."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from labeler.endpoints import pacing, registry, taking
from labeler.endpoints.pacing import EndpointLine
from labeler.work.projects import Project
from tests.cast import Cast
from tests.conftest import StoppedClock
from tests.labeler.endpoints import asking
from tests.make import make_project

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
RARE = {"timeout_s": 5}


@pytest.fixture
def project(session: Session, cast: Cast, frozen: StoppedClock) -> Project:
    return make_project(session, cast)


@given(st.integers(1, 400), st.lists(st.floats(0, 30), min_size=1, max_size=60))
def test_no_minute_ever_has_more_calls_than_it_may(per_minute: int, pauses: list[float]) -> None:
    line = EndpointLine(name="x", concurrent=99, per_minute=per_minute, misses=0)
    begun, now = list[datetime](), START
    for pause in pauses:
        now += timedelta(seconds=pause)
        for _ in range(per_minute):  # as many as it lets
            if line.opens_at(now) > now:
                break
            line.next_at = pacing.after(line, now)
            begun.append(now)
    minute = timedelta(minutes=1)
    for first in begun:
        assert sum(first <= at < first + minute for at in begun) <= per_minute


@pytest.mark.parametrize("per_minute", [1, 7, 60, 600])
def test_a_line_that_is_always_busy_has_all_the_calls_that_it_may(per_minute: int) -> None:
    line = EndpointLine(name="x", concurrent=99, per_minute=per_minute, misses=0)
    now, begun = START, 0
    while now < START + timedelta(minutes=10):
        line.next_at = pacing.after(line, now)
        begun += 1
        now = line.opens_at(now)
    assert 0.85 * per_minute * 10 <= begun <= per_minute * 10


def test_calls_that_are_paced_come_one_after_the_other(
    session: Session, project: Project, frozen: StoppedClock
) -> None:
    endpoint = asking.add(session, limits={"per_minute": 6, "concurrent": 9})
    for key in "123":
        asking.ask(session, endpoint, project, key)
    asking.take(session)
    assert taking.take(session, asking.BY) is None
    assert taking.due(session)  # so whoever makes calls stays
    frozen.forward(seconds=9.9)
    assert taking.take(session, asking.BY) is None
    frozen.forward(seconds=0.1)
    asking.take(session)
    assert taking.take(session, asking.BY) is None


def test_no_more_calls_are_under_way_than_the_endpoint_takes(
    session: Session, project: Project
) -> None:
    endpoint = asking.add(session, limits={"concurrent": 2})
    for key in "123":
        asking.ask(session, endpoint, project, key)
    first, _second = asking.take(session, "one"), asking.take(session, "other")
    assert taking.take(session, "one") is None
    assert taking.finish(session, first, asking.reply())
    assert asking.take(session, "one").messages == asking.hello("3")


def test_whoever_asks_too_often_leaves_the_server_alone_for_as_long_as_it_says(
    session: Session, project: Project, frozen: StoppedClock
) -> None:
    endpoint = asking.add(session)
    for key in "12":
        asking.ask(session, endpoint, project, key)
    fault = replace(asking.BUSY, status=429, retry_after_s=7.5)
    assert taking.fail(session, asking.take(session), fault)
    frozen.forward(seconds=7.4)
    assert taking.take(session, asking.BY) is None  # nor the other one
    assert not taking.due(session)
    frozen.forward(seconds=0.1)
    assert asking.take(session).messages == asking.hello("1")


def test_a_dead_endpoint_rests_longer_each_time_and_is_tried_by_one_call(
    session: Session, project: Project, frozen: StoppedClock
) -> None:
    endpoint = asking.add(session, limits={"attempts": 20})
    for key in "1234567":
        asking.ask(session, endpoint, project, key)
    for taken in [asking.take(session) for _ in range(4)]:  # four at once
        taking.fail(session, taken, asking.BUSY)
    rests = list[float]()
    for _ in range(10):
        line = pacing.locked(session, "here")
        assert line.rests_until is not None
        rests.append((line.rests_until - frozen.time).total_seconds())
        assert taking.take(session, asking.BY) is None
        frozen.time = line.rests_until
        probe = asking.take(session)
        assert taking.take(session, asking.BY) is None
        taking.fail(session, probe, asking.BUSY)
    assert rests == [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    frozen.forward(seconds=300)
    taking.finish(session, asking.take(session), asking.reply())
    assert len([asking.take(session) for _ in range(4)]) == 4


def test_what_a_dead_endpoint_is_asked_holds_up_nobody_else(
    session: Session, project: Project, frozen: StoppedClock
) -> None:
    dead, alive = asking.add(session, "dead"), asking.add(session, "alive")
    for number in range(12):
        asking.ask(session, dead, project, f"d{number}", priority=10)
        asking.ask(session, alive, project, f"a{number}")
    answered = 0
    for _ in range(40):
        taken = taking.take(session, asking.BY)
        if taken is None:
            break
        if taken.line == "dead":
            taking.fail(session, taken, asking.BUSY)
        else:
            answered += taking.finish(session, taken, asking.reply())
    assert answered == 12  # while no time has passed at all


def test_a_new_profile_ends_the_rest(session: Session, project: Project) -> None:
    endpoint = asking.add(session)
    for key in "1234":
        asking.ask(session, endpoint, project, key)
    for taken in [asking.take(session) for _ in range(3)]:
        taking.fail(session, taken, asking.BUSY)
    assert taking.take(session, asking.BY) is None
    registry.revise(session, asking.profile(model="repaired"), by=None)
    assert asking.take(session).messages == asking.hello("4")
