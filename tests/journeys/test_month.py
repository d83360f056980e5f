"""A month of forty people in four countries: worked, settled, told and paid, each cent once.

Every step of every pay run is done, forgotten before it was saved, done again, and done once more
after it was saved and nobody heard of it: as programs do that are killed between any two steps.
"""

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from importlib import resources
from typing import TypeVar

import pytest
import xmlschema
from schwifty import IBAN
from sqlalchemy.orm import Session

from labeler import audit, reconciliation
from labeler.cli import refreshing
from labeler.database import Database
from labeler.pay import (
    destinations,
    dues,
    ledger,
    mappings,
    missed,
    payouts,
    rates,
    results,
    runs,
    statements,
    wages,
)
from labeler.pay.accounts import AccountKind
from labeler.pay.payouts import PayoutState
from labeler.pay.rails.making import Rail
from labeler.pay.runs import PayRun, RunState
from labeler.pay.worktime import Kind
from labeler.people import accounts, memberships
from labeler.people.accounts import Person
from labeler.people.memberships import Placement, Role
from labeler.work.projects import Project
from tests.cast import Cast, make_cast
from tests.conftest import StoppedClock
from tests.make import judge_next, make_batch, make_project

EACH = 10
"""How many people work in each country."""
RATES = {
    "FR": ("EUR", "0.40", "12.02"),
    "DE": ("EUR", "0.40", "13.90"),
    "KE": ("KES", "10", "100"),
    "UG": ("UGX", "300", "5000"),
}
PAIN = resources.files("sepaxml") / "schemas" / "pain.001.001.09.xsd"
RAILS = {"EUR": Rail.sepa, "KES": Rail.mpesa, "UGX": Rail.plain}
MONDAYS = [date(2026, 11, 30) + timedelta(weeks=n) for n in range(4)]
MINUTES = 47
Found = TypeVar("Found")


@pytest.fixture
def month(database: Database, frozen: StoppedClock) -> Iterator[tuple[Project, Cast]]:
    """Let them work for four weeks, and two weeks pass."""
    with database.writing() as session:
        cast = make_cast(session)
        project = make_project(session, cast, judgments_per_comparison=40)
        memberships.grant(session, project.id, cast.mallory, Role.owner, by=cast.olga)
        make_batch(session, project, cast, pairs=8)
        wages.load(session, wages.shipped(), by=None)
        everybody = [*hire(session, project, cast)]
        session.commit()
        for monday in MONDAYS:
            frozen.time = datetime(monday.year, monday.month, monday.day, 9, tzinfo=UTC)
            for person in everybody:
                work(session, project, person, frozen)
            session.commit()
            frozen.forward(days=6)
            refreshing.pay(database)
    for day in (11, 15):  # the last week is settled, and then due
        frozen.time = datetime(2027, 1, day, 1, tzinfo=UTC)
        refreshing.pay(database)
    yield project, cast


def hire(session: Session, project: Project, cast: Cast) -> Iterator[Person]:
    for place, (currency, each, hour) in RATES.items():
        said = {"place": place, "currency": currency, "per_judgment": each, "floor_per_hour": hour}
        rates.publish(session, project.id, rates.read(said), by=cast.olga)
        for n in range(EACH):
            email = f"{place.lower()}-{n}@example.org"
            person = accounts.create(session, email, f"Person {place} {n}", by=cast.olga)
            memberships.grant(session, project.id, person, Role.annotator, by=cast.olga)
            memberships.place(session, project.id, person, Placement(place=place), by=cast.olga)
            destinations.replace(session, person, currency, destination(place, n, person))
            yield person


def destination(place: str, n: int, person: Person) -> dict[str, str]:
    match place:
        case "FR" | "DE":
            account = f"{n if place == 'DE' else 50 + n:010d}"
            iban = IBAN.generate("DE", bank_code="37040044", account_code=account)
            return {"kind": "bank", "name": person.name, "iban": str(iban)}
        case "KE":
            return {
                "kind": "mobile",
                "name": person.name,
                "country": "KE",
                "phone": f"2547{n:08d}",
                "network": "Safaricom",
            }
    return {"kind": "other", "name": person.name, "provider": "Bank of the town", "account": f"{n}"}


def work(session: Session, project: Project, person: Person, time: StoppedClock) -> None:
    """Judge, and add what was read before."""
    judge_next(session, project, person)
    span = {
        "started_at": time.time - timedelta(minutes=MINUTES),
        "ended_at": time.time,
    }
    missed.add(session, project.id, by=person, **span, kind=Kind.judging, note="On paper.")


def test_everybody_is_told_and_paid_once(
    database: Database, month: tuple[Project, Cast], frozen: StoppedClock
) -> None:
    project, cast = month
    with database.writing() as session:
        mappings.lay_out(session, project.id, Rail.sepa, PAYER, by=cast.olga)
        session.commit()
        earned = earnings_of(session, project)
        assert_floors_hold(session, project, earned)
        assert_told(session, project, earned)
        for currency, rail in RAILS.items():
            pay(session, project, cast, currency, rail, frozen)
        for kind, minor in sums(session, project).items():
            assert minor == 0 or kind in (AccountKind.paid, AccountKind.earned_approved)
        assert earnings_of(session, project) == earned  # nobody has more than they earned
        assert [*reconciliation.faults(session)] == [*audit.faults(session)] == []


PAYER = {"name": "Labelling Society", "iban": "DE89370400440532013000"}


