"""Purses: how much the calls of one kin may cost together.

What a call may cost at most is set aside before it is made, by one conditional UPDATE, so that no
number of processes spends more than there is. A kin without a purse may spend what it likes.
"""

import enum
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from labeler.errors import Conflict
from labeler.schema import Base, BigInt, changed, dialect_of, insert, moment


class Stop(enum.Enum):
    """Why no more calls of a kin are made."""

    budget = "budget"
    """The next one might cost more than is left."""


class Purse(Base):
    """The budget of one kin of calls, what is spent of it and what is set aside."""

    __tablename__ = "purses"

    kin: Mapped[str] = mapped_column(primary_key=True)
    currency: Mapped[str]
    budget_micro: Mapped[BigInt]
    """In millionths of the unit of its currency, as all amounts of calls."""
    spent_micro: Mapped[BigInt]
    aside_micro: Mapped[BigInt]
    """What the calls that are under way cost at most."""
    stopped: Mapped[Stop | None]
    stopped_at: Mapped[datetime | None]


_CALLS = sa.table(
    "calls",
    *map(sa.column, ("kin", "cost_micro", "wasted_micro", "aside_micro")),
)


def faults(session: Session) -> Iterator[str]:
    """Yield a sentence for each purse that says something else than the calls of its kin."""
    spent, aside = (
        _sum_of(Purse.kin, "cost_micro", "wasted_micro"),
        _sum_of(Purse.kin, "aside_micro"),
    )
    wrong = sa.or_(Purse.spent_micro != spent, Purse.aside_micro != aside)
    for kin in session.scalars(sa.select(Purse.kin).where(wrong).order_by(Purse.kin)):
        yield f"the purse of {kin} says something else than its calls"


def _sum_of(kin: Any, *columns: str) -> sa.ScalarSelect[int]:
    added = sum((_CALLS.c[name] for name in columns), sa.literal(0))
    whole = sa.cast(sa.func.coalesce(sa.func.sum(added), 0), sa.BigInteger)
    return sa.select(whole).where(_CALLS.c.kin == kin).scalar_subquery()


def fill(session: Session, kin: str, budget_micro: int, currency: str) -> Purse:
    """Let the calls of a kin cost so much in all, from the first on; the kin goes on if it stopped.

    If it had none, what its calls have cost before counts.

    Raises Conflict if its budget is in another currency.
    """
    made = insert(dialect_of(session), Purse).values(
        kin=kin,
        currency=currency,
        budget_micro=budget_micro,
        spent_micro=_sum_of(kin, "cost_micro", "wasted_micro"),
        aside_micro=_sum_of(kin, "aside_micro"),
    )
    anew = {"budget_micro": budget_micro, "stopped": None, "stopped_at": None}
    session.execute(made.on_conflict_do_update(index_elements=["kin"], set_=anew))
    purse = session.get_one(Purse, kin, populate_existing=True)
    if purse.currency != currency:
        raise Conflict("The currency of a budget stays.")
    return purse


def find(session: Session, kin: str) -> Purse | None:
    """Return the purse of a kin as it is now; None if it may spend what it likes."""
    return session.get(Purse, kin, populate_existing=True)


def set_aside(session: Session, kin: str, most_micro: int) -> bool:
    """Set aside what a call costs at most; False if there is not so much left, or it stopped."""
    taken = Purse.spent_micro + Purse.aside_micro + most_micro
    fits = Purse.kin == kin, Purse.stopped.is_(None), taken <= Purse.budget_micro
    aside = {"aside_micro": Purse.aside_micro + most_micro}
    if changed(session, sa.update(Purse).where(*fits).values(aside)):
        return True
    return session.scalar(sa.select(Purse.kin).where(Purse.kin == kin)) is None


def spend(session: Session, kin: str, cost_micro: int, *, aside_micro: int) -> None:
    """Take out what a call cost, and put back what was set aside for it."""
    paid = {
        "spent_micro": Purse.spent_micro + cost_micro,
        "aside_micro": Purse.aside_micro - aside_micro,
    }
    if cost_micro or aside_micro:
        changed(session, sa.update(Purse).where(Purse.kin == kin).values(paid))


def stop(session: Session, kin: str, most_micro: int) -> bool:
    """Stop a kin for which a call is too dear; False if it goes on, as calls are under way.

    Those may turn out to be cheaper than was set aside for them, or have done so just now.
    """
    too_dear = Purse.spent_micro + most_micro > Purse.budget_micro
    last = Purse.kin == kin, Purse.stopped.is_(None), Purse.aside_micro == 0, too_dear
    why = {"stopped": Stop.budget, "stopped_at": moment(session)}
    if changed(session, sa.update(Purse).where(*last).values(why)):
        return True
    purse = find(session, kin)
    return purse is not None and purse.stopped is not None
