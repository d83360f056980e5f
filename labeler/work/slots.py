"""Slots: places on a comparison, found and taken in one statement.

Whoever looks begins at a random place of a lane and goes round: two people seldom reach for the
same row, and nobody has to pass what was given out before. On PostgreSQL rows that others hold at
this moment are passed over; on SQLite there is one writer.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import SystemRandom
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler.work.assignments import HELD, Assignment, AssignmentState
from labeler.work.comparisons import FRESH, OPEN, STARTED, Comparison, Response
from labeler.work.gold import Gold

TOP = 2**62
SAMPLE = 16
"""How many begun comparisons are tried before one that nobody has begun is taken."""
LANES: Any = sa.bindparam("lanes", expanding=True)
LANE: Any = sa.bindparam("lane", type_=sa.BigInteger())
PERSON: Any = sa.bindparam("person", type_=sa.BigInteger())
START: Any = sa.bindparam("start", type_=sa.BigInteger())


@dataclass(frozen=True)
class Slot:
    """A place on a comparison that was taken for somebody; `places` says which response is A."""

    comparison_id: int
    lane_id: int
    places: list[int]
    is_repeat: bool = False


@dataclass(frozen=True)
class Left:
    """Whether there is a slot, be it in others' hands at this moment."""

    for_person: bool
    for_anybody: bool


def take(session: Session, lane_id: int, person_id: int) -> Slot | None:
    """Take a slot in the lane for the person; None if all are gone, had, or in others' hands."""
    return _run(session, _TAKE, lane_id, person_id)


def take_known(session: Session, lane_id: int, person_id: int) -> Slot | None:
    """Take a slot in a lane of known answers as `take` does, and as `take_beside` says."""
    return _run(session, _TAKE_KNOWN, lane_id, person_id)


def take_beside(
    session: Session, lane_id: int, person_id: int, others: Sequence[int]
) -> Slot | None:
    """Take a slot in a lane of known answers, if there is also one in one of the other lanes.

    What the person has had in its original, they are not given as a known answer.
    """
    return _run(session, _TAKE_BESIDE, lane_id, person_id, lanes=list(others))


def left(session: Session, lane_id: int, person_id: int) -> Left:
    """Say for whom the lane has a slot."""
    return _left(session, _LEFT, lane_id, person_id)


def left_known(session: Session, lane_id: int, person_id: int) -> Left:
    """Say the same of a lane of known answers."""
    return _left(session, _LEFT_KNOWN, lane_id, person_id)


def count_known(session: Session, lane_ids: Sequence[int], person_id: int) -> int:
    """Return how many known answers in these lanes the person has not had."""
    given = {"lanes": list(lane_ids), "person": person_id}
    return session.scalars(_COUNT_KNOWN, given).one()


def _left(session: Session, statement: sa.Select[bool, bool], lane_id: int, person_id: int) -> Left:
    given = {"lane": lane_id, "lanes": [lane_id], "person": person_id, "start": 0}
    return Left(*session.execute(statement, given).one())


def _run(
    session: Session, statement: sa.Update, lane_id: int, person_id: int, **more: Any
) -> Slot | None:
    start = secrets.randbelow(TOP)
    given = {"lane": lane_id, "person": person_id, "start": start, **more}
    taken = session.execute(statement, given).one_or_none()
    if taken is None:
        return None
    return Slot(taken.id, lane_id, _places(taken.answers, taken.ahead))


def _places(answers: int, ahead: int) -> list[int]:
    """Draw the order of the answers; of two, the one that has stood first less often goes first."""
    places = list(range(answers))
    SystemRandom().shuffle(places)
    if answers != 2 or ahead == 0:
        return places
    return [1, 0] if ahead > 0 else [0, 1]


# The statements, of tables and made once: to make one costs far more than to run it.

_COMPARISONS: Any = Comparison.__table__
_ASSIGNMENTS: Any = Assignment.__table__
_RESPONSES: Any = Response.__table__
_GOLDS: Any = Gold.__table__
Had: TypeAlias = Callable[[Any], sa.ColumnElement[bool]]
"""Whether the person has had a comparison."""


def _had(comparison: Any) -> sa.Exists:
    return sa.exists().where(
        _ASSIGNMENTS.c.comparison_id == comparison.c.id, _ASSIGNMENTS.c.person_id == PERSON
    )


