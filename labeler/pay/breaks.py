"""Paid breaks: so many minutes for so much work, whenever the person wants them.

What is hard to read earns another one, in addition (see `exposure`).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from labeler.pay import exposure, worktime
from labeler.pay.worktime import Interval, Kind

BREAK = timedelta(minutes=10)
"""How long a paid break is."""
WORK = timedelta(minutes=50)
"""For how much work there is one."""
DAY = timedelta(days=1)


def left(session: Session, person_id: int, now: datetime) -> timedelta:
    """Return how much paid break the person has now: what they worked for and did not take."""
    worked, taken = _spent(worktime.counted(session, person_id, now - DAY, now))
    exposed = exposure.spent(session, person_id, now - DAY, now)
    earned = worked // WORK * BREAK + exposed // exposure.RUN * exposure.REST
    return max(timedelta(0), min(BREAK, earned - taken))


def until_next(session: Session, person_id: int, now: datetime) -> timedelta:
    """Return after how much more work there is another paid break."""
    worked, _ = _spent(worktime.counted(session, person_id, now - DAY, now))
    return WORK - worked % WORK


def _spent(intervals: Sequence[Interval]) -> tuple[timedelta, timedelta]:
    taken = [each.length for each in intervals if each.kind is Kind.mandated_break]
    worked = [each.length for each in intervals if each.kind is not Kind.mandated_break]
    return sum(worked, timedelta(0)), sum(taken, timedelta(0))