def earnings_of(session: Session, project: Project) -> dict[int, dict[str, int]]:
    return ledger.earned_by_person(session, project.id)


def sums(session: Session, project: Project) -> Counter[AccountKind]:
    found: Counter[AccountKind] = Counter()
    for person_id in ledger.earned_by_person(session, project.id):
        for standing in ledger.standing(session, person_id=person_id).values():
            found.update(standing)
    return found


def assert_floors_hold(
    session: Session, project: Project, earned: dict[int, dict[str, int]]
) -> None:
    """Each hour of each person is worth the floor of their place."""
    assert len(earned) == EACH * len(RATES)
    for place, (currency, _each, hour) in RATES.items():
        for n in range(EACH):
            person = accounts.find(session, f"{place.lower()}-{n}@example.org")
            hours = Decimal(MINUTES * len(MONDAYS)) / 60
            least = Decimal(hour) * hours * (1 if currency == "UGX" else 100)
            assert least <= earned[person.id][currency] < least + len(MONDAYS)


def assert_told(session: Session, project: Project, earned: dict[int, dict[str, int]]) -> None:
    """What statements say adds up to what was earned: the last week's top-up is January's."""
    for person_id, sums in earned.items():
        [(currency, total)] = sums.items()
        told = [statements.read(each) for each in statements.of_person(session, person_id)]
        drawn = statements.draw_up(
            session, project.id, person_id, currency, date(2027, 1, 1), number=9
        )
        assert sum(one.gained_minor for one in told) == drawn.before_minor
        assert drawn.before_minor + drawn.gained_minor == total
        december = next(one for one in told if one.first_day == "2026-12-01")
        assert [line.kind for line in december.lines if line.side == "gives"].count("topup") == 3


def pay(
    session: Session, project: Project, cast: Cast, currency: str, rail: Rail, time: StoppedClock
) -> None:
    """Pay everybody in a currency; one of them fails, and is paid by the next run."""
    before = Counter(due(session, project, currency))
    assert len(before) == (2 * EACH if currency == "EUR" else EACH)
    first = run(session, project, cast, currency, rail, date(2026, 12, 31), fails=1)
    left = due(session, project, currency)
    time.forward(days=1)
    second = run(session, project, cast, currency, rail, date(2027, 1, 1), fails=0)
    paid: Counter[int] = Counter()
    for each in (first, second):
        for payout in payouts.of_run(session, each.id):
            if payout.state is PayoutState.confirmed:
                paid[payout.person_id] += payout.amount_minor
    carried = Counter(due(session, project, currency))
    assert paid + carried == before
    assert max(carried.values(), default=0) < (100 if rail is Rail.mpesa else 1)
    assert sum(minor >= 100 for minor in left.values()) >= 1


def due(session: Session, project: Project, currency: str) -> dict[int, int]:
    found = dues.by_person(session, project.id, currency)
    return {person_id: one.approved_minor for person_id, one in found.items()}


def run(
    session: Session,
    project: Project,
    cast: Cast,
    currency: str,
    rail: Rail,
    end: date,
    *,
    fails: int,
) -> PayRun:
    """Go through one pay run, every step of it killed before and after it is saved."""
    made = survive(
        session,
        lambda: runs.draft(
            session, project.id, currency, rail, period_end=end, pay_on=end, by=cast.olga
        ),
    )
    survive(session, lambda: runs.approve(session, made, by=cast.mallory))
    filed = survive(
        session, lambda: runs.file(session, made, runs.written(session, made), by=cast.olga)
    )
    CHECKS[rail](filed.content, filed.count)
    survive(session, lambda: runs.mark_sent(session, made, by=cast.olga))
    references = [
        payout.reference
        for payout in payouts.of_run(session, made.id)
        if payout.state is PayoutState.sent
    ]
    assert len(references) == filed.count
    said = [
        f"{reference},{'failed' if n < fails else 'confirmed'}"
        for n, reference in enumerate(references)
    ]
    table = "\n".join(["reference,status", *said]).encode()
    survive(session, lambda: results.apply(session, made, table, by=cast.olga))
    session.refresh(made)
    assert made.state is RunState.closed
    return made


def survive(session: Session, step: Callable[[], Found]) -> Found:
    """Do a step, be killed before it is saved; do it, be killed after that; and do it again."""
    step()
    session.rollback()
    done = step()
    session.commit()
    step()
    session.commit()
    return done


def is_sepa(content: bytes, count: int) -> None:
    """It is valid by the published schema, in the version that banks take."""
    assert b"urn:iso:std:iso:20022:tech:xsd:pain.001.001.09" in content
    schema = xmlschema.XMLSchema(str(PAIN))
    schema.validate(io.BytesIO(content))
    assert content.count(b"<CdtTrfTxInf>") == count


def is_in_shillings(content: bytes, count: int) -> None:
    header, *rows = csv.reader(io.StringIO(content.decode()))
    amounts = [dict(zip(header, row, strict=True)) for row in rows]
    assert len(rows) == count
    [column] = [name for name in header if "amount" in name.lower()]
    assert all(row[column].isdigit() for row in amounts)


def is_a_table(content: bytes, count: int) -> None:
    assert len([*csv.reader(io.StringIO(content.decode()))]) == count + 1


CHECKS = {Rail.sepa: is_sepa, Rail.mpesa: is_in_shillings, Rail.plain: is_a_table}
