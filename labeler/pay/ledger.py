"""The ledger: every amount moves from one account to another, once, and is never edited.

One transfer has one amount, two accounts and one currency, so the books balance by construction;
the database refuses UPDATE and DELETE, and a transfer between accounts that do not fit it. A
natural key, kept for ever, makes each business event count once. A correction is another transfer.
"""

import enum
from datetime import datetime
from functools import cache
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from labeler import clock
from labeler.errors import Conflict
from labeler.pay import accounts
from labeler.pay.accounts import EARNED, OF_PERSON, Account, AccountKind, Place
from labeler.pay.money import LARGEST_MINOR
from labeler.people.accounts import Person
from labeler.schema import Base, BigInt, Id, changed, dialect_of, insert, reference

IS_ABOUT = sa.text("about_id IS NOT NULL")
CHECK_AMOUNT = "amount_minor > 0 AND CAST(amount_minor AS BIGINT) = amount_minor"


class TransferKind(enum.Enum):
    """Why money moved."""

    judgment = "judgment"
    """A judgment was handed in."""
    hours = "hours"
    """A week's hours were paid by the hour."""
    topup = "topup"
    """A week's judgments came to less than its hours are worth at least."""
    allowance = "allowance"
    """A week's costs of working were covered."""
    bonus = "bonus"
    """A person gave it beside the pay, with a reason."""
    correction = "correction"
    """Something was put right: in the person's favour, or against them by two people."""
    refusal = "refusal"
    """A person refused the pay of something, with a reason, evidence and an appeal."""
    hold = "hold"
    """It is disputed, and kept."""
    release = "release"
    """It is no longer disputed."""
    approval = "approval"
    """It became due."""
    payout = "payout"
    """It was sent."""
    paid = "paid"
    """It arrived."""
    failure = "failure"
    """It came back, and is due again."""
    rounding = "rounding"
    """It was rounded up so that it can be paid out."""
    exchange = "exchange"
    """It was changed for another currency."""


EARNINGS = (
    TransferKind.judgment,
    TransferKind.hours,
    TransferKind.topup,
    TransferKind.allowance,
    TransferKind.bonus,
    TransferKind.correction,
    TransferKind.rounding,
)
"""What gives a person more than they had."""


class Transfer(Base):
    """An amount that moved from one account to another. Appended, never edited."""

    __tablename__ = "transfers"
    __table_args__ = (
        sa.CheckConstraint(CHECK_AMOUNT, name="amount"),
        sa.CheckConstraint("from_account_id <> to_account_id", name="accounts"),
        sa.Index("ix_transfers_to", "to_account_id", "at"),
        sa.Index("ix_transfers_project", "project_id", "at"),
        sa.Index(
            "ix_transfers_about_id", "about_id", sqlite_where=IS_ABOUT, postgresql_where=IS_ABOUT
        ),
    )

    id: Mapped[Id]
    project_id: Mapped[int] = reference("projects.id")
    from_account_id: Mapped[int] = reference("accounts.id")
    to_account_id: Mapped[int] = reference("accounts.id")
    amount_minor: Mapped[BigInt]
    currency: Mapped[str]
    key: Mapped[str] = mapped_column(unique=True)
    judgment_id: Mapped[int | None] = reference("judgments.id", index=True)
    at: Mapped[datetime]
    kind: Mapped[TransferKind] = mapped_column(default=TransferKind.judgment)
    about_id: Mapped[int | None] = reference("transfers.id")
    """The transfer that this one refuses, holds or lets go."""
    by_id: Mapped[int | None] = reference("people.id")
    """Who decided it; None: it follows from what was agreed."""
    reason: Mapped[str] = mapped_column(default="")


def open_project(session: Session, project_id: int, currency: str) -> None:
    """Open the account from which a project pays in this currency, if it was not there."""
    accounts.require(session, project_id, Place(AccountKind.project_cost), currency)


