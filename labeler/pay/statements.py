"""Statements: what a person earned in a project in a month, in one currency, line by line.

A statement is made once, when the month is over, and never changed: it says of every transfer of
that month what it was for, so that its lines add up to what the accounts gained. What happens later
is on the next one.
"""

import enum
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, aliased

from labeler import clock
from labeler.errors import NotFound
from labeler.pay import rates, wages, weeks, worktime
from labeler.pay.accounts import Account, AccountKind
from labeler.pay.ledger import Transfer, TransferKind
from labeler.pay.wages import Wage
from labeler.people.accounts import Person
from labeler.people.memberships import Membership
from labeler.schema import Base, Id, dialect_of, insert, reference

_one = aliased(Account)
CHUNK = 50
"""How many statements are made in one transaction."""


class Side(enum.Enum):
    """What a line does to what its person earned."""

    gives = "gives"
    """Adds to it."""
    takes = "takes"
    """Takes from it: a refusal, a correction by two people, or what went for another currency."""
    moves = "moves"
    """Neither: it passes on what was earned."""


class Statement(Base):
    """What somebody earned in one month. Appended, never edited."""

    __tablename__ = "statements"
    __table_args__ = (sa.UniqueConstraint("project_id", "person_id", "currency", "month"),)

    id: Mapped[Id]
    project_id: Mapped[int] = reference("projects.id")
    person_id: Mapped[int] = reference("people.id", index=True)
    currency: Mapped[str]
    month: Mapped[date]
    """Its first day."""
    made_at: Mapped[datetime]
    content: Mapped[dict[str, Any]]
    """What it says (see `Content`)."""
    digest: Mapped[str]
    """SHA-256 of the content as JSON with sorted keys, hexadecimal."""


@dataclass(frozen=True)
class Line:
    """One amount: `n` times `each_minor` where there were several, with what it was for."""

    kind: str
    side: str
    n: int
    each_minor: int
    amount_minor: int
    on: str
    """The day on which it was booked; of judgments, the month's last."""
    week: str | None = None
    """The Monday of the week that it pays for."""
    reason: str = ""


@dataclass(frozen=True)
class Content:
    """What a statement says: amounts in minor units, time in seconds."""

    number: int
    currency: str
    first_day: str
    last_day: str
    seconds: dict[str, int]
    """Paid time by kind."""
    lines: list[Line]
    before_minor: int
    """What had been earned before, paid or not."""
    gained_minor: int
    """What the lines add up to."""
    standing: dict[str, int]
    """Where the money was at the end, by account."""
    floor_hour_minor: int | None
    model: str | None
    place: str
    wage: dict[str, Any] | None
    """The minimum wage that the floor was held against, with its source."""


def make_due(session: Session, project_id: int) -> Iterator[None]:
    """Make the statements of the month that is over, as far as they are not; yield for commits."""
    month = before(first_of(clock.now().date()))
    due = _without(session, project_id, month)
    for n, (person_id, currency) in enumerate(due, start=1):
        make(session, project_id, person_id, currency, month)
        if n % CHUNK == 0:
            yield
    if due:
        yield


def of_person(session: Session, person_id: int) -> Sequence[Statement]:
    """Return a person's statements, the newest first."""
    return session.scalars(
        sa.select(Statement)
        .where(Statement.person_id == person_id)
        .order_by(Statement.month.desc(), Statement.id.desc())
    ).all()


def find(session: Session, statement_id: int, *, by: Person) -> Statement:
    """Return the person's own statement; raises NotFound."""
    found = session.get(Statement, statement_id)
    if found is None or found.person_id != by.id:
        raise NotFound("There is no such statement.")
    return found


