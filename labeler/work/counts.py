"""Counts: running totals of what was judged, by project, so that no page has to count judgments.

Each total is spread over several rows (`shard`), so that people who judge at the same moment
seldom wait for one another; a total is their sum. `labeler verify` counts everything again.
"""

import enum
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from labeler.schema import Base, BigInt, dialect_of, insert, reference

SHARDS = 16
UNMEASURED = "0"
"""The key of times that nobody knows, of what was judged elsewhere."""


class Topic(enum.Enum):
    """What is counted, and what its keys are."""

    judged_on = "judged_on"
    """Judgments as they stand, by day (UTC)."""
    counted_on = "counted_on"
    """Those of them that count and are no gold, by day."""
    spent_on = "spent_on"
    """What judgments earned, in minor units, by day and currency: "2026-11-28:EUR"."""
    took = "took"
    """Judgments as they stand by how long they took, in ms to two digits; a shard is a person."""
    said = "said"
    """Judgments that count, by the rubric's number and the step or verdict: "1:6", "2:tie"."""
    votes = "votes"
    """How the votes on comparisons moved: "monday:before:after" (see `comparisons.read_votes`)."""


Change: TypeAlias = Mapping[tuple[Topic, str], int]
"""How much is added under which topic and key."""


class Count(Base):
    """A part of one running total."""

    __tablename__ = "counts"

    project_id: Mapped[int] = reference("projects.id", primary_key=True)
    topic: Mapped[Topic] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    shard: Mapped[BigInt] = mapped_column(primary_key=True)
    n: Mapped[BigInt]


def add(session: Session, project_id: int, person_id: int, change: Change) -> None:
    """Add to the running totals of a project, in the shards of this person."""
    add_all(session, project_id, {person_id: change})


def add_all(session: Session, project_id: int, changes: Mapping[int, Change]) -> None:
    """Add to the running totals of a project, in the shards of each person."""
    sums: Counter[tuple[str, str, int]] = Counter()
    for person_id, change in changes.items():
        for (topic, key), n in change.items():
            shard = person_id if topic is Topic.took else person_id % SHARDS
            sums[topic.value, key, shard] += n
    rows = [
        {"project_id": project_id, "topic": Topic(topic), "key": key, "shard": shard, "n": n}
        # In one order, so that two who add to the same rows wait and never lock each other out.
        for (topic, key, shard), n in sorted(sums.items())
        if n
    ]
    if rows:
        session.execute(_adding(dialect_of(session)), rows)


def totals(session: Session, project_id: int, topic: Topic) -> Counter[str]:
    """Return a topic's totals by key."""
    rows = session.execute(
        sa.select(Count.key, sa.func.sum(Count.n))
        .where(Count.project_id == project_id, Count.topic == topic)
        .group_by(Count.key)
    )
    return Counter({key: int(n) for key, n in rows if n})


@cache
def _adding(dialect: str) -> Any:
    table: Any = Count.__table__
    added = insert(dialect, table)
    return added.on_conflict_do_update(
        index_elements=["project_id", "topic", "key", "shard"],
        set_={"n": table.c.n + added.excluded.n},
    )


def day(moment: datetime) -> str:
    """Return the key of a moment's day."""
    return moment.astimezone(UTC).date().isoformat()


def monday(moment: datetime) -> int:
    """Return the ordinal of the Monday of a moment's week."""
    found = moment.astimezone(UTC).date()
    return (found - timedelta(days=found.weekday())).toordinal()


def two_digits(ms: int) -> int:
    """Cut a duration to its first two digits: 90,000 stays, 12,345 becomes 12,000."""
    step: int = 10 ** max(0, len(str(ms)) - 2)
    return ms // step * step
