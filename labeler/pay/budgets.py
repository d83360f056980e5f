"""Budgets: how much a project may spend in a currency before it gives out no more work.

What is owed is never withheld for want of budget: work in hand is paid, and so are top-ups to the
floor. A budget stops what is given out next, before it would be exceeded. One row for each project
and currency is changed in place; every change is an event.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from labeler import clock, events
from labeler.pay import ledger, money
from labeler.people.accounts import Person
from labeler.schema import Base, BigInt, reference


class Budget(Base):
    """The most that a project may spend in a currency; without a row, or a limit, there is none."""

    __tablename__ = "budgets"
    __table_args__ = (sa.CheckConstraint("limit_minor >= 0", name="limit"),)

    project_id: Mapped[int] = reference("projects.id", primary_key=True)
    currency: Mapped[str] = mapped_column(primary_key=True)
    limit_minor: Mapped[BigInt | None]
    """None once it was taken away."""
    set_by: Mapped[int | None] = reference("people.id")
    set_at: Mapped[datetime]


def limit(
    session: Session, project_id: int, currency: str, limit_minor: int | None, *, by: Person
) -> None:
    """Let the project spend this much at most in the currency, or without end; in minor units."""
    money.exponent(currency)
    found = session.get(Budget, (project_id, currency), with_for_update=True)
    if (found.limit_minor if found else None) == limit_minor:
        return
    if found is None:
        found = Budget(project_id=project_id, currency=currency)
        session.add(found)
    found.limit_minor, found.set_by, found.set_at = limit_minor, by.id, clock.now()
    session.flush()
    said = {"currency": currency, "limit_minor": limit_minor}
    events.record(session, "budget.set", person_id=by.id, project_id=project_id, **said)


def of_project(session: Session, project_id: int) -> dict[str, int]:
    """Return the limits of a project by currency, in minor units."""
    rows = session.execute(
        sa.select(Budget.currency, Budget.limit_minor)
        .where(Budget.project_id == project_id, Budget.limit_minor.is_not(None))
        .order_by(Budget.currency)
    )
    return {currency: int(most or 0) for currency, most in rows}


def lock(session: Session, project_id: int) -> None:
    """Let nobody else give out this project's work until this transaction ends.

    Who takes the last of a budget has to see what others took just now. On SQLite there is one
    writer anyway.
    """
    rows = sa.select(Budget.currency).where(Budget.project_id == project_id)
    session.execute(rows.order_by(Budget.currency).with_for_update()).all()


def limited(project_id: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    """Say in SQL whether a project has a budget in any currency."""
    return sa.exists().where(Budget.project_id == project_id, Budget.limit_minor.is_not(None))


def has_room(
    session: Session, project_id: int, currency: str, amount_minor: int, *, promised_minor: int
) -> bool:
    """Say whether an amount fits in, beside what was spent and what is promised to work in hand.

    What is promised has to be counted before this: what was judged between the two then counts
    twice for a moment, and never not at all.
    """
    most = of_project(session, project_id).get(currency)
    if most is None:
        return True
    used = ledger.cost(session, project_id).get(currency, 0) + promised_minor
    # By the hour a task promises nothing by itself, and then a full budget is enough to stop.
    return used + amount_minor <= most and used < most
