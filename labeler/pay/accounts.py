"""Accounts: the places where money is, each of one project, one currency and often one person.

A person's money passes from one of their accounts to the next and is in exactly one of them at any
time. No account of a person can go below zero: the database refuses it.
"""

import enum
from functools import cache
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from labeler.schema import Base, BigInt, Id, dialect_of, insert, reference

OF_PERSON = sa.text("person_id IS NOT NULL")
OF_PROJECT = sa.text("person_id IS NULL")


class AccountKind(enum.Enum):
    """Where money is."""

    project_cost = "project_cost"
    """What a project has promised; goes below zero as people earn."""
    adjustment = "adjustment"
    """The project's: what was put right, more for a person or, by two people, less."""
    rounding = "rounding"
    """The project's: what was added so that a last small remainder could be paid out."""
    fx_clearing = "fx_clearing"
    """The project's: between two currencies; what goes in in one comes out in another."""
    earned_pending = "earned_pending"
    """A person's: earned, and not looked at yet."""
    held = "held"
    """A person's: earned, and kept while it is disputed."""
    earned_approved = "earned_approved"
    """A person's: due."""
    payout_in_flight = "payout_in_flight"
    """A person's: on its way to them."""
    paid = "paid"
    """A person's: arrived."""


EARNED = (
    AccountKind.earned_pending,
    AccountKind.held,
    AccountKind.earned_approved,
    AccountKind.payout_in_flight,
    AccountKind.paid,
)
"""A person's accounts in the order in which money passes them: their sum is what they earned."""


class Place(NamedTuple):
    """Which account of a project is meant; `person_id` is None for the project's own."""

    kind: AccountKind
    person_id: int | None = None


class Account(Base):
    """Where money of one currency is: with a project, or with one of its people."""

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
            postgresql_where=OF_PROJECT,
            sqlite_where=OF_PROJECT,
        ),
    )

    id: Mapped[Id]
    project_id: Mapped[int] = reference("projects.id")
    person_id: Mapped[int | None] = reference("people.id", index=True)
    kind: Mapped[AccountKind]
    currency: Mapped[str]
    balance_minor: Mapped[BigInt] = mapped_column(default=0)
    """What came in less what went out, of a person's account.

    A project's is not kept, since everybody who earns at this moment would wait for it: it is what
    its transfers add up to.
    """


def require(session: Session, project_id: int, place: Place, currency: str) -> int:
    """Return the number of this account, which is opened if it was not there."""
    whose = {"project_id": project_id, "currency": currency, **place._asdict()}
    session.execute(_opening(dialect_of(session), place.person_id is None), whose)
    return session.execute(
        sa.select(Account.id).where(
            Account.project_id == project_id,
            Account.kind == place.kind,
            Account.currency == currency,
            Account.person_id.is_not_distinct_from(place.person_id),
        )
    ).scalar_one()


def locked(session: Session, project_id: int, place: Place, currency: str) -> Account:
    """Return the account, which stays as it is until the transaction ends; opened if need be."""
    number = require(session, project_id, place, currency)
    found = sa.select(Account).where(Account.id == number).with_for_update()
    return session.scalars(found.execution_options(populate_existing=True)).one()


@cache
def _opening(dialect: str, is_projects: bool) -> Any:
    whose = ["project_id", "kind", "currency"]
    columns, where = (whose, OF_PROJECT) if is_projects else ([*whose, "person_id"], OF_PERSON)
    table: Any = Account.__table__
    opened = insert(dialect, table).values(balance_minor=0)
    return opened.on_conflict_do_nothing(index_elements=columns, index_where=where)
