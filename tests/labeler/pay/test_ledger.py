"""The ledger: what was earned is there once, from whom to whom, and nobody can change it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from labeler import reconciliation
from labeler.database import Database
from labeler.pay import ledger
from labeler.pay.accounts import Account, AccountKind
from labeler.pay.ledger import Transfer
from labeler.work import queue
from labeler.work.judgments import Judgment
from labeler.work.projects import Project
from tests.cast import Cast, make_cast
from tests.conftest import StoppedClock
from tests.make import judge, judge_next, make_batch, make_project
from tests.tampering import alter, disarm


@pytest.fixture
def project(session: Session, cast: Cast) -> Project:
    """Three pairs, wanted twice each, at 0.35 EUR a judgment."""
    project = make_project(session, cast)
    make_batch(session, project, cast)
    return project


@pytest.fixture
def judgment(session: Session, cast: Cast, project: Project) -> Judgment:
    return judge_next(session, project, cast.ada)


def test_a_judgment_moves_its_pay_from_the_project_to_its_person(
    session: Session, cast: Cast, project: Project, judgment: Judgment
) -> None:
    [transfer] = session.scalars(sa.select(Transfer))
    giver = session.get_one(Account, transfer.from_account_id)
    taker = session.get_one(Account, transfer.to_account_id)
    assert (transfer.amount_minor, transfer.currency) == (35, "EUR")
    assert transfer.judgment_id == judgment.id
    assert (giver.kind, giver.person_id) == (AccountKind.project_cost, None)
    assert (taker.kind, taker.person_id) == (AccountKind.earned_pending, cast.ada.id)


def test_each_sees_their_own_earnings_and_the_owner_the_sum(
    session: Session, cast: Cast, project: Project
) -> None:
    for person in (cast.ada, cast.ada, cast.bea):
        judge_next(session, project, person)
    assert ledger.earned(session, person_id=cast.ada.id) == {"EUR": 70}
    assert ledger.earned(session, person_id=cast.bea.id) == {"EUR": 35}
    assert ledger.earned(session, person_id=cast.rex.id) == {}
    assert ledger.cost(session, project.id) == {"EUR": 105}


def test_currencies_are_never_added_together(session: Session, cast: Cast) -> None:
    for slug, pay in {"yen": ("7", "JPY"), "dinar": ("0.355", "KWD"), "euro": ("1", "EUR")}.items():
        given = {"per_judgment": pay[0], "currency": pay[1]}
        project = make_project(session, cast, slug=slug, pay=given)
        make_batch(session, project, cast)
        judge_next(session, project, cast.ada)
        judge_next(session, project, cast.ada)
    earned = ledger.earned(session, person_id=cast.ada.id)
    assert earned == {"EUR": 200, "JPY": 14, "KWD": 710}
    assert ledger.earned(session, person_id=cast.ada.id, project_id=project.id) == {"EUR": 200}


def test_today_begins_when_one_says(
    session: Session, cast: Cast, project: Project, frozen: StoppedClock
) -> None:
    judge_next(session, project, cast.ada)
    frozen.forward(days=1)
    judge_next(session, project, cast.ada)
    today = datetime(2026, 11, 24, tzinfo=UTC)
    assert ledger.earned(session, person_id=cast.ada.id, since=today) == {"EUR": 35}


def test_unpaid_work_moves_nothing(session: Session, cast: Cast) -> None:
    project = make_project(session, cast, pay={"per_judgment": "0", "currency": "EUR"})
    make_batch(session, project, cast)
    judge_next(session, project, cast.ada)
    assert session.scalar(sa.select(sa.func.count(Transfer.id))) == 0
    assert ledger.earned(session, person_id=cast.ada.id) == {}


def test_what_was_promised_is_paid_whatever_the_project_pays_now(
    session: Session, cast: Cast, project: Project
) -> None:
    assignment = queue.claim(session, project, by=cast.ada)
    assert assignment is not None
    project.pay_minor = 1
    judge(session, assignment, 1, cast.ada)
    assert ledger.earned(session, person_id=cast.ada.id) == {"EUR": 35}


# What the database refuses


def test_a_judgment_earns_once(
    session: Session, cast: Cast, project: Project, judgment: Judgment
) -> None:
    with pytest.raises(IntegrityError, match="key"):
        ledger.earn(
            session,
            project_id=project.id,
            person_id=cast.ada.id,
            judgment_id=judgment.id,
            amount_minor=35,
            currency="EUR",
        )


ALTERATIONS = [
    "UPDATE transfers SET amount_minor = 3500",
    "UPDATE transfers SET at = at",
    "DELETE FROM transfers",
    "UPDATE events SET kind = kind",
    "DELETE FROM events",
    "UPDATE judgments SET preferred = 1",
    "UPDATE judgments SET step = 7, is_current = false",
    "UPDATE judgments SET reason = 'I was told to.'",
    "UPDATE judgments SET gold_right = true",
    "UPDATE judgments SET person_id = person_id",
    "DELETE FROM judgments",
]
AT_ONCE = {
    "sqlite": "REPLACE INTO {table} SELECT * FROM {table} ORDER BY id LIMIT 1",
    "postgresql": "TRUNCATE {table} CASCADE",
}


def test_the_database_refuses_to_alter_what_was_said_and_paid(
    session: Session, judgment: Judgment
) -> None:
    ways = AT_ONCE[session.get_bind().dialect.name]
    at_once = [ways.format(table=table) for table in ("transfers", "events", "judgments")]
    for statement in [*ALTERATIONS, *at_once]:
        with pytest.raises(DBAPIError, match="are appended, never altered"), session.begin_nested():
            session.execute(sa.text(statement))
            pytest.fail(statement)


def test_where_a_judgment_stands_may_move(session: Session, judgment: Judgment) -> None:
    statement = "UPDATE judgments SET is_current = false, state = 'excluded', excluded_at = NULL"
    session.execute(sa.text(statement))


def test_the_database_refuses_unsound_amounts(session: Session, judgment: Judgment) -> None:
    # PostgreSQL rounds what is no whole number; SQLite would keep it.
    fraction = ["12.5"] if session.get_bind().dialect.name == "sqlite" else []
    for amount in ["0", "-35", "1e300", "'much'", *fraction]:
        with pytest.raises(DBAPIError), session.begin_nested():
            _insert(session, amount_minor=amount)
            pytest.fail(amount)


def test_the_database_refuses_to_move_money_nowhere(session: Session, judgment: Judgment) -> None:
    with pytest.raises(IntegrityError, match="ck_transfers_accounts"):
        _insert(session, to_account_id="from_account_id")


def _insert(session: Session, **changes: str) -> None:
    """Insert a copy of the first transfer with other columns, past every verb."""
    columns = {each.name: each.name for each in Transfer.__table__.columns if each.name != "id"}
    columns |= {"key": "'another'"} | changes
    names, values = ", ".join(columns), ", ".join(columns.values())
    session.flush()
    session.execute(
        sa.text(
            f"INSERT INTO transfers ({names}) SELECT {values} FROM transfers ORDER BY id LIMIT 1"
        )
    )


# Looking after the books


def test_sound_books_have_no_faults(session: Session, judgment: Judgment) -> None:
    session.flush()
    assert list(reconciliation.faults(session)) == []


EDITS = [
    "UPDATE transfers SET currency = 'USD'",
    "UPDATE accounts SET currency = 'USD' WHERE kind = 'earned_pending'",
    "UPDATE accounts SET project_id = (SELECT max(id) FROM projects) WHERE kind = 'earned_pending'",
    "UPDATE accounts SET project_id = (SELECT max(id) FROM projects) WHERE person_id IS NULL",
]


def test_a_transfer_that_does_not_fit_its_accounts_is_named(
    session: Session, cast: Cast, judgment: Judgment
) -> None:
    pays = {"per_judgment": "1", "currency": "USD"}
    make_project(session, cast, slug="another", pay=pays)
    disarm(session)
    [transfer_id] = session.scalars(sa.select(Transfer.id))
    for edit in EDITS:
        savepoint = session.begin_nested()
        alter(session, edit)
        assert f"transfer {transfer_id} does not fit its accounts" in reconciliation.faults(session)
        savepoint.rollback()


def test_first_earnings_at_once_open_each_account_once(database: Database) -> None:
    with database.writing() as session:
        cast = make_cast(session)
        project = make_project(session, cast, judgments_per_comparison=8)
        make_batch(session, project, cast, pairs=8)
        judgments = [judge_next(session, project, cast.ada).id for _ in range(8)]
        session.commit()

    def earn(judgment_id: int) -> None:
        with database.writing() as session:
            ledger.earn(
                session,
                project_id=project.id,
                person_id=cast.bea.id,
                judgment_id=judgment_id,
                amount_minor=5,
                currency="USD",
            )
            session.flush()
            session.rollback() if judgment_id == judgments[0] else session.commit()

    with database.writing() as session:  # earlier earnings of the same judgments are in the way
        disarm(session)
        session.execute(sa.delete(Transfer))
        session.execute(sa.delete(Account))
        ledger.open_project(session, project.id, "USD")
        session.commit()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(earn, judgments))
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count(Account.id))) == 2
        assert ledger.earned(session, person_id=cast.bea.id) == {"USD": 35}
