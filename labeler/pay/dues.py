"""Dues: what is approved and not yet paid, and what is kept beside it while it is disputed."""

from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler.pay.accounts import Account, AccountKind


class Due(NamedTuple):
    """What a person has approved and not yet paid, and what is kept because of a dispute."""

    approved_minor: int
    disputed_minor: int


class DueAltogether(NamedTuple):
    """What is due to how many people in a currency."""

    currency: str
    people: int
    total_minor: int


def by_person(session: Session, project_id: int, currency: str) -> dict[int, Due]:
    """Return what everybody is to be paid in a project, by person, of those who have anything."""
    rows = session.execute(
        sa.select(Account.person_id, Account.kind, Account.balance_minor)
        .where(
            Account.project_id == project_id,
            Account.currency == currency,
            Account.person_id.is_not(None),
            Account.kind.in_((AccountKind.earned_approved, AccountKind.held)),
            Account.balance_minor > 0,
        )
        .order_by(Account.person_id)
    )
    found: dict[int, Due] = {}
    for row in rows:
        had = found.get(row.person_id, Due(0, 0))
        is_due = row.kind is AccountKind.earned_approved
        place = "approved_minor" if is_due else "disputed_minor"
        found[row.person_id] = had._replace(**{place: row.balance_minor})
    return found


def in_all(session: Session, project_id: int) -> list[DueAltogether]:
    """Return what a project has to pay, by currency."""
    rows = session.execute(
        sa.select(Account.currency, sa.func.count(), sa.func.sum(Account.balance_minor))
        .where(
            Account.project_id == project_id,
            Account.kind == AccountKind.earned_approved,
            Account.balance_minor > 0,
        )
        .group_by(Account.currency)
        .order_by(Account.currency)
    )
    return [DueAltogether(currency, count, int(total)) for currency, count, total in rows]