def draw_up(
    session: Session, project_id: int, person_id: int, currency: str, month: date, *, number: int
) -> Content:
    """Say what a person's month came to, from the ledger as it is."""
    start, end = worktime.midnight(month), worktime.midnight(after(month))
    accounts = _accounts(session, project_id, person_id, currency)
    lines = [
        *_of_judgments(session, accounts, month, start, end),
        *_of_others(session, accounts, start, end),
    ]
    rate = _rate(session, project_id, person_id, currency)
    wage = session.get(Wage, rate.wage_reference_id) if rate and rate.wage_reference_id else None
    spent = worktime.seconds(session, project_id, person_id, start, end)
    return Content(
        number=number,
        currency=currency,
        first_day=month.isoformat(),
        last_day=_last_day(month).isoformat(),
        seconds={kind.value: seconds for kind, seconds in spent.items()},
        lines=lines,
        before_minor=_earned_until(session, accounts, start),
        gained_minor=sum(gained(line) for line in lines),
        standing=_standing(session, accounts, end),
        floor_hour_minor=rate.hour_minor if rate else None,
        model=rate.model.value if rate else None,
        place=rate.place if rate else "",
        wage=_cited(wage) if wage else None,
    )


def gained(line: Line) -> int:
    """Return what a line adds to what its person earned, in minor units."""
    return {Side.gives: 1, Side.takes: -1, Side.moves: 0}[Side(line.side)] * line.amount_minor


def read(statement: Statement) -> Content:
    """Return what a statement says."""
    said = dict(statement.content)
    return Content(**(said | {"lines": [Line(**line) for line in said["lines"]]}))


def digest(content: dict[str, Any]) -> str:
    """Hash what a statement says (SHA-256, hexadecimal)."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def first_of(day: date) -> date:
    """Return the first day of a day's month."""
    return day.replace(day=1)


def before(month: date) -> date:
    """Return the first day of the month before."""
    return date(month.year - (month.month == 1), month.month - 1 or 12, 1)


def after(month: date) -> date:
    """Return the first day of the month after."""
    return date(month.year + (month.month == 12), month.month % 12 + 1, 1)


def faults(session: Session) -> Iterator[str]:
    """Yield which statements do not say what they were made with, or do not add up."""
    for statement in session.scalars(sa.select(Statement).order_by(Statement.id)):
        said = read(statement)
        adds_up = said.gained_minor == sum(map(gained, said.lines))
        stands = said.before_minor + said.gained_minor == sum(said.standing.values())
        if digest(statement.content) != statement.digest or not (adds_up and stands):
            yield f"statement {statement.id} does not say what it was made with"


def _last_day(month: date) -> date:
    return date.fromordinal(after(month).toordinal() - 1)


def _without(session: Session, project_id: int, month: date) -> list[tuple[int, str]]:
    """Return who had anything move in the month, in which currency, and has no statement of it."""
    start, end = worktime.midnight(month), worktime.midnight(after(month))
    moved = (
        sa.select(Account.person_id, Account.currency)
        .join(Transfer, Transfer.to_account_id == Account.id)
        .where(Account.project_id == project_id, Account.person_id.is_not(None))
        .where(Transfer.project_id == project_id, Transfer.at >= start, Transfer.at < end)
        .distinct()
    )
    made = sa.select(Statement.person_id, Statement.currency).where(
        Statement.project_id == project_id, Statement.month == month
    )
    has, found = (
        {(int(who or 0), currency) for who, currency in session.execute(query)}
        for query in (made, moved)
    )
    return sorted(found - has)


def make(session: Session, project_id: int, person_id: int, currency: str, month: date) -> None:
    """Make a statement of a month, if there is none."""
    earlier = sa.select(sa.func.count()).where(
        Statement.project_id == project_id,
        Statement.person_id == person_id,
        Statement.currency == currency,
    )
    number = (session.scalar(earlier) or 0) + 1
    content = asdict(draw_up(session, project_id, person_id, currency, month, number=number))
    row = {
        "project_id": project_id,
        "person_id": person_id,
        "currency": currency,
        "month": month,
        "made_at": clock.now(),
        "content": content,
        "digest": digest(content),
    }
    table: Any = Statement.__table__
    # Of two who make it at once, one does.
    session.execute(insert(dialect_of(session), table).on_conflict_do_nothing(), row)


def _accounts(
    session: Session, project_id: int, person_id: int, currency: str
) -> dict[int, AccountKind]:
    rows = session.execute(
        sa.select(Account.id, Account.kind).where(
            Account.project_id == project_id,
            Account.person_id == person_id,
            Account.currency == currency,
        )
    )
    return {row.id: row.kind for row in rows}