def _had_known(comparison: Any) -> sa.ColumnElement[bool]:
    copy = _GOLDS.alias()
    original = sa.exists().where(
        copy.c.comparison_id == comparison.c.id,
        _ASSIGNMENTS.c.comparison_id == copy.c.copied_from_id,
        _ASSIGNMENTS.c.person_id == PERSON,
    )
    return sa.or_(_had(comparison), original)


def _drawn(had: Had) -> sa.ColumnElement[int]:
    """Draw a comparison that the person has not had: begun ones first, each from `start` on.

    Only a sample of the begun ones is tried before the others: whoever has had thousands of them
    would else pass by them all. The rest of them come last.
    """
    tries = ((STARTED, SAMPLE), (FRESH, None), (STARTED, None))
    slots = [_first(which, half, most, had) for which, most in tries for half in (_above, _below)]
    locked = (slot.with_for_update(skip_locked=True, key_share=True) for slot in slots)
    return sa.func.coalesce(*(slot.scalar_subquery() for slot in locked))


def _above(comparison: Any) -> sa.ColumnElement[bool]:
    return sa.and_(comparison.c.lane_id == LANE, comparison.c.shuffle >= START)


def _below(comparison: Any) -> sa.ColumnElement[bool]:
    return sa.and_(comparison.c.lane_id == LANE, comparison.c.shuffle < START)


def _first(which: sa.TextClause, half: Any, sample: int | None, had: Had) -> sa.Select[int]:
    there = _COMPARISONS.alias()
    first = sa.select(there.c.id).where(~had(there)).order_by(there.c.shuffle).limit(1)
    if sample is None:
        return first.where(half(there), which)
    near = _COMPARISONS.alias()
    nearest = sa.select(near.c.id).where(half(near), which).order_by(near.c.shuffle).limit(sample)
    return first.where(there.c.id.in_(nearest), OPEN)


def _any_left(had: Had) -> sa.ColumnElement[bool]:
    """Ask for a slot that the person has not had; from `start` on, as those before may be many."""
    there = _COMPARISONS.alias()
    any_of = sa.exists().where(there.c.lane_id.in_(LANES), ~had(there))
    halves = there.c.shuffle >= START, there.c.shuffle < START
    return sa.or_(*(any_of.where(half, which) for which in (FRESH, STARTED) for half in halves))


def _any_open() -> sa.ColumnElement[bool]:
    there = _COMPARISONS.alias()
    return sa.or_(*(sa.exists().where(there.c.lane_id == LANE, each) for each in (FRESH, STARTED)))


def _taking(drawn: sa.ColumnElement[int], *conditions: sa.ColumnElement[bool]) -> sa.Update:
    """Take a slot of the comparison that is drawn, in the same statement that draws it."""
    table = _COMPARISONS
    return (
        sa.update(table)
        .where(table.c.id == drawn, OPEN, *conditions)
        .values(taken=table.c.taken + 1)
        .returning(table.c.id, *_shown())
    )


def _shown() -> tuple[sa.Label[int], sa.Label[int]]:
    """Say how many answers there are, and how much more often the first of two was shown first."""
    shown, answer = _ASSIGNMENTS.alias(), _RESPONSES.alias()
    sign = sa.case((shown.c.places[0].as_integer() == 0, 1), else_=-1)
    # Named whole: on SQLite a column stands alone here, and would be the inner table's.
    this: Any = sa.literal_column("comparisons.id")
    is_gold: Any = sa.literal_column("comparisons.is_gold")
    answers = sa.select(sa.func.count(answer.c.id)).where(answer.c.comparison_id == this)
    ahead = sa.select(sa.func.coalesce(sa.func.sum(sign), 0)).where(
        shown.c.comparison_id == this,
        shown.c.state.in_((*HELD, AssignmentState.judged)),
        ~shown.c.is_repeat,
        sa.not_(is_gold),  # which everybody has had
    )
    return answers.scalar_subquery().label("answers"), ahead.scalar_subquery().label("ahead")


_COUNT_KNOWN = sa.select(sa.func.count(_COMPARISONS.c.id)).where(
    _COMPARISONS.c.lane_id.in_(LANES), OPEN, ~_had_known(_COMPARISONS)
)
_LEFT = sa.select(_any_left(_had), _any_open())
_LEFT_KNOWN = sa.select(_any_left(_had_known), _any_open())
_TAKE = _taking(_drawn(_had))
_TAKE_KNOWN = _taking(_drawn(_had_known))
_TAKE_BESIDE = _taking(_drawn(_had_known), _any_left(_had))
