"""Who is erased, who not yet, what the database lets go of and what it does not."""

import threading

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler import audit, clock
from labeler.database import Database
from labeler.errors import Conflict, Forbidden, Invalid, NotFound
from labeler.events import Event
from labeler.pay import destinations, limits
from labeler.pay.destinations import Destination
from labeler.pay.worktime import Interval, Kind, Source
from labeler.people import accounts, memberships, sign_ins, tokens
from labeler.people.accounts import Person
from labeler.people.memberships import Role
from labeler.people.tokens import Scope
from labeler.privacy import erasure, identities
from labeler.privacy.identities import KeptIdentity
from labeler.quality import disputes
from labeler.quality.disputes import Finding
from labeler.quality.explained import About
from labeler.work import opt_ins, queue
from labeler.work.assignments import Assignment, AssignmentState
from labeler.work.opt_ins import Choice, OptIn
from tests.cast import Cast, make_cast
from tests.conftest import StoppedClock
from tests.make import judge_next, make_batch, make_due, make_project, send_pay

ACCOUNT = {"kind": "bank", "name": "Ada", "iban": "DE89370400440532013000"}
ANOTHER = {"kind": "paypal", "name": "Ada", "email": "ada@example.org"}


def test_what_somebody_holds_goes_back_and_all_that_names_them_goes(
    session: Session, cast: Cast
) -> None:
    project = make_project(session, cast)
    make_batch(session, project, cast)
    held = queue.claim(session, project, by=cast.ada)
    assert held is not None
    token = tokens.create(session, cast.ada, label="mine")
    cookie = sign_ins.start(session, cast.ada, browser="Ada's")
    limits.change(session, limits.Hours(day_hours=6, week_hours=30), by=cast.ada)
    opt_ins.choose(session, Choice(hate=1, is_adult=True), by=cast.ada)
    destinations.replace(session, cast.ada, "EUR", ACCOUNT)
    erasure.erase(session, cast.ada, by=cast.ada)
    session.expire_all()

    assert session.get_one(Assignment, held.id).state is AssignmentState.expired
    assert memberships.role_of(session, project.id, cast.ada) is None
    assert sign_ins.person_of(session, cookie) is None
    assert session.get(OptIn, cast.ada.id) is None
    assert tokens.person_of(session, token, Scope.judge) is None
    with pytest.raises(NotFound):
        accounts.find(session, "ada@example.org")
    # Nothing was ever paid, so nothing has to be shown to anybody.
    assert session.scalars(sa.select(KeptIdentity)).all() == []
    assert session.scalars(sa.select(Destination.content)).all() == [{}]
    erased = session.scalars(sa.select(Event).order_by(Event.id.desc()).limit(1)).one()
    assert (erased.kind, erased.data) == ("person.erased", {"subject": cast.ada.id})
    assert [*audit.faults(session)] == []
    # The address is free again, for somebody with another number.
    assert accounts.create(session, "ada@example.org", "Ada", by=None).id != cast.ada.id


def test_what_keeps_somebody_is_said_all_at_once(
    session: Session, cast: Cast, frozen: StoppedClock
) -> None:
    project = make_project(session, cast)
    memberships.remove(session, project.id, cast.ada, by=cast.olga)
    memberships.grant(session, project.id, cast.ada, Role.owner, by=cast.olga)
    for owner in (cast.olga, cast.root):
        memberships.remove(session, project.id, owner, by=cast.root)
    make_due(session, project, cast.ada, 1250)
    dispute = disputes.open(session, project, About.pay, "It is too little.", by=cast.ada)
    with pytest.raises(Conflict) as refusal:
        erasure.erase(session, cast.ada, by=cast.ada)
    owed, objected, only = refusal.value.fields.values()
    assert owed.startswith("12.50 EUR in Helpful answers is not paid out yet")
    assert objected == erasure.OBJECTED
    assert only.startswith("Nobody else owns Helpful answers")
    # One after the other falls away.
    disputes.answer(session, dispute, "It is what was agreed.", Finding.stands, by=cast.root)
    memberships.grant(session, project.id, cast.olga, Role.owner, by=cast.root)
    assert erasure.hindrances(session, cast.ada) == [owed]
    assert erasure.hindrances(session, cast.root) == [erasure.ONLY_ADMIN]