def _of_judgments(
    session: Session, accounts: dict[int, AccountKind], month: date, start: datetime, end: datetime
) -> Iterator[Line]:
    """Yield one line for all judgments that earned the same."""
    rows = session.execute(
        sa.select(Transfer.amount_minor, sa.func.count())
        .where(Transfer.to_account_id.in_(accounts), Transfer.kind == TransferKind.judgment)
        .where(Transfer.at >= start, Transfer.at < end)
        .group_by(Transfer.amount_minor)
        .order_by(Transfer.amount_minor)
    )
    day = _last_day(month).isoformat()
    for each, n in rows:
        yield Line("judgment", Side.gives.value, n, each, n * each, day)


def _of_others(
    session: Session, accounts: dict[int, AccountKind], start: datetime, end: datetime
) -> Iterator[Line]:
    """Yield a line for everything else, in order; that it became due is no line."""
    silent = (TransferKind.judgment, TransferKind.approval)
    rows = session.scalars(
        sa.select(Transfer)
        .where(_touch(accounts), Transfer.kind.not_in(silent))
        .where(Transfer.at >= start, Transfer.at < end)
        .order_by(Transfer.id)
    )
    for each in rows:
        of_week = each.kind in weeks.BOOKED.values()
        yield Line(
            each.kind.value,
            _side(each, accounts).value,
            1,
            each.amount_minor,
            each.amount_minor,
            each.at.astimezone(UTC).date().isoformat(),
            weeks.of_source(each.key).isoformat() if of_week else None,
            each.reason,
        )


def _touch(accounts: dict[int, AccountKind]) -> sa.ColumnElement[bool]:
    """Say in SQL that a transfer touches one of a person's accounts.

    Whatever leaves one of them comes to another, or goes back to the project. So what left is found
    where it came in: there is an index on that side alone.
    """
    theirs = sa.select(_one.project_id).where(_one.id.in_(accounts)).limit(1).scalar_subquery()
    projects = sa.select(Account.id).where(
        Account.project_id == theirs, Account.person_id.is_(None)
    )
    back = sa.and_(Transfer.to_account_id.in_(projects), Transfer.from_account_id.in_(accounts))
    return sa.or_(Transfer.to_account_id.in_(accounts), back)


def _side(transfer: Transfer, accounts: dict[int, AccountKind]) -> Side:
    if transfer.to_account_id not in accounts:
        return Side.takes
    return Side.moves if transfer.from_account_id in accounts else Side.gives


def _earned_until(session: Session, accounts: dict[int, AccountKind], moment: datetime) -> int:
    return sum(_standing(session, accounts, moment).values())


def _standing(
    session: Session, accounts: dict[int, AccountKind], moment: datetime
) -> dict[str, int]:
    """Return what was in each account at a moment, in minor units by its kind."""
    found = dict.fromkeys((kind.value for kind in accounts.values()), 0)
    rows = session.execute(
        sa.select(
            Transfer.from_account_id, Transfer.to_account_id, sa.func.sum(Transfer.amount_minor)
        )
        .where(_touch(accounts), Transfer.at < moment)
        .group_by(Transfer.from_account_id, Transfer.to_account_id)
    )
    for giver, taker, total in rows:
        for account_id, sign in ((giver, -1), (taker, 1)):
            if account_id in accounts:
                found[accounts[account_id].value] += sign * int(total)
    return found


def _rate(session: Session, project_id: int, person_id: int, currency: str) -> rates.Rate | None:
    place = session.scalar(
        sa.select(Membership.place).where(
            Membership.project_id == project_id, Membership.person_id == person_id
        )
    )
    rate = rates.current(session, project_id, place or rates.EVERYWHERE)
    return rate if rate is not None and rate.currency == currency else None


def _cited(wage: wages.Wage) -> dict[str, Any]:
    return {
        "ref_id": wage.ref_id,
        "hour_minor": wage.hour_minor,
        "currency": wage.currency,
        "title": wage.source_title,
        "url": wage.source_url,
        "confidence": wage.confidence.value,
        "is_stale": wage.is_stale(clock.now().date()),
    }