def move(
    session: Session,
    *,
    project_id: int,
    currency: str,
    giver: Place,
    taker: Place,
    amount_minor: int,
    kind: TransferKind,
    source: str,
    about: Transfer | None = None,
    by: Person | None = None,
    reason: str = "",
) -> Transfer | None:
    """Move an amount once; an amount of zero moves nothing.

    Together with its kind, `source` names the business event for ever: the same event with the same
    content is the transfer that is there. Raises Conflict for other content, and when a person has
    less than that in the account from which it goes.
    """
    assert 0 <= amount_minor <= LARGEST_MINOR
    if amount_minor == 0:
        return None
    from_id, to_id = (
        accounts.require(session, project_id, place, currency) for place in (giver, taker)
    )
    said = {
        "project_id": project_id,
        "from_account_id": from_id,
        "to_account_id": to_id,
        "amount_minor": amount_minor,
        "currency": currency,
        "key": f"{kind.value}:{source}",
        "kind": kind,
        "about_id": about.id if about else None,
        "by_id": by.id if by else None,
        "reason": reason,
    }
    number = session.scalar(_moving(dialect_of(session)), said | {"at": clock.now()})
    if number is None:
        return _again(session, said)
    _carry(session, {from_id: (giver, -amount_minor), to_id: (taker, amount_minor)})
    return session.get_one(Transfer, number)


def earn(
    session: Session,
    *,
    project_id: int,
    person_id: int,
    judgment_id: int,
    amount_minor: int,
    currency: str,
) -> None:
    """Credit the person for a judgment, once; an amount of zero moves nothing.

    It does what `move` does in two statements, because it is done for every judgment.
    """
    if amount_minor == 0:
        return
    credit = {
        "project_id": project_id,
        "person_id": person_id,
        "kind": AccountKind.earned_pending,
        "currency": currency,
        "balance_minor": amount_minor,
    }
    # It is opened if need be.
    account_id = session.scalars(_crediting(dialect_of(session)), credit).one()
    transfer = {
        "project_id": project_id,
        "of_project": project_id,
        "in_currency": currency,
        "to_account_id": account_id,
        "amount_minor": amount_minor,
        "currency": currency,
        "key": earning_key(judgment_id),
        "judgment_id": judgment_id,
        "at": clock.now(),
    }
    session.execute(_TRANSFER, transfer)


def earning_key(judgment_id: int) -> str:
    """Return the natural key of what a judgment earned."""
    return f"judgment:{judgment_id}:earn"


def earned(
    session: Session,
    *,
    person_id: int,
    project_id: int | None = None,
    since: datetime | None = None,
) -> dict[str, int]:
    """Return what the person earned, in minor units by currency."""
    amount = Account.balance_minor if since is None else Transfer.amount_minor
    query = (
        sa.select(Account.currency, sa.func.sum(amount))
        .where(Account.person_id == person_id)
        .group_by(Account.currency)
        .order_by(Account.currency)
    )
    if project_id is not None:
        query = query.where(Account.project_id == project_id)
    if since is not None:
        came = sa.and_(Transfer.to_account_id == Account.id, Transfer.at >= since)
        query = query.join(Transfer, came).where(
            Account.kind == AccountKind.earned_pending, Transfer.kind.in_(EARNINGS)
        )
    return {currency: int(total) for currency, total in session.execute(query)}


def earned_by_person(session: Session, project_id: int) -> dict[int, dict[str, int]]:
    """Return what everybody earned in the project, in minor units by person and currency."""
    rows = session.execute(
        sa.select(Account.person_id, Account.currency, sa.func.sum(Account.balance_minor))
        .where(Account.project_id == project_id, Account.person_id.is_not(None))
        .group_by(Account.person_id, Account.currency)
    )
    found: dict[int, dict[str, int]] = {}
    for person_id, currency, total in rows:
        found.setdefault(int(person_id or 0), {})[currency] = int(total)
    return found