def test_only_they_themselves_or_an_administrator_with_a_reason(
    session: Session, cast: Cast
) -> None:
    with pytest.raises(Forbidden):
        erasure.erase(session, cast.ada, by=cast.olga)
    with pytest.raises(Invalid):
        erasure.erase(session, cast.ada, reason=" ", by=cast.root)
    erasure.erase(session, cast.ada, reason="A letter of 3 May.", by=cast.root)
    session.expire_all()
    assert cast.ada.erased_at is not None


def test_where_money_went_stays_until_accounts_may_go_and_nothing_else_of_it_changes(
    session: Session, cast: Cast, frozen: StoppedClock
) -> None:
    project = make_project(session, cast)
    destinations.replace(session, cast.ada, "USD", ANOTHER)
    destinations.replace(session, cast.ada, "EUR", ACCOUNT)
    make_due(session, project, cast.ada, 500)
    send_pay(session, project, cast, clock.now().date())
    for statement in (sa.update(Destination).values(content={}), sa.delete(Destination)):
        with pytest.raises(sa.exc.DBAPIError), session.begin_nested():
            session.execute(statement)
    erasure.forget(session, session.get_one(Person, cast.ada.id), at=clock.now())
    session.expire_all()
    rows = session.execute(sa.select(Destination.currency, Destination.content))
    kept = dict(rows.all())
    assert kept["USD"] == {} and kept["EUR"]["iban"] == ACCOUNT["iban"]
    for name, value in (("currency", "KES"), ("content", {"kind": "other"})):
        with pytest.raises(sa.exc.DBAPIError), session.begin_nested():
            session.execute(sa.update(Destination).values({name: value}))
    # Who they were is told to an administrator alone, for a reason, on record.
    with pytest.raises(Forbidden):
        identities.read(session, cast.ada.id, "An audit.", by=cast.olga)
    assert identities.read(session, cast.ada.id, "An audit.", by=cast.root).name == "Ada"
    assert (
        session.scalars(sa.select(Event.kind).order_by(Event.id.desc())).first() == "identity.read"
    )


def test_a_week_that_is_not_settled_is_waited_for(
    session: Session, cast: Cast, frozen: StoppedClock
) -> None:
    pay = {"per_judgment": "0.01", "floor_per_hour": "12", "currency": "EUR"}
    project = make_project(session, cast, pay=pay)
    make_batch(session, project, cast)
    judge_next(session, project, cast.ada)
    end = clock.now()
    given = {"project_id": project.id, "person_id": cast.ada.id, "kind": Kind.judging}
    start = end.replace(hour=8)
    session.add(Interval(source=Source.beats, started_at=start, ended_at=end, **given))
    session.flush()
    _owed, week = erasure.hindrances(session, cast.ada)
    assert week.startswith("This week's time in Helpful answers is settled")


def test_of_two_who_go_at_once_somebody_still_administers(database: Database) -> None:
    with database.writing() as session:
        root = make_cast(session).root
        other = accounts.create(session, "r2@example.org", "R2", by=None, is_admin=True)
        session.commit()
    refused: list[Conflict] = []

    def go(number: int) -> None:
        with database.writing() as session:
            person = session.get_one(Person, number)
            try:
                erasure.erase(session, person, by=person)
            except Conflict as conflict:
                refused.append(conflict)
                return
            session.commit()

    second = threading.Thread(target=go, args=(other.id,))
    with database.writing() as session:
        person = session.get_one(Person, root.id)
        erasure.erase(session, person, by=person)
        second.start()
        second.join(0.3)
        session.commit()
    second.join(10)
    assert [str(*each.fields.values()) for each in refused] == [erasure.ONLY_ADMIN]


def test_twice_is_once(session: Session, cast: Cast) -> None:
    project = make_project(session, cast)
    make_batch(session, project, cast)
    judge_next(session, project, cast.ada)
    erasure.forget(session, cast.ada, at=clock.now())
    address = cast.ada.email
    erasure.erase(session, cast.ada, by=cast.ada)
    assert (cast.ada.email, session.scalar(sa.select(sa.func.count(KeptIdentity.id)))) == (
        address,
        1,
    )
