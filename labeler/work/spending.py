"""Spending: whether a project's budget has room for one more task."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler.pay import budgets, ledger, rates
from labeler.work.assignments import IN_HAND, Assignment
from labeler.work.looks import Look


@dataclass(frozen=True)
class Spending:
    """What a project has to do with one currency, in minor units."""

    currency: str
    limit_minor: int | None
    spent_minor: int
    promised_minor: int
    """To work in people's hands."""

    @property
    def left_minor(self) -> int | None:
        """What may still be given out; None without a limit."""
        if self.limit_minor is None:
            return None
        return max(0, self.limit_minor - self.spent_minor - self.promised_minor)


def of_project(session: Session, project_id: int) -> Sequence[Spending]:
    """Return where a project stands in each currency that it pays in or has a budget in."""
    in_hand, spent = promised(session, project_id), ledger.cost(session, project_id)
    limits = budgets.of_project(session, project_id)
    paid_in = {rate.currency for rate in rates.by_place(session, project_id).values()}
    return [
        Spending(each, limits.get(each), spent.get(each, 0), in_hand.get(each, 0))
        for each in sorted(paid_in | spent.keys() | in_hand.keys() | limits.keys())
    ]


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
