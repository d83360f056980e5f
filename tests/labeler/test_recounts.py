"""Running totals: after everything that verbs do they are what a recount finds."""

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler import recounts
from labeler.work.counts import Count, Topic
from labeler.work.projects import Project
from labeler.work.tallies import Tally
from tests.cast import Cast
from tests.conftest import StoppedClock
from tests.lives import live
from tests.make import load_rows, make_project, make_row


@pytest.fixture
def project(session: Session, cast: Cast, frozen: StoppedClock) -> Project:
    """Some of everything."""
    return live(session, cast, frozen)


def test_what_verbs_count_is_what_a_recount_finds(session: Session, project: Project) -> None:
    assert list(recounts.faults(session)) == []
    topics = session.scalars(sa.select(Count.topic).distinct()).all()
    assert set(topics) == set(Topic)


def test_each_total_that_is_off_is_named(session: Session, project: Project, cast: Cast) -> None:
    for column in ("given", "skipped", "judged", "counted", "gold", "gold_right", "chose_a"):
        savepoint = session.begin_nested()
        session.execute(sa.text(f"UPDATE tallies SET {column} = {column} + 1"))
        found = list(recounts.faults(session))
        tallies = session.scalars(sa.select(sa.func.count(Tally.person_id))).one()
        assert len(found) == tallies
        assert all(f" says {column} " in fault for fault in found)
        savepoint.rollback()
    for topic in Topic:
        savepoint = session.begin_nested()
        key = session.scalars(sa.select(sa.func.max(Count.key)).where(Count.topic == topic)).one()
        session.execute(
            sa.update(Count).where(Count.topic == topic, Count.key == key).values(n=Count.n + 1)
        )
        [fault, *_] = recounts.faults(session)
        assert f" {topic.value} " in fault
        savepoint.rollback()
    session.execute(sa.text("UPDATE comparisons SET votes = votes + 1 WHERE judged > 0"))
    assert "other votes" in next(recounts.faults(session))
    session.execute(sa.text("UPDATE lanes SET wanted = wanted + 1"))
    assert next(recounts.faults(session)).startswith("lane ")


def test_a_lane_that_hides_its_work_is_named(session: Session, cast: Cast) -> None:
    load_rows(session, make_project(session, cast), [make_row(1)], by=cast.olga)
    session.execute(sa.text("UPDATE lanes SET spent_at = supply"))
    [fault] = recounts.faults(session)
    assert fault.endswith("says that nothing is left in it, and something is")


def test_totals_can_be_written_anew(session: Session, project: Project) -> None:
    before = session.scalars(sa.select(sa.func.sum(Count.n)).where(Count.topic == Topic.took)).one()
    session.execute(sa.text("UPDATE counts SET n = 7"))
    session.execute(sa.text("UPDATE tallies SET judged = 7"))
    recounts.rebuild(session)
    assert list(recounts.faults(session)) == []
    after = session.scalars(sa.select(sa.func.sum(Count.n)).where(Count.topic == Topic.took)).one()
    assert after == before
