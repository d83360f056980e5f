"""Exposure: how long somebody has read what is hard to read, and when it is enough.

Nothing is measured for it: it is told from the intervals of working time, by the content of what
was worked on. What counts is content from the level "described" on. The figures are our own
choice: no authority gives one.

It asks of what was worked on in the words of the tables, which belong to a room further up.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler.errors import Conflict
from labeler.pay import worktime
from labeler.pay.worktime import Interval, Span
from labeler.said import say
from labeler.schema import Moment, Seconds
from labeler.text.sensitive import SEVERE, Level

DAY = timedelta(minutes=60)
"""How much of it somebody reads in a day at most. Our own choice: no authority gives a figure."""
RUN = timedelta(minutes=30)
"""How much at a stretch, and for how much there is a paid break. Our own choice, too."""
REST = timedelta(minutes=10)
"""After so long without it a stretch has ended."""
NOTHING = timedelta(0)
REACHED = say(
    "What is left here may be hard to read, and you rest from that until %(when)s, UTC. It costs "
    "you nothing."
)


class Reached(Conflict):
    """Somebody rests from what is hard to read, and there is nothing else; `when` it goes on."""

    def __init__(self, when: datetime) -> None:
        super().__init__(say(REACHED, when=f"{when:%Y-%m-%d %H:%M}"))
        self.when = when


@dataclass(frozen=True)
class Standing:
    """How much somebody has read of it, today and at a stretch."""

    now: datetime
    today: timedelta
    run: timedelta
    last_at: datetime | None

    @property
    def goes_on_at(self) -> datetime | None:
        """When they may be given more; None: now."""
        if self.today >= DAY:
            return worktime.midnight(self.now.date()) + timedelta(days=1)
        if self.run >= RUN and self.last_at is not None:
            return self.last_at + REST
        return None


def standing(session: Session, person_id: int, now: datetime) -> Standing:
    """Return how much the person has read of it by now, over all projects."""
    midnight = worktime.midnight(now.date())
    spans = _spans(session, person_id, min(midnight, now - 2 * RUN - REST), now)
    today = sum((end - max(start, midnight) for start, end in spans if end > midnight), NOTHING)
    run, last_at = _run(spans, now)
    return Standing(now, today, run, last_at)


def spent(session: Session, person_id: int, start: datetime, end: datetime) -> timedelta:
    """Return how long the person read it between two moments."""
    return sum((until - since for since, until in _spans(session, person_id, start, end)), NOTHING)


def by_content(session: Session, project_id: int) -> dict[str, float]:
    """Return how many seconds people read it in a project, by content."""
    length = sa.func.sum(Seconds(Interval.started_at, Interval.ended_at))
    told = _severe(sa.select(_LANE.c.sensitive, length)).group_by(_LANE.c.sensitive)
    rows = session.execute(told.where(Interval.project_id == project_id))
    return {content: float(seconds) for content, seconds in rows}


def _run(spans: Sequence[Span], now: datetime) -> tuple[timedelta, datetime | None]:
    """Return how long the stretch is that goes on now, and when it was last added to."""
    run, last_at = NOTHING, None
    for start, end in spans:
        if last_at is not None and start - last_at >= REST:
            run = NOTHING
        run, last_at = run + (end - start), end
    return (NOTHING if last_at is None or now - last_at >= REST else run), last_at


def _spans(session: Session, person_id: int, start: datetime, end: datetime) -> list[Span]:
    rows = session.execute(_SPANS, {"person": person_id, "start": start, "end": end})
    return [(max(since, start), min(until, end)) for since, until in rows]


def _severe(select: Any) -> Any:
    """Narrow a selection of intervals to those in which it was read."""
    levels = range(SEVERE, max(Level) + 1)
    return (
        select.select_from(Interval)
        .join(_ASSIGNMENT, _ASSIGNMENT.c.id == Interval.assignment_id)
        .join(_COMPARISON, _COMPARISON.c.id == _ASSIGNMENT.c.comparison_id)
        .join(_LANE, _LANE.c.id == _COMPARISON.c.lane_id)
        .where(Interval.withdrawn_at.is_(None))
        .where(sa.or_(*(_LANE.c.sensitive.contains(f":{level}") for level in levels)))
    )


_ASSIGNMENT = sa.table("assignments", sa.column("id"), sa.column("comparison_id"))
_COMPARISON = sa.table("comparisons", sa.column("id"), sa.column("lane_id"))
_LANE = sa.table("lanes", sa.column("id"), sa.column("sensitive", sa.Text()))
# Made once: that costs more than to run it.
_SPANS = (
    _severe(sa.select(Interval.started_at, Interval.ended_at))
    .where(Interval.person_id == sa.bindparam("person", type_=sa.BigInteger()))
    .where(Interval.ended_at > sa.bindparam("start", type_=Moment()))
    .where(Interval.started_at < sa.bindparam("end", type_=Moment()))
    .order_by(Interval.started_at)
)
