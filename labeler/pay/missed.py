"""Time that no beat told of: what people add themselves, and what is known without JavaScript."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler import events
from labeler.errors import Invalid, NotFound
from labeler.pay import worktime
from labeler.pay.worktime import Flag, Interval, Kind, Source
from labeler.people.accounts import Person
from labeler.said import Said, say
from labeler.text import lines

LONGEST = timedelta(hours=4)
"""How much may be added at once."""
OLDEST = timedelta(days=14)
"""How long ago it may be."""
NOTE = 500
"""How many characters a note may have."""


def add(
    session: Session,
    project_id: int,
    *,
    by: Person,
    started_at: datetime,
    ended_at: datetime,
    kind: Kind,
    note: str,
) -> Interval:
    """Count time that the person says was missed, with a note: it is paid like any other.

    Raises Invalid, naming the field, for more than LONGEST, what is OLDEST or yet to come, what is
    counted already, in whichever project, and where there is no note.
    """
    now = worktime.turn(session, by.id)
    note = _require_note(note)
    _require_kind(kind)
    _require_span(started_at, ended_at, now)
    if worktime.counted(session, by.id, started_at, ended_at):
        raise _fault("started_at", say("Some of this time is counted already."))
    added = Interval(
        project_id=project_id,
        person_id=by.id,
        kind=kind,
        source=Source.added,
        started_at=started_at,
        ended_at=ended_at,
        note=note,
        flag=worktime.flag_of(ended_at - started_at, timedelta(0)),
    )
    session.add(added)
    session.flush()
    _record(session, "time.added", added, by)
    return added


def withdraw(session: Session, project_id: int, interval_id: int, *, by: Person) -> Interval:
    """Take back what one has added; it stays on record. Doing it again is no error.

    Raises NotFound for what is another person's, and for what the pages told.
    """
    now = worktime.turn(session, by.id)
    added = session.get(Interval, interval_id, populate_existing=True)
    theirs = added is not None and (added.project_id, added.person_id) == (project_id, by.id)
    if added is None or not theirs or added.source is not Source.added:
        raise NotFound("You have added no such time.")
    if added.withdrawn_at is None:
        added.withdrawn_at = now
        session.flush()
        _record(session, "time.withdrawn", added, by)
    return added


def cover(
    session: Session,
    *,
    project_id: int,
    person_id: int,
    assignment_id: int,
    kind: Kind,
    opened_at: datetime,
    closed_at: datetime,
) -> None:
    """Count a task that was done and of which no page told, from its opening to its end."""
    worktime.turn(session, person_id)
    told = sa.select(Interval.id).where(Interval.assignment_id == assignment_id).limit(1)
    if opened_at >= closed_at or session.scalar(told) is not None:
        return
    near = worktime.counted(session, person_id, opened_at, closed_at)
    for start, end in worktime.free((opened_at, closed_at), near):
        session.add(
            Interval(
                project_id=project_id,
                person_id=person_id,
                assignment_id=assignment_id,
                kind=kind,
                source=Source.page,
                started_at=start,
                ended_at=end,
                flag=Flag.long if end - start >= worktime.LONG else None,
            )
        )
    session.flush()


def _require_note(note: str) -> str:
    note = note.strip()
    if not note:
        raise _fault("note", say("Please write what you did."))
    if len(note) > NOTE:
        raise _fault("note", say("This is too long: %(max)s characters at most.", max=NOTE))
    if not all(lines.fits(line) for line in note.splitlines()):
        raise _fault("note", say("The note holds a character that cannot be stored."))
    return note


def _require_kind(kind: Kind) -> None:
    if kind is Kind.system_wait:
        raise _fault("kind", say("Please say on what you worked."))


def _require_span(started_at: datetime, ended_at: datetime, now: datetime) -> None:
    if ended_at > now:
        raise _fault("ended_at", say("This is yet to come."))
    if started_at >= ended_at:
        raise _fault("ended_at", say("It must end after it began."))
    if ended_at - started_at > LONGEST:
        hours = LONGEST // timedelta(hours=1)
        raise _fault("ended_at", say("These are more than %(hours)s hours.", hours=hours))
    if started_at < now - OLDEST:
        raise _fault("started_at", say("This is more than %(days)s days ago.", days=OLDEST.days))


def _fault(field: str, words: Said) -> Invalid:
    return Invalid(words, fields={field: words})


def _record(session: Session, what: str, interval: Interval, by: Person) -> None:
    events.record(
        session,
        what,
        person_id=by.id,
        project_id=interval.project_id,
        interval=interval.id,
        work=interval.kind.value,
        started_at=interval.started_at.isoformat(),
        ended_at=interval.ended_at.isoformat(),
        note=interval.note,
    )
