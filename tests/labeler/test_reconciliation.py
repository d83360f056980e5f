"""Reconciliation: silent about what verbs did, and naming whatever somebody else did to the books.

Twenty ways to tamper with the ledger by plain SQL, by somebody with the database's own password:
either the database refuses, or, with its triggers taken away, reconciliation names it.
"""

from contextlib import nullcontext
from datetime import date

import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from labeler import reconciliation
from labeler.database import Database
from labeler.pay import destinations, earnings, ledger, payouts, runs, seals
from labeler.pay.ledger import Transfer
from labeler.pay.payouts import PayoutState
from labeler.work.projects import Project
from tests.cast import Cast, make_cast
from tests.conftest import StoppedClock
from tests.make import earned_by, judge_next, make_batch, make_project, send_pay
from tests.tampering import alter, disarm


@pytest.fixture
def books(session: Session, cast: Cast, frozen: StoppedClock) -> Project:
    """Money at every place: pending, held, refused, due, on its way, arrived and come back."""
    project = make_project(session, cast, judgments_per_comparison=2)
    other = make_project(session, cast, slug="other", pay={"per_judgment": "1", "currency": "KES"})
    for each in (project, other):
        make_batch(session, each, cast, pairs=4)
    first, second = (judge_next(session, project, cast.ada) for _ in range(2))
    judge_next(session, project, cast.bea)
    judge_next(session, other, cast.ada)
    for held in (earned_by(session, first), earned_by(session, second)):
        earnings.hold(session, held, reason="It is disputed.", by=cast.olga)
    earnings.refuse(session, earned_by(session, first), reason="Made by a machine.", by=cast.rex)
    give(session, project, cast, 120)
    frozen.forward(days=4)
    judge_next(session, project, cast.ada)
    for each in (project, other):
        [*earnings.approve_due(session, each.id)]
    bank = {"kind": "other", "name": "Ada", "provider": "A bank", "account": "1"}
    destinations.replace(session, cast.ada, "EUR", bank)
    send(session, project, cast, date(2026, 11, 1), PayoutState.confirmed)
    give(session, project, cast, 40, source="2")
    frozen.forward(days=4)
    [*earnings.approve_due(session, project.id)]
    send(session, project, cast, date(2026, 11, 2), PayoutState.unknown)
    give(session, project, cast, 9, source="3")
    frozen.forward(days=4)
    [*earnings.approve_due(session, project.id)]
    session.flush()
    return project


def give(session: Session, project: Project, cast: Cast, minor: int, source: str = "1") -> Transfer:
    whom = project.id, cast.ada, "EUR", minor
    return earnings.give_bonus(session, *whom, reason="Thank you.", source=source, by=cast.olga)


def send(session: Session, project: Project, cast: Cast, end: date, outcome: PayoutState) -> None:
    run = send_pay(session, project, cast, end)
    [ada] = [one for one in payouts.of_run(session, run.id) if one.state is PayoutState.sent]
    runs.settle(session, run, {ada.id: outcome}, by=cast.olga)


def seal(session: Session) -> None:
    """Put a seal on everything, within the one transaction of this test."""
    assert list(seals.seal(session, lambda: nullcontext(session))) == [None, None]


def found(session: Session, *statements: str) -> list[str]:
    savepoint = session.begin_nested()
    for statement in statements:
        alter(session, statement)
    said = [*reconciliation.faults(session)]
    savepoint.rollback()
    session.expire_all()
    return said


def test_what_verbs_did_adds_up(session: Session, cast: Cast, books: Project) -> None:
    assert [*reconciliation.faults(session)] == []
    standing = ledger.standing(session, person_id=cast.ada.id)
    assert {kind.value: n for kind, n in standing[books.id, "EUR"].items()} == {
        "earned_pending": 0,
        "held": 35,
        "earned_approved": 9,
        "payout_in_flight": 75,
        "paid": 120,
    }
    assert ledger.earned(session, person_id=cast.ada.id, project_id=books.id) == {"EUR": 239}


MINE = "(SELECT id FROM accounts WHERE kind = 'earned_pending' AND currency = 'EUR' LIMIT 1)"
COST = "(SELECT id FROM accounts WHERE kind = 'project_cost' AND currency = 'EUR')"
LAST = "(SELECT max(id) FROM transfers)"
FIRST = "(SELECT min(id) FROM transfers WHERE kind = 'judgment')"
COPY = (
    "INSERT INTO transfers (project_id, from_account_id, to_account_id, amount_minor, currency,"
    " key, kind, about_id, judgment_id, reason, at) SELECT project_id, {giver}, {taker},"
    " amount_minor, {currency}, 'made up', {kind}, {about}, {judgment}, '', at FROM transfers"
    f" WHERE id = {FIRST}"
)
AS_IT_WAS = {
    "giver": "from_account_id",
    "taker": "to_account_id",
    "currency": "currency",
    "kind": "kind",
    "about": "about_id",
    "judgment": "judgment_id",
}


