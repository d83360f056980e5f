"""Beats: what an open page tells now and then of the time for which it was in view.

A beat names a stretch of its page's own life: from which millisecond until which it was in view,
by a clock that nobody can set, and how long ago that ended. The server lays the stretch on its own
clock, where it counts at most once: between what this page has told of before (at first, when the
server made it) and now, and beside whatever else is counted of the person. So nobody is paid for
more than went by; a beat that comes twice, or late, or out of a device whose clock is wrong changes
nothing. Beats are not kept: a page's interval grows by them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from labeler.pay import breaks, worktime
from labeler.pay.worktime import Interval, Kind, Source, Span
from labeler.people.accounts import Person

LATE = timedelta(seconds=30)
"""How long a beat may be on its way: one that goes on where the last one ended is laid there."""
WAIT = timedelta(seconds=120)
"""So long after one page of a project another one was being waited for."""
AT_ONCE = timedelta(seconds=1)
"""A gap that is shorter belongs to the page that follows it."""
OLDEST_MS = 14 * 24 * 3_600_000
"""How old may be what is told, in milliseconds."""
PATIENCE_MS = 30 * 60_000
"""After so long without a touch, at the least, a page lets its clock rest."""
WORDS_PER_MINUTE = 120
"""Slow reading, with thought."""


class Beat(BaseModel):
    """A stretch of a page's life in which it was in view, and whether anything was touched."""

    model_config = ConfigDict(extra="forbid")

    from_ms: int = Field(ge=0, le=OLDEST_MS)
    to_ms: int = Field(ge=0, le=OLDEST_MS)
    ago_ms: int = Field(ge=0, le=OLDEST_MS)
    touched: bool


@dataclass(frozen=True)
class Page:
    """A page that is work, as the server made it: what of, and when."""

    id: str
    project_id: int
    kind: Kind
    issued_at: datetime
    assignment_id: int | None = None


def patience_ms(words: int) -> int:
    """Return for how long a page with so many words runs on untouched: thrice a slow reading."""
    return max(PATIENCE_MS, 3 * words * 60_000 // WORDS_PER_MINUTE)


def take(session: Session, page: Page, beat: Beat, *, by: Person) -> None:
    """Count what a page tells; what it has told before changes nothing."""
    now = worktime.turn(session, by.id)
    last = _last(session, page, by)
    if last is not None and beat.to_ms <= last.told_ms:
        return
    if page.kind is Kind.mandated_break:
        span = _rested(session, page, last, now, by)
    else:
        span = _laid(page, beat, last, now)
    near = worktime.counted(session, by.id, span[0] - WAIT, now)
    if last is None:
        span = _waited(session, page, span, near, by)
    pieces = worktime.free(span, near)
    if last is None and not pieces:
        pieces = [(span[1], span[1])]  # so that it is known if it comes again
    last = _count(session, page, last, pieces, by)
    _note(last, beat, span[1])
    session.flush()


def _last(session: Session, page: Page, person: Person) -> Interval | None:
    return session.scalar(
        sa.select(Interval)
        .where(Interval.page == page.id, Interval.person_id == person.id)
        .order_by(Interval.id.desc())
        .limit(1)
        .execution_options(populate_existing=True)
    )


def _laid(page: Page, beat: Beat, last: Interval | None, now: datetime) -> Span:
    """Lay a stretch on the server's clock."""
    told_ms, earliest = _told(page, last)
    length = timedelta(milliseconds=max(0, beat.to_ms - max(beat.from_ms, told_ms)))
    start = now - timedelta(milliseconds=beat.ago_ms) - length
    if last is not None and beat.from_ms <= told_ms and start - earliest <= LATE:
        start = earliest
    start = min(max(start, earliest), now)
    return start, min(start + length, now)


def _rested(
    session: Session, page: Page, last: Interval | None, now: datetime, person: Person
) -> Span:
    """Return what of a break is paid: it goes on while nobody looks at its page."""
    start = min(_told(page, last)[1], now)
    return start, min(now, start + breaks.left(session, person.id, now))


def _told(page: Page, last: Interval | None) -> tuple[int, datetime]:
    """Return how far a page has told of itself, and when that was."""
    if last is None or last.told_at is None:
        return 0, page.issued_at
    return last.told_ms, last.told_at


def _waited(
    session: Session, page: Page, span: Span, near: Sequence[Interval], person: Person
) -> Span:
    """Count as waiting what lies between the person's last page of the project and this one."""
    start, end = span
    before = max((each.ended_at for each in near if _leads_to(page, each, start)), default=start)
    if start - before < AT_ONCE:
        return before, end
    for gap in worktime.free((before, start), near):
        session.add(_interval(page, gap, person, Kind.system_wait))
    return span


def _leads_to(page: Page, before: Interval, start: datetime) -> bool:
    """Say whether somebody who was on one page waited for another one that began at `start`."""
    is_work = before.source is not Source.added
    of_breaks = Kind.mandated_break in (before.kind, page.kind)
    at_hand = before.project_id == page.project_id and start - WAIT <= before.ended_at <= start
    return is_work and at_hand and not of_breaks


def _count(
    session: Session,
    page: Page,
    last: Interval | None,
    pieces: Sequence[Span],
    person: Person,
) -> Interval:
    """Have the page's last interval grow by what touches it; all else becomes another one."""
    if last is not None and pieces and pieces[0][0] == last.ended_at:
        last.ended_at, pieces = pieces[0][1], pieces[1:]
    for piece in pieces:
        last = _interval(page, piece, person, page.kind)
        last.page, last.assignment_id = page.id, page.assignment_id
        session.add(last)
    assert last is not None
    return last


def _note(last: Interval, beat: Beat, told_at: datetime) -> None:
    """Note how far the page has told of itself, and what somebody may want to ask about."""
    last.told_ms, last.told_at = beat.to_ms, told_at
    if beat.touched:
        last.touched_at = last.ended_at
    if last.flag is None and last.kind is not Kind.mandated_break:
        since_touched = last.ended_at - (last.touched_at or last.started_at)
        last.flag = worktime.flag_of(last.length, since_touched)


def _interval(page: Page, span: Span, person: Person, kind: Kind) -> Interval:
    return Interval(
        project_id=page.project_id,
        person_id=person.id,
        kind=kind,
        source=Source.beats,
        started_at=span[0],
        ended_at=span[1],
    )