def judgments(
    session: Session,
    project_id: int,
    start: datetime,
    end: datetime,
    *,
    person_id: int | None = None,
) -> dict[tuple[int, str], dict[int, int]]:
    """Return what judgments earned from `start` until before `end`, by person and currency.

    As {pay of one, in minor units: how many}.
    """
    query = (
        sa.select(Account.person_id, Transfer.currency, Transfer.amount_minor, sa.func.count())
        .join(Account, Account.id == Transfer.to_account_id)
        .where(Transfer.project_id == project_id, Transfer.kind == TransferKind.judgment)
        .where(Transfer.at >= start, Transfer.at < end)
        .group_by(Account.person_id, Transfer.currency, Transfer.amount_minor)
    )
    if person_id is not None:
        query = query.where(Account.person_id == person_id)
    found: dict[tuple[int, str], dict[int, int]] = {}
    for who, currency, pay, n in session.execute(query):
        found.setdefault((int(who or 0), currency), {})[pay] = n
    return found


def cost(session: Session, project_id: int) -> dict[str, int]:
    """Return what the project has cost so far, in minor units by currency."""
    rows = session.execute(
        sa.select(Account.currency, sa.func.sum(Account.balance_minor))
        .where(Account.project_id == project_id, Account.person_id.is_not(None))
        .group_by(Account.currency)
        .order_by(Account.currency)
    )
    return {currency: int(total) for currency, total in rows}


Standing: TypeAlias = dict[AccountKind, int]
"""Where a person's money is, in minor units by account."""


def standing(
    session: Session, *, person_id: int, project_id: int | None = None
) -> dict[tuple[int, str], Standing]:
    """Return where a person's money is, by project and currency."""
    query = (
        sa.select(Account.project_id, Account.currency, Account.kind, Account.balance_minor)
        .where(Account.person_id == person_id)
        .order_by(Account.project_id.desc(), Account.currency)
    )
    if project_id is not None:
        query = query.where(Account.project_id == project_id)
    found: dict[tuple[int, str], Standing] = {}
    for project, currency, kind, balance in session.execute(query):
        found.setdefault((project, currency), dict.fromkeys(EARNED, 0))[kind] = balance
    return found


def _again(session: Session, said: dict[str, Any]) -> Transfer:
    stored = session.scalars(sa.select(Transfer).where(Transfer.key == said["key"])).one()
    if any(getattr(stored, name) != value for name, value in said.items()):
        raise Conflict("This was booked before, and differently.")
    return stored


def _carry(session: Session, moved: dict[int, tuple[Place, int]]) -> None:
    # In one order, so that two who move money between the same accounts never lock each other out.
    for account_id, (place, by_minor) in sorted(moved.items()):
        if place.person_id is not None:
            _add(session, account_id, by_minor)


def _add(session: Session, account_id: int, by_minor: int) -> None:
    account: Any = Account.__table__
    enough = changed(
        session,
        sa.update(account)
        .where(account.c.id == account_id, account.c.balance_minor + by_minor >= 0)
        .values(balance_minor=account.c.balance_minor + by_minor),
    )
    if not enough:
        raise Conflict("There is less in this account than should go from it.")


@cache
def _moving(dialect: str) -> Any:
    table: Any = Transfer.__table__
    moved = insert(dialect, table).on_conflict_do_nothing(index_elements=["key"])
    return moved.returning(table.c.id)


# The statements of every judgment, each made once: that costs more than to run it.


@cache
def _crediting(dialect: str) -> Any:
    table: Any = Account.__table__
    credit = insert(dialect, table)
    return credit.on_conflict_do_update(
        index_elements=["project_id", "kind", "currency", "person_id"],
        index_where=OF_PERSON,
        set_={"balance_minor": table.c.balance_minor + credit.excluded.balance_minor},
    ).returning(table.c.id)


_PAYS = sa.select(Account.id).where(
    Account.project_id == sa.bindparam("of_project", type_=sa.BigInteger()),
    Account.kind == AccountKind.project_cost,
    Account.currency == sa.bindparam("in_currency", type_=sa.Text()),
)
_TRANSFERS: Any = Transfer.__table__
_TRANSFER = sa.insert(_TRANSFERS).values(from_account_id=_PAYS.scalar_subquery())
