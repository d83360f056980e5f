"""Snapshots: a project's quality as it was at a moment, worked out in the background.

Pages show the latest one with that moment, so that they take as long at a million judgments as at
a thousand. `labeler refresh` makes them.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, defer, mapped_column

from labeler.schema import Base, BigInt, changed, dialect_of, insert, moment, reference
from labeler.work.counts import Count, Topic

GROWTH = 0.02
"""By how much the number of judgments has to have changed to be worth working out at once."""
REST = timedelta(minutes=10)
"""After that a smaller change is worth it, too."""
PATIENCE = timedelta(minutes=30)
"""After that, whoever was making a snapshot is taken to have given up."""


class Snapshot(Base):
    """What was found out about a project, and how many judgments there were."""

    __tablename__ = "snapshots"

    project_id: Mapped[int] = reference("projects.id", primary_key=True)
    begun_at: Mapped[datetime | None]
    """When somebody began to make the next one; none while nobody does."""
    made_at: Mapped[datetime | None]
    """The moment that it holds for."""
    judgments: Mapped[BigInt] = mapped_column(default=0)
    counted: Mapped[BigInt] = mapped_column(default=0)
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)


class Size(NamedTuple):
    """How many judgments a project has as they stand, and how many of them count."""

    judgments: int
    counted: int


def latest(session: Session, project_id: int) -> Snapshot | None:
    """Return the project's snapshot, if one was made."""
    found = session.get(Snapshot, project_id)
    return found if found is not None and found.made_at is not None else None


def stale(session: Session) -> Sequence[int]:
    """Return the projects, by id, of which there should be a new snapshot."""
    without_data = sa.select(Snapshot).options(defer(Snapshot.data))
    known = {each.project_id: each for each in session.scalars(without_data)}
    now = moment(session)
    return [
        project_id
        for project_id, size in sorted(_sizes(session).items())
        if _is_stale(known.get(project_id), size, now)
    ]


def claim(session: Session, project_id: int) -> Size | None:
    """Say that a snapshot is being made; None if somebody else is at it."""
    now = moment(session)
    begun = insert(dialect_of(session), Snapshot).values(
        project_id=project_id, begun_at=now, judgments=0, counted=0, data={}
    )
    free = sa.or_(Snapshot.begun_at.is_(None), Snapshot.begun_at < now - PATIENCE)
    mine = begun.on_conflict_do_update(
        index_elements=["project_id"], set_={"begun_at": now}, where=free
    )
    if session.scalar(mine.returning(Snapshot.project_id)) is None:
        return None
    return _sizes(session, project_id).get(project_id, Size(0, 0))


def keep(session: Session, project_id: int, size: Size, data: dict[str, Any]) -> None:
    """Keep what was found out, as of the moment at which it was begun."""
    kept = {"made_at": Snapshot.begun_at, "begun_at": None, "data": data, **size._asdict()}
    changed(session, sa.update(Snapshot).where(Snapshot.project_id == project_id).values(**kept))


def _sizes(session: Session, project_id: int | None = None) -> dict[int, Size]:
    sums = [
        sa.func.coalesce(sa.func.sum(Count.n).filter(Count.topic == topic), 0)
        for topic in (Topic.judged_on, Topic.counted_on)
    ]
    query = sa.select(Count.project_id, *sums).where(
        Count.topic.in_((Topic.judged_on, Topic.counted_on))
    )
    if project_id is not None:
        query = query.where(Count.project_id == project_id)
    rows: Any = session.execute(query.group_by(Count.project_id))
    return {project: Size(int(judgments), int(counted)) for project, judgments, counted in rows}


def _is_stale(known: Snapshot | None, size: Size, now: datetime) -> bool:
    if known is None or known.made_at is None:
        return size.judgments > 0 and (known is None or not _under_way(known, now))
    was = Size(known.judgments, known.counted)
    if size == was or _under_way(known, now):
        return False
    grown = max(abs(is_ - then) for is_, then in zip(size, was, strict=True))
    return grown >= GROWTH * was.judgments or now - known.made_at >= REST


def _under_way(known: Snapshot, now: datetime) -> bool:
    return known.begun_at is not None and now - known.begun_at < PATIENCE
