"""The ledger: every amount moves from one account to another, once, and is never edited.

One transfer has one amount, two accounts and one currency, so the books balance by construction;
the database refuses UPDATE and DELETE. A natural key makes each business event count once.
"""

import enum
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from labeler import clock
from labeler.schema import Base, BigInt, Id, dialect_of, insert, reference

OF_PERSON = sa.text("person_id IS NOT NULL")
CHECK_AMOUNT = "amount_minor > 0 AND CAST(amount_minor AS BIGINT) = amount_minor"


class AccountKind(enum.Enum):
    """Where money is, seen from the project."""

    project_cost = "project_cost"
    """What a project has promised; goes below zero as people earn."""
    earned = "earned"
    """What a person has earned in a project."""


class Account(Base):
    """A place where money of one currency is: a project's cost, or what a person earned there."""

    __tablename__ = "accounts"
    __table_args__ = (
        sa.Index(
            "uq_accounts_person",
            "project_id",
            "kind",
            "currency",
            "person_id",
            unique=True,
            postgresql_where=OF_PERSON,
            sqlite_where=OF_PERSON,
        ),
        sa.Index(
            "uq_accounts_project",
            "project_id",
            "kind",
            "currency",
            unique=True,
            postgresql_where=sa.text("person_id IS NULL"),
            sqlite_where=sa.text("person_id IS NULL"),
        ),
    )

    id: Mapped[Id]
    project_id: Mapped[int] = reference("projects.id")
    person_id: Mapped[int | None] = reference("people.id", index=True)
    kind: Mapped[AccountKind]
    currency: Mapped[str]
    balance_minor: Mapped[BigInt] = mapped_column(default=0)
    """What came in, of a person's account. A project's is the sum of what its people earned."""


class Transfer(Base):
    """An amount that moved from one account to another. Appended, never edited."""

    __tablename__ = "transfers"
    __table_args__ = (
        sa.CheckConstraint(CHECK_AMOUNT, name="amount"),
        sa.CheckConstraint("from_account_id <> to_account_id", name="accounts"),
        sa.Index("ix_transfers_to", "to_account_id", "at"),
        sa.Index("ix_transfers_project", "project_id", "at"),
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


def open_project(session: Session, project_id: int, currency: str) -> None:
    """Open the account from which a project pays."""
    session.add(Account(project_id=project_id, kind=AccountKind.project_cost, currency=currency))
    session.flush()


def earn(
    session: Session,
    *,
    project_id: int,
    person_id: int,
    judgment_id: int,
    amount_minor: int,
    currency: str,
) -> None:
    """Credit the person for a judgment, once; an amount of zero moves nothing."""
    if amount_minor == 0:
        return
    credit = {
        "project_id": project_id,
        "person_id": person_id,
        "kind": AccountKind.earned,
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
        .where(Account.person_id == person_id, Account.kind == AccountKind.earned)
        .group_by(Account.currency)
        .order_by(Account.currency)
    )
    if project_id is not None:
        query = query.where(Account.project_id == project_id)
    if since is not None:
        paid = sa.and_(Transfer.to_account_id == Account.id, Transfer.at >= since)
        query = query.join(Transfer, paid)
    return {currency: int(total) for currency, total in session.execute(query)}


def earned_by_person(session: Session, project_id: int) -> dict[int, dict[str, int]]:
    """Return what everybody earned in the project, in minor units by person and currency."""
    rows = session.execute(
        sa.select(Account.person_id, Account.currency, Account.balance_minor).where(
            Account.project_id == project_id, Account.kind == AccountKind.earned
        )
    )
    found: dict[int, dict[str, int]] = {}
    for person_id, currency, total in rows:
        found.setdefault(int(person_id or 0), {})[currency] = total
    return found


def cost(session: Session, project_id: int) -> dict[str, int]:
    """Return what the project has cost so far, in minor units by currency."""
    rows = session.execute(
        sa.select(Account.currency, sa.func.sum(Account.balance_minor))
        .where(Account.project_id == project_id, Account.kind == AccountKind.earned)
        .group_by(Account.currency)
        .order_by(Account.currency)
    )
    return {currency: int(total) for currency, total in rows}


def faults(session: Session) -> Iterator[str]:
    """Yield what is wrong with the books: a transfer between unlike accounts, an unsound amount."""
    giver, taker = aliased(Account), aliased(Account)
    unlike = session.execute(
        sa.select(Transfer.id)
        .join(giver, giver.id == Transfer.from_account_id)
        .join(taker, taker.id == Transfer.to_account_id)
        .where(
            sa.or_(
                giver.currency != Transfer.currency,
                taker.currency != Transfer.currency,
                giver.project_id != Transfer.project_id,
                taker.project_id != Transfer.project_id,
                Transfer.amount_minor <= 0,
            )
        )
        .order_by(Transfer.id)
    )
    for (transfer_id,) in unlike:
        yield f"transfer {transfer_id} does not fit its accounts"


def wrong_balances(session: Session) -> Iterator[str]:
    """Yield which balances are not what their transfers add up to."""
    came_in = (
        sa.select(Transfer.to_account_id, sa.func.sum(Transfer.amount_minor).label("total"))
        .group_by(Transfer.to_account_id)
        .subquery()
    )
    total = sa.func.coalesce(came_in.c.total, 0)
    unlike_balance = session.execute(
        sa.select(Account.id, Account.balance_minor, total)
        .outerjoin(came_in, came_in.c.to_account_id == Account.id)
        .where(Account.kind == AccountKind.earned, Account.balance_minor != total)
        .order_by(Account.id)
    )
    for account_id, balance, found in unlike_balance:
        yield f"account {account_id} says {balance} and its transfers add up to {found}"


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
