"""Weeks: what a week's time adds to what its judgments earned, booked once the week is over.

By the model `floor` that is what was missing to the floor, by the model `hourly` the hours; by both
what the work costs. It follows from the time and the rate alone, so nobody has to ask for it. Where
time is added later, what it adds is booked then. Nothing is ever taken back: time that its person
withdraws afterwards stays paid. What was refused of a judgment's pay (see `earnings`) is not made
up for by the floor.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler import clock
from labeler.pay import ledger, rates, reckoning, worktime
from labeler.pay.accounts import AccountKind, Place
from labeler.pay.ledger import Transfer, TransferKind
from labeler.pay.rates import EVERYWHERE, Rate
from labeler.pay.reckoning import LineKind, Reckoning
from labeler.people.memberships import Membership

LOOKED_AT = 4
"""How many weeks back time may still have been added, with one to spare (see `missed`)."""
BOOKED = {
    LineKind.topup: TransferKind.topup,
    LineKind.hours: TransferKind.hours,
    LineKind.allowance: TransferKind.allowance,
}


class Week(NamedTuple):
    """Which week of whom: a project, a Monday, a person, a currency."""

    project_id: int
    monday: date
    person_id: int
    currency: str

    @property
    def source(self) -> str:
        """What transfers of this week are named after."""
        return f"{self.project_id}:{self.monday}:{self.person_id}:{self.currency}"


def settle_due(session: Session, project_id: int) -> Iterator[None]:
    """Book what the last weeks add, as far as it is not booked; yield after each, for a commit."""
    this = worktime.monday(clock.now().date())
    for back in range(LOOKED_AT, 0, -1):
        monday = this - back * worktime.WEEK
        for week, found in _reckoned(session, project_id, monday).items():
            _book(session, week, found)
        yield


def so_far(session: Session, project_id: int, person_id: int) -> tuple[Rate, Reckoning] | None:
    """Return what this week comes to until now, by the person's rate; None if there is no rate."""
    monday = worktime.monday(clock.now().date())
    span = _span(monday)
    history = rates.history(session, project_id)
    rate = _rates(session, project_id, history, span.end, [person_id]).get(person_id)
    if rate is None:
        return None
    spent = _time(session, project_id, span, person_id).get(person_id, {})
    earned = ledger.judgments(session, project_id, *span, person_id=person_id)
    items = earned.get((person_id, rate.currency), {})
    return rate, reckoning.reckon(rate.terms, items, spent)


def of_source(key: str) -> date:
    """Return the Monday of the week for which a transfer with this key was booked."""
    return date.fromisoformat(key.split(":")[2])


class _Span(NamedTuple):
    start: datetime
    end: datetime


def _span(monday: date) -> _Span:
    start = worktime.midnight(monday)
    return _Span(start, start + worktime.WEEK)


def _reckoned(session: Session, project_id: int, monday: date) -> dict[Week, Reckoning]:
    """Reckon a week of everybody who worked in it."""
    span = _span(monday)
    spent = _time(session, project_id, span)
    items = ledger.judgments(session, project_id, *span)
    earned_in: dict[int, set[str]] = defaultdict(set)
    for person_id, currency in items:
        earned_in[person_id].add(currency)
    history = rates.history(session, project_id)
    found = {}
    for person_id, rate in _rates(session, project_id, history, span.end, spent).items():
        if (currencies := earned_in[person_id]) and rate.currency not in currencies:
            # They work elsewhere since: that week is paid in what it was worked for, and once.
            rate = _before_moving(history, span.end, currencies) or rate
        week = Week(project_id, monday, person_id, rate.currency)
        earned = items.get((person_id, rate.currency), {})
        found[week] = reckoning.reckon(rate.terms, earned, spent[person_id])
    return found


def _time(
    session: Session, project_id: int, span: _Span, person_id: int | None = None
) -> dict[int, dict[str, int]]:
    found = worktime.by_person(session, project_id, *span, person_id=person_id)
    return {who: {kind.value: n for kind, n in by.items()} for who, by in found.items()}


def _rates(
    session: Session,
    project_id: int,
    history: Sequence[Rate],
    end: datetime,
    people: Collection[int],
) -> dict[int, Rate]:
    """Return by which rate each of these people is paid for a week: the one that held at its end.

    What is published afterwards changes nothing of weeks that are over.
    """
    if not history:
        return {}
    rows = session.execute(
        sa.select(Membership.person_id, Membership.place).where(Membership.project_id == project_id)
    )
    places = {row.person_id: row.place for row in rows}
    return {who: rates.held(history, places.get(who, EVERYWHERE), end) for who in people}


def _before_moving(history: Sequence[Rate], end: datetime, currencies: set[str]) -> Rate | None:
    """Return a rate that held in one of these currencies: for everywhere, else the newest."""
    held = [rate for rate in history if rate.currency in currencies and rate.published_at < end]
    return min(held, key=lambda rate: rate.place != EVERYWHERE, default=None)


def _book(session: Session, week: Week, found: Reckoning) -> None:
    owed = {line.kind: line.amount_minor for line in found.lines}
    for line_kind, kind in BOOKED.items():
        if line_kind in owed:
            _bring_to(session, week, kind, owed[line_kind])


def _bring_to(session: Session, week: Week, kind: TransferKind, owed_minor: int) -> None:
    """Book what is missing, in a transfer numbered after those that were booked before."""
    booked = _booked(session, week, kind)
    missing = owed_minor - sum(booked)
    if missing <= 0:
        return
    ledger.open_project(session, week.project_id, week.currency)
    ledger.move(
        session,
        project_id=week.project_id,
        currency=week.currency,
        giver=Place(AccountKind.project_cost),
        taker=Place(AccountKind.earned_pending, week.person_id),
        amount_minor=missing,
        kind=kind,
        source=f"{week.source}:{len(booked)}",
    )


def _booked(session: Session, week: Week, kind: TransferKind) -> list[int]:
    """Return what was booked for the week, in order. Each is looked up by its whole key."""
    found: list[int] = []
    while True:
        key = f"{kind.value}:{week.source}:{len(found)}"
        amount = session.scalar(sa.select(Transfer.amount_minor).where(Transfer.key == key))
        if amount is None:
            return found
        found.append(amount)
