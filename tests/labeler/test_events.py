"""Events: a chain in which nothing can be changed, removed or slipped in without a trace."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler import events
from labeler.database import Database
from labeler.events import GENESIS, Event
from tests.cast import Cast
from tests.conftest import StoppedClock
from tests.tampering import alter, disarm


@pytest.fixture
def chain(session: Session, cast: Cast, frozen: StoppedClock) -> list[Event]:
    """Five events, after those with which the cast came."""
    made = []
    for number in range(5):
        frozen.forward(seconds=1)
        made.append(events.record(session, "test.done", person_id=cast.ada.id, number=number))
    return made


def test_an_event_says_who_did_what_and_when(session: Session, chain: list[Event]) -> None:
    session.expire_all()
    last = chain[-1]
    assert last.kind == "test.done"
    assert last.data == {"number": 4}
    assert last.at.isoformat() == "2026-11-23T09:00:05+00:00"
    assert last.project_id is None


def test_each_event_carries_the_hash_of_the_one_before(
    session: Session, chain: list[Event]
) -> None:
    stored = session.scalars(sa.select(Event).order_by(Event.id)).all()
    assert [event.previous for event in stored] == [GENESIS, *(e.digest for e in stored[:-1])]
    assert list(events.breaks(session)) == []


def test_what_an_event_holds_comes_back_as_it_was_hashed(session: Session, cast: Cast) -> None:
    odd = {
        "text": 'Æ "quoted" \\ \x00 \ud800 \u2028',
        "list": [1, 2.5, None, True],
        "deep": {"b": {}},
    }
    events.record(session, "test.odd", person_id=None, **odd)
    session.expire_all()
    assert list(events.breaks(session)) == []


EDITS = [
    "UPDATE events SET data = '{\"number\": 7}' WHERE id = {id}",
    "UPDATE events SET kind = 'test.undone' WHERE id = {id}",
    "UPDATE events SET person_id = NULL WHERE id = {id}",
    "UPDATE events SET at = '2026-11-23 09:00:04' WHERE id = {id}",
]


def test_a_changed_event_is_named(session: Session, chain: list[Event]) -> None:
    third = chain[2].id
    disarm(session)
    for edit in EDITS:
        savepoint = session.begin_nested()
        alter(session, edit.replace("{id}", str(third)))
        assert list(events.breaks(session)) == [third]
        savepoint.rollback()


def test_a_removed_event_is_noticed_at_the_next(session: Session, chain: list[Event]) -> None:
    third, fourth = chain[2].id, chain[3].id
    disarm(session)
    alter(session, f"DELETE FROM events WHERE id = {third}")
    session.expunge_all()
    assert list(events.breaks(session)) == [fourth]


def test_an_event_made_up_with_a_hash_of_its_own_is_noticed_at_the_next(
    session: Session, chain: list[Event]
) -> None:
    forged = chain[2]
    disarm(session)
    forged.data = {"number": 7}
    forged.digest = events.digest(forged)
    session.flush()
    assert list(events.breaks(session)) == [chain[3].id]


def test_many_at_once_make_one_chain(database: Database) -> None:
    def record_some(person: int) -> None:
        for number in range(25):
            with database.writing() as session:
                events.record(session, "test.done", person_id=None, person=person, number=number)
                session.commit()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(record_some, range(4)))
    with database.reading() as session:
        assert list(events.breaks(session)) == []
        assert session.scalar(sa.select(sa.func.count(Event.id))) == 100
