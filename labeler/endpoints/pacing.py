"""Pacing: how much an endpoint is asked at once and in a minute, by all processes together.

A line is what leads to one endpoint, whatever version its profile has. Who takes a call locks the
line first, so that two never find the same room. An endpoint that does not answer rests, for longer
each time, and then is tried by one call alone; other lines know nothing of it.
"""

import random
from collections.abc import Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from labeler.endpoints.faults import Fault
from labeler.endpoints.profiles import Limits
from labeler.schema import Base, changed, dialect_of, insert

MISSES = 3
"""So many failures of an endpoint in a row let it rest."""
FIRST_WAIT_S = 1.0
FIRST_REST_S = 2.0
LONGEST_REST_S = 300.0
LONGEST_WAIT_S = 86400.0
"""How long a server may tell us to wait; what it says beyond that is not believed."""
TOO_MANY = 429
MINUTE = 60.0
_ANEW = {"populate_existing": True}


class EndpointLine(Base):
    """How much an endpoint takes, when it may be asked next, and whether it rests."""

    __tablename__ = "endpoint_lines"

    name: Mapped[str] = mapped_column(primary_key=True)
    concurrent: Mapped[int]
    """How many calls may be under way."""
    per_minute: Mapped[int | None]
    """How many may be begun in any minute; as many as one likes if nothing is said."""
    next_at: Mapped[datetime | None]
    """When the next call would begin if all were evenly spread (the TAT of GCRA)."""
    rests_until: Mapped[datetime | None]
    misses: Mapped[int]
    """How often in a row it failed to answer."""

    @property
    def room(self) -> int:
        """How many calls may be under way now: one that has failed is tried by one alone."""
        return 1 if self.misses >= MISSES else self.concurrent

    def opens_at(self, now: datetime) -> datetime:
        """Return when the next call may begin, as far as time goes: now, or later."""
        paced = now
        if self.per_minute and self.next_at:
            _, tolerance = spaced(self.per_minute)
            paced = self.next_at - tolerance
        return max(now, paced, self.rests_until or now)


def spaced(per_minute: int) -> tuple[timedelta, timedelta]:
    """Return how far apart calls are spread, and how much earlier one may come.

    So that a few may come at once, and yet no minute has more than it may: b at once and then one
    every T seconds are b - 1 + 60 / T in a minute (GCRA, ITU-T I.371).
    """
    burst = 1 + per_minute // 10
    spacing = timedelta(seconds=MINUTE / (per_minute - burst + 1))
    return spacing, spacing * (burst - 1)


def lay(session: Session, name: str, limits: Limits) -> None:
    """Lay the line to an endpoint, or give it other limits; a new profile ends its rest."""
    told = {
        "concurrent": limits.concurrent,
        "per_minute": limits.per_minute,
        "rests_until": None,
        "misses": 0,
    }
    made = insert(dialect_of(session), EndpointLine).values(name=name, next_at=None, **told)
    session.execute(made.on_conflict_do_update(index_elements=["name"], set_=told))


def lines(session: Session) -> Mapping[str, EndpointLine]:
    """Return all lines by name, to look at."""
    return {line.name: line for line in session.scalars(sa.select(EndpointLine))}


def locked(session: Session, name: str) -> EndpointLine:
    """Return a line that nobody else takes a call from until the commit."""
    return session.scalars(_line(name).with_for_update(), execution_options=_ANEW).one()


def locked_if_free(session: Session, name: str) -> EndpointLine | None:
    """Return a line as `locked` does; None if somebody else has it: whoever has one never waits."""
    free = _line(name).with_for_update(skip_locked=True)
    return session.scalars(free, execution_options=_ANEW).one_or_none()


def begin(session: Session, line: EndpointLine, now: datetime) -> None:
    """Note that a call begins on a line that is locked."""
    _set(session, line.name, next_at=after(line, now))


def after(line: EndpointLine, now: datetime) -> datetime | None:
    """Return the line's `next_at` after a call that begins now."""
    if not line.per_minute:
        return None
    spacing, _ = spaced(line.per_minute)
    return max(now, line.next_at or now) + spacing


def answered(session: Session, name: str) -> None:
    """Note that an endpoint answers: it need not rest."""
    tired = EndpointLine.name == name, EndpointLine.misses > 0
    changed(session, sa.update(EndpointLine).where(*tired).values(misses=0, rests_until=None))


def missed(session: Session, name: str, fault: Fault, now: datetime) -> None:
    """Let a line wait if the endpoint said so, and rest if it failed several times in a row."""
    if not fault.retryable:
        return
    line = locked(session, name)
    told = now + wait(fault.retry_after_s) if fault.retry_after_s else now
    until = max(now, told, line.rests_until or now)
    misses = line.misses
    if fault.status != TOO_MANY and until == now:  # else it was begun before it rested
        misses += 1
        if misses >= MISSES:
            until = now + _rest(misses)
    _set(session, name, misses=misses, rests_until=until if until > now else None)


def _rest(misses: int) -> timedelta:
    """Return how long a line rests: 2, 4, 8 … 300 seconds."""
    return timedelta(seconds=min(FIRST_REST_S * 2 ** min(misses - MISSES, 16), LONGEST_REST_S))


def wait(seconds: float) -> timedelta:
    """Return for how long to wait when a server says so."""
    return timedelta(seconds=min(max(seconds, 0.0), LONGEST_WAIT_S))


def backoff(failures: int) -> timedelta:
    """Draw how long a call waits after so many failures: up to 1, 2, 4 … 60 seconds."""
    longest = min(FIRST_WAIT_S * 2.0 ** (failures - 1), 60.0)
    return timedelta(seconds=random.uniform(longest / 2, longest))  # noqa: S311  no secret


def _line(name: str) -> sa.Select[EndpointLine]:
    return sa.select(EndpointLine).where(EndpointLine.name == name)


def _set(session: Session, name: str, **values: object) -> None:
    changed(session, sa.update(EndpointLine).where(EndpointLine.name == name).values(values))
