"""Limits: how much somebody works at most in a day and in a week, over all projects.

What counts is paid time of every kind. A person's limits are their own: nobody else can change
them, whatever their role. Where the limit is reached nothing more is given out until the next day
or week, in UTC; what is in hand may be finished, and is paid. One row for each person who changed
theirs is changed in place; every change is an event.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Mapped, Session

from labeler import clock, events
from labeler.errors import Conflict
from labeler.pay import worktime
from labeler.pay.worktime import Interval
from labeler.people.accounts import Person
from labeler.said import say
from labeler.schema import Base, Moment, Seconds, reference

HOUR = 3600
DAY_S = 8 * HOUR
"""How much of a day somebody works at most, who has not said otherwise."""
WEEK_S = 40 * HOUR
"""How much of a week."""
LEAST = 0.25
"""The lowest limit, in hours."""
DAY, WEEK = 24, 168
"""How many hours they have."""
REACHED = say(
    "You have worked as long as your own limit allows. Work goes on %(when)s, UTC. What you hold "
    "you can finish, and what you earned is yours. Your limits are yours to change."
)


class Limit(Base):
    """How much a person works at most, as they chose it; without a row, what is usual."""

    __tablename__ = "limits"
    __table_args__ = (
        sa.CheckConstraint("day_s > 0", name="day"),
        sa.CheckConstraint("week_s > 0", name="week"),
    )

    person_id: Mapped[int] = reference("people.id", primary_key=True)
    day_s: Mapped[int]
    week_s: Mapped[int]
    set_at: Mapped[datetime]


class Hours(BaseModel):
    """Limits as a person writes them, in hours."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    day_hours: float = Field(ge=LEAST, le=DAY, allow_inf_nan=False)
    week_hours: float = Field(ge=LEAST, le=WEEK, allow_inf_nan=False)


class Reached(Conflict):
    """Somebody has worked as much as they want to; `when` it goes on, in UTC."""

    def __init__(self, when: datetime) -> None:
        super().__init__(say(REACHED, when=f"{when:%Y-%m-%d %H:%M}"))
        self.when = when


@dataclass(frozen=True)
class Standing:
    """How much somebody worked today and this week, in seconds, and how much they do at most."""

    now: datetime
    today_s: int
    this_week_s: int
    day_s: int
    week_s: int
    set_at: datetime | None = None
    """Since when these limits are their own choice; None: they are what is usual."""

    @property
    def goes_on_at(self) -> datetime | None:
        """When there is work again; None if there is some now."""
        today = worktime.midnight(self.now.date())
        week = worktime.midnight(worktime.monday(self.now.date()))
        if self.this_week_s >= self.week_s:
            return week + worktime.WEEK
        return today + timedelta(days=1) if self.today_s >= self.day_s else None


def change(session: Session, hours: Hours, *, by: Person) -> bool:
    """Limit one's own work to this from now on; False if it is so already."""
    new = {"day_s": round(hours.day_hours * HOUR), "week_s": round(hours.week_hours * HOUR)}
    found = session.get(Limit, by.id, with_for_update=True)
    if found is None:
        if new == {"day_s": DAY_S, "week_s": WEEK_S}:
            return False
        session.add(Limit(person_id=by.id, set_at=clock.now(), **new))
    elif {"day_s": found.day_s, "week_s": found.week_s} == new:
        return False
    else:
        found.day_s, found.week_s, found.set_at = new["day_s"], new["week_s"], clock.now()
    session.flush()
    events.record(session, "limits.changed", person_id=by.id, **new)
    return True


def standing(session: Session, person: Person) -> Standing:
    """Return how much the person worked, and how much they do at most."""
    now = clock.now()
    its = session.execute(_STANDING, {"person": person.id, **since(now)}).one()
    return Standing(now, its.today_s, its.this_week_s, its.day_s, its.week_s, its.set_at)


def since(now: datetime) -> dict[str, datetime]:
    """Return what `told` asks for by name: when the day and the week began."""
    today = now.date()
    week = worktime.midnight(worktime.monday(today))
    return {"today": worktime.midnight(today), "monday": week}


def told(person: sa.ColumnElement[int]) -> Sequence[sa.Label[Any]]:
    """Tell in SQL how much a person worked today and this week, and how much they do at most.

    Each is looked up once for all rows of a statement, which is given `since` beside.
    """
    return (
        _worked(person, "today").label("today_s"),
        _worked(person, "monday").label("this_week_s"),
        _most(person, Limit.day_s, DAY_S).label("day_s"),
        _most(person, Limit.week_s, WEEK_S).label("week_s"),
    )


def _worked(person: sa.ColumnElement[int], name: str) -> sa.ColumnElement[int]:
    begun = sa.bindparam(name, type_=Moment())
    its = Interval.__table__.alias()
    start = sa.case((its.c.started_at < begun, begun), else_=its.c.started_at)
    worked = sa.select(sa.func.sum(Seconds(start, its.c.ended_at))).where(
        its.c.person_id == person, its.c.ended_at > begun, its.c.withdrawn_at.is_(None)
    )
    return sa.cast(sa.func.round(sa.func.coalesce(worked.scalar_subquery(), 0.0)), sa.Integer)


def _most(person: sa.ColumnElement[int], column: Any, usual: int) -> sa.ColumnElement[int]:
    own = sa.select(column).where(Limit.person_id == person).scalar_subquery()
    return sa.func.coalesce(own, usual)


_PERSON: Any = sa.bindparam("person", type_=sa.BigInteger())
_SET = sa.select(Limit.set_at).where(Limit.person_id == _PERSON).scalar_subquery()
_STANDING: sa.Select[Any] = sa.select(*told(_PERSON), _SET.label("set_at"))
