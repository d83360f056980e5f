"""Remarks: what the workers' representative says of a project, to be published with its data.

Numbered versions, appended. An owner cannot alter a word; they can decline to publish a version,
with a reason, and it is published then that they did.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, aliased

from labeler import clock, events
from labeler.errors import Conflict, NotFound
from labeler.people import representatives, words
from labeler.people.accounts import Person
from labeler.schema import Base, Id, reference


class Remark(Base):
    """One version of what the representative says of a project."""

    __tablename__ = "remarks"
    __table_args__ = (sa.UniqueConstraint("project_id", "number"),)

    id: Mapped[Id]
    project_id: Mapped[int] = reference("projects.id")
    number: Mapped[int]
    text: Mapped[str]
    written_by: Mapped[int] = reference("people.id")
    written_at: Mapped[datetime]


class Decline(Base):
    """An owner declined to publish a version of a remark."""

    __tablename__ = "declines"

    remark_id: Mapped[int] = reference("remarks.id", primary_key=True)
    declined_by: Mapped[int] = reference("people.id")
    reason: Mapped[str]
    declined_at: Mapped[datetime]


@dataclass(frozen=True)
class Spoken:
    """A version, and whether an owner declined to publish it."""

    number: int
    text: str
    written_by: str
    written_at: datetime
    declined_by: str | None
    declined_at: datetime | None
    reason: str | None


def write(session: Session, project_id: int, text: str, *, by: Person) -> int:
    """Say something of a project as its workers' representative; return the version's number.

    The same again is the version that is there. Raises Forbidden to others, Invalid.
    """
    representatives.require(session, by)
    said = words.require({"text": text})["text"]
    last = _newest(session, project_id)
    if last is not None and last.text == said:
        return last.number
    remark = Remark(project_id=project_id, text=said, written_by=by.id, written_at=clock.now())
    remark.number = last.number + 1 if last else 1
    session.add(remark)
    session.flush()
    told = {"number": remark.number}
    events.record(session, "remark.written", person_id=by.id, project_id=project_id, **told)
    return remark.number


def decline(session: Session, project_id: int, number: int, reason: str, *, by: Person) -> None:
    """Decline to publish the newest version; it is told then who did, when and why.

    Nothing if it was declined. Raises NotFound where nothing was said, Conflict if there is a
    newer one, Invalid. Whether somebody owns the project the caller has to know.
    """
    last = _newest(session, project_id)
    if last is None:
        raise NotFound("The representative has said nothing of this project.")
    if last.number != number:
        raise Conflict("The representative has written something else meanwhile.")
    why = words.require({"reason": reason})["reason"]
    if session.get(Decline, last.id) is not None:
        return
    session.add(Decline(remark_id=last.id, declined_by=by.id, reason=why, declined_at=clock.now()))
    session.flush()
    events.record(session, "remark.declined", person_id=by.id, project_id=project_id, number=number)


def versions(session: Session, project_id: int) -> Sequence[Spoken]:
    """Return all that was said of a project, the newest first."""
    author, owner = aliased(Person), aliased(Person)
    rows = session.execute(
        sa.select(
            *(Remark.number, Remark.text, author.name, Remark.written_at),
            *(owner.name, Decline.declined_at, Decline.reason),
        )
        .join(author, author.id == Remark.written_by)
        .outerjoin(Decline, Decline.remark_id == Remark.id)
        .outerjoin(owner, owner.id == Decline.declined_by)
        .where(Remark.project_id == project_id)
        .order_by(Remark.number.desc())
    )
    return [Spoken(*row) for row in rows]


def statement_of(session: Session, project_id: int, at: datetime) -> Spoken | None:
    """Return what is published with a project's data as of a moment; None where nothing was said.

    Of a version that was declined by then there is no text: only who declined it, when and why.
    """
    said = (each for each in versions(session, project_id) if each.written_at <= at)
    newest = next(said, None)
    if newest is None:
        return None
    if newest.declined_at is None or newest.declined_at > at:
        return replace(newest, declined_by=None, declined_at=None, reason=None)
    return replace(newest, text="")


def _newest(session: Session, project_id: int) -> Remark | None:
    here = sa.select(Remark).where(Remark.project_id == project_id)
    return session.scalars(here.order_by(Remark.number.desc()).limit(1)).first()
