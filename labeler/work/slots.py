"""Slots: places on a comparison, found and taken in one statement.

Whoever looks begins at a random place of a lane and goes round: two people seldom reach for the
same row, and nobody has to pass what was given out before. On PostgreSQL rows that others hold at
this moment are passed over; on SQLite there is one writer.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from random import SystemRandom
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from labeler.work.assignments import Assignment, AssignmentState
from labeler.work.comparisons import FRESH, OPEN, STARTED, Comparison, Response

TOP = 2**62
SAMPLE = 32
"""How many begun comparisons are tried before one that nobody has begun is taken."""
REST = 20
"""How many other judgments lie at least between a first and a second look."""


@dataclass(frozen=True)
class Slot:
    """A place on a comparison that was taken for somebody; `places` says which response is A."""

    comparison_id: int
    lane_id: int
    places: list[int]
    is_repeat: bool = False


def take(session: Session, lane_id: int, person_id: int) -> Slot | None:
    """Take a slot in the lane for the person; None if all are gone, had, or in others' hands."""
    start = secrets.randbelow(TOP)
    some = _take(session, lane_id, _drawn(lane_id, person_id, start, sample=SAMPLE))
    return some or _take(session, lane_id, _drawn(lane_id, person_id, start))


def take_beside(
    session: Session, lane_id: int, person_id: int, others: Iterable[int]
) -> Slot | None:
    """Take a slot in a lane, if there is also one for the person in one of the other lanes."""
    elsewhere = [_drawn(other, person_id, 0, lock=False) for other in others]
    drawn = _drawn(lane_id, person_id, secrets.randbelow(TOP))
    return _take(session, lane_id, drawn, sa.func.coalesce(*elsewhere, None).is_not(None))


def any_left(session: Session, lane_id: int, person_id: int) -> bool:
    """Say whether the lane has a slot for the person, be it in others' hands at this moment."""
    drawn = _drawn(lane_id, person_id, 0, lock=False)
    return session.scalar(sa.select(drawn)) is not None


def again(session: Session, project_id: int, person_id: int) -> Slot | None:
    """Find something that the person judged a while ago, to be judged in the other order."""
    first, repeat = aliased(Assignment), aliased(Assignment)
    mine = first.project_id == project_id, first.person_id == person_id
    rested = (
        sa.select(first.id)
        .where(*mine, first.state == AssignmentState.judged)
        .order_by(first.id.desc())
        .offset(REST)
        .limit(1)
    )
    if (latest := session.scalar(rested)) is None:
        return None
    repeated = sa.exists().where(
        repeat.comparison_id == first.comparison_id,
        repeat.person_id == person_id,
        repeat.is_repeat,
    )
    found = (
        sa.select(first.comparison_id, Comparison.lane_id, first.places)
        .join(Comparison, Comparison.id == first.comparison_id)
        .where(*mine, first.state == AssignmentState.judged, ~first.is_repeat, ~repeated)
        .where(~Comparison.is_gold, Comparison.withdrawn_at.is_(None))
        .limit(1)
    )
    start = secrets.randbelow(latest) + 1
    row = (
        session.execute(found.where(first.id.between(start, latest)).order_by(first.id)).first()
        or session.execute(found.where(first.id < start).order_by(first.id.desc())).first()
    )
    return row and Slot(row.comparison_id, row.lane_id, row.places[::-1], is_repeat=True)


def _drawn(
    lane_id: int, person_id: int, start: int, *, sample: int | None = None, lock: bool = True
) -> sa.ColumnElement[int]:
    """Draw a comparison that the person has not had: begun ones first, each from `start` on.

    With a `sample` only so many begun ones are tried: whoever has had thousands of them would
    else pass by them all.
    """
    begun = [_first(lane_id, person_id, STARTED, span, sample) for span in _round(start)]
    fresh = [_first(lane_id, person_id, FRESH, span, None) for span in _round(start)]
    slots = begun + fresh
    if lock:
        slots = [slot.with_for_update(skip_locked=True, key_share=True) for slot in slots]
    return sa.func.coalesce(*(slot.scalar_subquery() for slot in slots))


def _round(start: int) -> tuple[tuple[int, int], tuple[int, int]]:
    return (start, TOP), (0, start)


def _first(
    lane_id: int, person_id: int, which: sa.TextClause, span: tuple[int, int], sample: int | None
) -> sa.Select[int]:
    there: Any = aliased(Comparison)
    had = sa.exists().where(Assignment.comparison_id == there.id, Assignment.person_id == person_id)
    first = sa.select(there.id).where(~had).order_by(there.shuffle).limit(1)
    if sample is None:
        return first.where(there.lane_id == lane_id, which, *_within(there, span))
    near: Any = aliased(Comparison)
    nearest = sa.select(near.id).where(near.lane_id == lane_id, which, *_within(near, span))
    return first.where(there.id.in_(nearest.order_by(near.shuffle).limit(sample)), OPEN)


def _within(comparison: Any, span: tuple[int, int]) -> tuple[sa.ColumnElement[bool], ...]:
    return comparison.shuffle >= span[0], comparison.shuffle < span[1]


def _take(
    session: Session,
    lane_id: int,
    drawn: sa.ColumnElement[int],
    *conditions: sa.ColumnElement[bool],
) -> Slot | None:
    taken = session.execute(
        sa.update(Comparison)
        .where(Comparison.id == drawn, OPEN, *conditions)
        .values(taken=Comparison.taken + 1)
        .returning(Comparison.id, *_shown())
        .execution_options(synchronize_session=False)
    ).one_or_none()
    return taken and Slot(taken.id, lane_id, _places(taken.answers, taken.ahead))


def _shown() -> tuple[sa.Label[int], sa.Label[int]]:
    """Say how many answers there are, and how much more often the first of two was shown first."""
    shown, answer = aliased(Assignment), aliased(Response)
    sign = sa.case((shown.places[0].as_integer() == 0, 1), else_=-1)
    # Named whole: on SQLite a column stands alone here, and would be the inner table's.
    this: Any = sa.literal_column("comparisons.id")
    is_gold: Any = sa.literal_column("comparisons.is_gold")
    answers = sa.select(sa.func.count(answer.id)).where(answer.comparison_id == this)
    ahead = sa.select(sa.func.coalesce(sa.func.sum(sign), 0)).where(
        shown.comparison_id == this,
        shown.state.in_((AssignmentState.open, AssignmentState.judged)),
        ~shown.is_repeat,
        sa.not_(is_gold),  # which everybody has had
    )
    return answers.scalar_subquery().label("answers"), ahead.scalar_subquery().label("ahead")


def _places(answers: int, ahead: int) -> list[int]:
    """Draw the order of the answers; of two, the one that has stood first less often goes first."""
    places = list(range(answers))
    SystemRandom().shuffle(places)
    if answers != 2 or ahead == 0:
        return places
    return [1, 0] if ahead > 0 else [0, 1]
