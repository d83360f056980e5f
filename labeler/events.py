"""Events: who did what, when. Appended only; each carries the hash of the one before it."""

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from labeler import clock
from labeler.schema import Base, Id, reference

GENESIS = "0" * 64


class Event(Base):
    """One act of a person (or of the system, `person_id` null), with what it was about."""

    __tablename__ = "events"

    id: Mapped[Id]
    project_id: Mapped[int | None] = reference("projects.id", index=True)
    person_id: Mapped[int | None] = reference("people.id")
    kind: Mapped[str]
    data: Mapped[dict[str, Any]]
    at: Mapped[datetime]
    previous: Mapped[str]
    digest: Mapped[str] = mapped_column(unique=True)


def record(
    session: Session,
    kind: str,
    *,
    person_id: int | None,
    project_id: int | None = None,
    **data: Any,
) -> Event:
    """Append an event to the chain; waits for a transaction that is appending another."""
    _lock(session)
    previous = session.scalar(sa.select(Event.digest).order_by(Event.id.desc()).limit(1))
    event = Event(
        project_id=project_id,
        person_id=person_id,
        kind=kind,
        data=data,
        at=clock.now(),
        previous=previous or GENESIS,
    )
    event.digest = digest(event)
    session.add(event)
    session.flush()
    return event


def digest(event: Event) -> str:
    """Hash what an event says together with the hash before it (SHA-256, hexadecimal)."""
    said = [event.project_id, event.person_id, event.kind, event.data, event.at.isoformat()]
    text = json.dumps([event.previous, *said], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def breaks(session: Session) -> Iterator[int]:
    """Yield the id of every event that does not follow from the one before it."""
    before, last = GENESIS, 0
    stored = sa.select(Event).order_by(Event.id).execution_options(populate_existing=True)
    while page := session.scalars(stored.where(Event.id > last).limit(1000)).all():
        for event in page:
            if event.previous != before or event.digest != digest(event):
                yield event.id
            before, last = event.digest, event.id


def _lock(session: Session) -> None:
    # On SQLite there is one writer anyway; on PostgreSQL two would read the same last hash.
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.text("SELECT pg_advisory_xact_lock(7236001)"))
