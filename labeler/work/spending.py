"""Spending: whether a project's budget has room for one more task."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler.pay import budgets
from labeler.work.assignments import IN_HAND, Assignment
from labeler.work.looks import Look


def promised(session: Session, project_id: int) -> dict[str, int]:
    """Return what work in people's hands will earn, in minor units by currency."""
    rows = session.execute(
        sa.select(Assignment.currency, sa.func.sum(Assignment.pay_minor))
        .where(Assignment.project_id == project_id, IN_HAND)
        .group_by(Assignment.currency)
        .order_by(Assignment.currency)
    )
    return {currency: int(total) for currency, total in rows}


def has_room(session: Session, look: Look) -> bool:
    """Say whether the budget allows what this person would be given next."""
    if not look.has_budget:
        return True
    in_hand = promised(session, look.project.id).get(look.currency, 0)
    return budgets.has_room(
        session, look.project.id, look.currency, look.pay_minor, promised_minor=in_hand
    )
