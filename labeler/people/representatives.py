"""The workers' representative: one of those who annotate, whom they chose.

An administrator writes the choice down, and why; everybody who works here sees who it is, since
when, and who wrote it down. Nobody but the representative ends it, or a new choice. Appended: the
newest row holds, and one without a person says that there is none.
"""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session

from labeler import clock, events
from labeler.errors import Forbidden, Invalid, NotFound
from labeler.people import accounts, forum, words
from labeler.people.accounts import Person
from labeler.said import say
from labeler.schema import Base, Id, reference


class Representative(Base):
    """From a moment on somebody speaks for those who work here, or nobody does."""

    __tablename__ = "representatives"

    id: Mapped[Id]
    person_id: Mapped[int | None] = reference("people.id")
    """None: whoever it was has stepped down."""
    reason: Mapped[str]
    """How they were chosen, or why they stepped down."""
    by_id: Mapped[int] = reference("people.id")
    at: Mapped[datetime]


def name(session: Session, email: str, reason: str, *, by: Person) -> Representative:
    """Write down whom the workers chose, and how; nothing if it is them already.

    Raises Forbidden to all but administrators, Invalid for somebody who manages or does not work
    here.
    """
    require_may_name(by)
    said = words.require({"reason": reason})
    person = _worker(session, email)
    if (now := newest(session)) is not None and now.person_id == person.id:
        return now
    return _append(session, "representative.named", person, said["reason"], by=by)


def step_down(session: Session, *, by: Person) -> None:
    """Speak for the others no longer; nothing if one does not. Raises Forbidden to others."""
    now = newest(session)
    if now is None or now.person_id is None:
        ever = sa.select(Representative.id).where(Representative.by_id == by.id)
        if session.scalar(ever.limit(1)) is None:
            raise Forbidden("Only the representative can step down.")
        return
    if now.person_id != by.id:
        raise Forbidden("Only the representative can step down.")
    _append(session, "representative.stepped_down", None, "", by=by)


def current(session: Session) -> Person | None:
    """Return who speaks for those who work here; nobody does who manages by now."""
    now = newest(session)
    if now is None or now.person_id is None:
        return None
    person = session.get_one(Person, now.person_id)
    return person if person.closed_at is None and forum.is_worker(session, person) else None


def require(session: Session, by: Person) -> None:
    """Raise Forbidden unless the person is the representative."""
    found = current(session)
    if found is None or found.id != by.id:
        raise Forbidden("Only the workers’ representative may do this.")


def require_may_name(by: Person) -> None:
    """Raise Forbidden unless the person may write down who was chosen."""
    if not by.is_admin:
        raise Forbidden("Only administrators write down who was chosen.")


def newest(session: Session) -> Representative | None:
    """Return what was written down last."""
    return next(iter(history(session, most=1)), None)


def history(session: Session, *, most: int = 100) -> Sequence[Representative]:
    """Return who was chosen and who stepped down, the newest first."""
    ordered = sa.select(Representative).order_by(Representative.id.desc()).limit(most)
    return session.scalars(ordered).all()


def _worker(session: Session, email: str) -> Person:
    try:
        person = accounts.find(session, email)
    except (NotFound, Invalid) as refusal:
        raise Invalid(refusal.message, fields={"worker": refusal.message}) from None
    if not forum.is_worker(session, person):
        fault = say("%(name)s does not annotate here, or manages something.", name=person.name)
        raise Invalid(fault, fields={"worker": fault})
    return person


def _append(
    session: Session, kind: str, person: Person | None, reason: str, *, by: Person
) -> Representative:
    made = Representative(person_id=person.id if person else None, by_id=by.id, at=clock.now())
    made.reason = reason
    session.add(made)
    session.flush()
    subject = person.id if person else by.id
    events.record(session, kind, person_id=by.id, subject=subject)
    return made
