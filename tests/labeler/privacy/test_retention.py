"""What is kept no longer goes, and nothing else; a report says so beforehand."""

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler import audit, clock
from labeler.pay import destinations
from labeler.pay.destinations import Destination
from labeler.pay.worktime import Interval, Kind, Source
from labeler.people import accounts, sign_ins, tokens
from labeler.people.accounts import Person
from labeler.people.sign_ins import SignIn, SignInLink
from labeler.people.tokens import Token
from labeler.privacy import erasure, retention
from labeler.privacy.identities import KeptIdentity
from labeler.privacy.retention import Periods
from tests.cast import Cast
from tests.conftest import StoppedClock
from tests.make import make_due, make_project, send_pay

PERIODS = Periods()
NOTHING = dict.fromkeys((rule.table for rule in retention.RULES), 0)


def told(session: Session) -> dict[str, int]:
    return {rule.table: number for rule, number in retention.report(session, PERIODS)}


def rows(session: Session, model: type) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(model)) or 0


def test_what_has_ended_goes_after_its_time(
    session: Session, cast: Cast, frozen: StoppedClock
) -> None:
    project = make_project(session, cast)
    accounts.set_password(session, cast.ada, "hashed")
    for person in (cast.ada, cast.bea):
        sign_ins.make_link(session, person, by=cast.olga)
        sign_ins.start(session, person)
        tokens.create(session, person)
    tokens.revoke(session, tokens.current(session, cast.ada)[0].id, by=cast.ada)
    now = clock.now()
    session.add(
        Interval(
            project_id=project.id,
            person_id=cast.ada.id,
            kind=Kind.judging,
            source=Source.beats,
            started_at=now,
            ended_at=now,
            page="1",
            told_at=now,
            touched_at=now,
        )
    )
    session.flush()
    frozen.forward(days=89)
    assert told(session) == NOTHING
    frozen.forward(days=130)
    # Bea has no password: her link says who was the first to invite her. Her token works still.
    due = NOTHING | {"sign_ins": 2, "sign_in_links": 1, "tokens": 1, "intervals": 1}
    assert told(session) == due
    assert told(session) == due  # to look changes nothing
    gone = {rule.table: number for rule, number in retention.apply(session, PERIODS)}
    assert NOTHING | gone == due
    assert (rows(session, SignIn), rows(session, SignInLink), rows(session, Token)) == (0, 1, 1)
    [worked] = session.scalars(sa.select(Interval).execution_options(populate_existing=True))
    assert (worked.touched_at, worked.told_at, worked.ended_at) == (None, None, now)
    assert told(session) == NOTHING and [*retention.apply(session, PERIODS)] == []
    assert [*audit.faults(session)] == []


def test_who_was_paid_is_forgotten_for_good_after_ten_whole_years(
    session: Session, cast: Cast, frozen: StoppedClock
) -> None:
    project = make_project(session, cast)
    account = {"kind": "bank", "name": "Ada", "iban": "DE89370400440532013000"}
    destinations.replace(session, cast.ada, "EUR", account)
    make_due(session, project, cast.ada, 500)
    send_pay(session, project, cast, clock.now().date())
    erasure.forget(session, session.get_one(Person, cast.ada.id), at=clock.now())
    frozen.time = frozen.time.replace(year=2036, month=12, day=31, hour=23)
    assert told(session)["kept_identities"] == 0
    frozen.forward(hours=1)
    assert [number for _, number in retention.apply(session, PERIODS)] == [1]
    assert rows(session, KeptIdentity) == 0
    session.expire_all()
    [place] = session.scalars(sa.select(Destination))
    assert place.content == {} and place.details.name == ""


def test_a_great_many_go_step_by_step(
    session: Session, cast: Cast, frozen: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        sign_ins.start(session, cast.ada)
    frozen.forward(days=300)
    monkeypatch.setattr(retention, "CHUNK", 2)
    assert [number for _, number in retention.apply(session, PERIODS)] == [2, 2, 1]
