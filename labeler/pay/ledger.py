"""The ledger: every amount moves from one account to another, once, and is never edited.

One transfer has one amount, two accounts and one currency, so the books balance by construction;
the database refuses UPDATE and DELETE. A natural key makes each business event count once.
"""

import enum
from collections.abc import Iterator
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from labeler import clock
from labeler.errors import Conflict
from labeler.schema import Base, BigInt, Id, reference

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
            postgresql_where=sa.text("person_id IS NOT NULL"),
            sqlite_where=sa.text("person_id IS NOT NULL"),
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
    cost = _account(session, project_id, AccountKind.project_cost, currency, None)
    earned = _account(session, project_id, AccountKind.earned, currency, person_id)
    session.add(
        Transfer(
            project_id=project_id,
            from_account_id=cost,
            to_account_id=earned,
            amount_minor=amount_minor,
            currency=currency,
            key=earning_key(judgment_id),
            judgment_id=judgment_id,
            at=clock.now(),
        )
    )


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
    query = (
        sa.select(Transfer.currency, sa.func.sum(Transfer.amount_minor))
        .join(Account, Account.id == Transfer.to_account_id)
        .where(Account.person_id == person_id, Account.kind == AccountKind.earned)
        .group_by(Transfer.currency)
        .order_by(Transfer.currency)
    )
    if project_id is not None:
        query = query.where(Account.project_id == project_id)
    if since is not None:
        query = query.where(Transfer.at >= since)
    return {currency: int(amount) for currency, amount in session.execute(query)}


def cost(session: Session, project_id: int) -> dict[str, int]:
    """Return what the project has cost so far, in minor units by currency."""
    rows = session.execute(
        sa.select(Transfer.currency, sa.func.sum(Transfer.amount_minor))
        .where(Transfer.project_id == project_id)
        .group_by(Transfer.currency)
        .order_by(Transfer.currency)
    )
    return {currency: int(amount) for currency, amount in rows}


def faults(session: Session) -> Iterator[str]:
    """Yield what is wrong with the books: a transfer between unlike accounts, an unsound amount."""
    giver, taker = sa.orm.aliased(Account), sa.orm.aliased(Account)
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


def _account(
    session: Session, project_id: int, kind: AccountKind, currency: str, person_id: int | None
) -> int:
    wanted = sa.select(Account.id).where(
        Account.project_id == project_id,
        Account.kind == kind,
        Account.currency == currency,
        Account.person_id.is_(None) if person_id is None else Account.person_id == person_id,
    )
    found = session.scalar(wanted)
    if found is not None:
        return found
    _open(session, project_id=project_id, kind=kind, currency=currency, person_id=person_id)
    found = session.scalar(wanted)
    if found is None:
        raise Conflict("The account was opened by somebody else just now. Please try again.")
    return found


def _open(session: Session, **columns: object) -> None:
    # Two first judgments at once open the same account: the second one finds it there.
    insert = _insert(session)(Account).values(**columns).on_conflict_do_nothing()
    session.execute(insert)


def _insert(session: Session):  # type: ignore[no-untyped-def]
    if session.get_bind().dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert

        return insert
    from sqlalchemy.dialects.sqlite import insert as sqlite_insert

    return sqlite_insert
