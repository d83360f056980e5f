"""Reach: how much of a project there still is for one person.

What others have filled, what they skipped, other languages and groups, and limits are no part of
it. It is exact where little is left; where much is, it is what the lanes hold for them at most.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler.people.accounts import Person
from labeler.schema import NOW
from labeler.work import looks, slots, spending
from labeler.work.assignments import IS_OPEN, Assignment
from labeler.work.batches import Batch
from labeler.work.comparisons import FRESH, STARTED, Comparison
from labeler.work.lanes import Lane
from labeler.work.looks import Look
from labeler.work.projects import Project, ProjectState

SEEN = 100
"""From how many comparisons with a free slot on they are not looked at one by one."""


class Reach(NamedTuple):
    """What a project has for one person, and what it pays them."""

    left: int
    """How many more they can be given at most; 0 if none."""
    holds: bool
    """Whether they hold one."""
    rate_id: int
    """By which rate they are paid."""
    is_spent: bool
    """Whether the project has used up its budget."""
    is_sensitive: bool
    """Whether there is more that may be hard to read, and is not given to them now."""


def left_for(
    session: Session, project: Project, person: Person, *, had: Mapping[int, int]
) -> Reach:
    """Return what there is for the person; `had` says how much of each lane they have had."""
    look = looks.look(session, project, person)
    left = 0
    if project.state is ProjectState.active:
        left = _free(session, look, person, had) if look.plain else 0
        left += _overdue(session, look, person) if look.overdue else 0
    if project.most_per_person is not None:
        left = min(left, max(0, project.most_per_person - look.given[None]))
    is_spent = left > 0 and not spending.has_room(session, look)
    left = 0 if is_spent else left
    left += look.reserved is not None  # drawn ahead, so counted as given
    return Reach(left, look.held is not None, look.rate_id, is_spent, bool(look.spared))


def _free(session: Session, look: Look, person: Person, had: Mapping[int, int]) -> int:
    lanes = [lane.id for lane in look.plain]
    if look.is_new:
        return min(max(0, look.questions), slots.count_known(session, lanes, person.id))
    seen, free = map(int, session.execute(_FREE, {"lanes": lanes, "person": person.id}).one())
    if seen < SEEN:
        return free
    others: int = sum(max(0, lane.comparisons - had.get(lane.id, 0)) for lane in look.plain)
    return max(free, others)


def _overdue(session: Session, look: Look, person: Person) -> int:
    """Return how many the person can have of what the next claim takes back from others."""
    given = {"project": look.project.id, "person": person.id}
    return sum(look.is_open(lane) for lane in session.execute(_OVERDUE, given))


# The statements are of tables and made once: to make one costs more than to run it.

_comparison: Any = Comparison.__table__
_assignment: Any = Assignment.__table__
_lane: Any = Lane.__table__
_batch: Any = Batch.__table__
PERSON: Any = sa.bindparam("person", type_=sa.BigInteger())
PROJECT: Any = sa.bindparam("project", type_=sa.BigInteger())
LANES: Any = sa.bindparam("lanes", expanding=True)
# By the words of the index, and not a batch's state.
_IS_OPEN = sa.text(f"assignments.{IS_OPEN}")


def _had(comparison_id: Any) -> sa.Exists:
    own = _assignment.alias()
    return sa.exists().where(own.c.comparison_id == comparison_id, own.c.person_id == PERSON)


def _some(which: sa.TextClause) -> sa.Select[int]:
    there = _comparison.alias()
    some = sa.select(there.c.id).where(there.c.lane_id.in_(LANES), which).limit(SEEN)
    return sa.select(some.subquery().c.id)


def _counting_free() -> sa.Select[int, int]:
    seen = sa.union_all(_some(STARTED), _some(FRESH)).subquery()
    return sa.select(sa.func.count(), sa.func.count().filter(~_had(seen.c.id))).select_from(seen)


def _looking_overdue() -> sa.Select[Any]:
    return (
        sa.select(
            *(_lane.c.language, _lane.c.sensitive, _lane.c.batch_id),
            *(_batch.c.cohorts, _batch.c.most_per_person),
            _batch.c.is_qualification,
        )
        .select_from(_assignment)
        .join(_comparison, _comparison.c.id == _assignment.c.comparison_id)
        .join(_lane, _lane.c.id == _comparison.c.lane_id)
        .join(_batch, _batch.c.id == _lane.c.batch_id)
        .where(_assignment.c.project_id == PROJECT, _IS_OPEN, _assignment.c.deadline < NOW)
        .where(~_lane.c.is_gold, ~_had(_comparison.c.id))
        .where(_comparison.c.taken <= _comparison.c.wanted)
        .limit(SEEN)
    )


_FREE = _counting_free()
_OVERDUE = _looking_overdue()