def copy(**changes: str) -> str:
    return COPY.format(**(AS_IT_WAS | changes))


TAMPERINGS = {
    "another amount": f"UPDATE transfers SET amount_minor = 3500 WHERE id = {FIRST}",
    "another amount, balance and all": (
        "UPDATE transfers SET amount_minor = amount_minor + 1 WHERE kind = 'bonus';"
        "UPDATE accounts SET balance_minor = balance_minor + 1 WHERE kind = 'earned_approved'"
        " AND balance_minor = 9"
    ),
    "another currency": f"UPDATE transfers SET currency = 'USD' WHERE id = {FIRST}",
    "another person's account": f"UPDATE transfers SET to_account_id = {COST} WHERE id = {LAST}",
    "another moment": f"UPDATE transfers SET at = '2020-01-01 00:00:00' WHERE id = {FIRST}",
    "another reason": "UPDATE transfers SET reason = 'She agreed.' WHERE kind = 'refusal'",
    "nobody who decided": "UPDATE transfers SET by_id = NULL WHERE kind = 'refusal'",
    "another kind": "UPDATE transfers SET kind = 'correction' WHERE kind = 'refusal'",
    "another judgment": f"UPDATE transfers SET judgment_id = NULL WHERE id = {FIRST}",
    "a transfer less": f"DELETE FROM transfers WHERE id = {LAST}",
    "a transfer less in the middle": "DELETE FROM transfers WHERE kind = 'bonus'",
    "a judgment paid twice": copy(),
    "a payment for nothing": copy(judgment="NULL"),
    "a payment in another currency": copy(currency="'USD'", judgment="NULL", kind="'bonus'"),
    "money from nowhere": copy(giver=MINE, taker=COST, kind="'bonus'", judgment="NULL"),
    "a refusal of nothing": copy(giver=MINE, taker=COST, kind="'refusal'", judgment="NULL"),
    "a fuller account": "UPDATE accounts SET balance_minor = balance_minor + 1 WHERE kind = 'paid'",
    "an account below zero": "UPDATE accounts SET balance_minor = -1 WHERE kind = 'paid'",
    "an account of somebody else": (
        "UPDATE accounts SET person_id = (SELECT max(id) FROM people) WHERE kind = 'paid'"
    ),
    "an account of another kind": "UPDATE accounts SET kind = 'rounding' WHERE kind = 'held'",
    "an account less": "DELETE FROM accounts WHERE kind = 'paid'",
    "a seal made anew": "UPDATE seals SET transfers = transfers + 1",
}
HELD_BY_KEYS = {"a transfer less", "an account less"}
"""What other rows refer to, so that it stays with or without triggers."""
LET_THROUGH = {"a fuller account", "a judgment paid twice", "a payment for nothing"}
"""What the database cannot know to be wrong, so that only reconciliation names it."""
LET_THROUGH |= {"money from nowhere", "a refusal of nothing"}


def test_the_database_refuses_most_tamperings(session: Session, books: Project) -> None:
    seal(session)
    through = set()
    for name, statements in TAMPERINGS.items():
        savepoint = session.begin_nested()
        try:
            for statement in statements.split(";"):
                alter(session, statement)
            through.add(name)
        except DBAPIError:
            pass
        savepoint.rollback()
    assert through == LET_THROUGH


@pytest.mark.usefixtures("database")  # of its own: a pragma is not undone with the transaction
def test_without_its_triggers_every_tampering_is_named(session: Session, books: Project) -> None:
    seal(session)
    assert [*reconciliation.faults(session)] == []
    disarm(session)
    for name, statements in TAMPERINGS.items():
        savepoint = session.begin_nested()
        try:
            assert found(session, *statements.split(";")) != [], name
        except IntegrityError:
            assert name in HELD_BY_KEYS
        savepoint.rollback()


def test_what_is_sealed_names_the_seal_that_was_broken(database: Database) -> None:
    with database.writing() as session:
        cast = make_cast(session)
        project = make_project(session, cast)
        make_batch(session, project, cast)
        for _ in range(2):
            judge_next(session, project, cast.ada)
            session.commit()
            for _ in seals.seal(session, database.reading):
                session.commit()
        assert list(seals.seal(session, database.reading)) == [None]  # nothing new
        session.commit()
        disarm(session)
        assert list(seals.breaks(session)) == []
        alter(session, "UPDATE transfers SET at = '2020-01-01 00:00:00' WHERE kind = 'judgment'")
        assert list(seals.breaks(session)) == [1, 2]
