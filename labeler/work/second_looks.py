"""Second looks: what somebody judged a day ago or more, asked again in the other order.

They take no slot and count for nothing but how steady the person is.
"""

from datetime import timedelta
from random import SystemRandom
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler.pay import exposure
from labeler.text import sensitive
from labeler.work.assignments import Assignment, AssignmentState
from labeler.work.batches import Batch, BatchState
from labeler.work.comparisons import Comparison
from labeler.work.lanes import Lane
from labeler.work.looks import PERSON, PROJECT, Look
from labeler.work.slots import LANES, Slot

REST = 20
"""How many other judgments lie at least between a first and a second look."""
DAY = timedelta(days=1)
"""And how much time, so that nobody says again what they only remember."""


def draw(session: Session, project_id: int, person_id: int, look: Look) -> Slot | None:
    """Draw one that is still for the person; None if there is none, or the drawn one is not."""
    given = {
        "project": project_id,
        "person": person_id,
        "share": SystemRandom().random(),
        "rest": REST,
        "rested": look.now - DAY,
        "lanes": [lane.id for lane in look.plain],
    }
    found = session.execute(_DRAWN, given).one_or_none()
    if found is None or not look.is_open(found) or _rests(session, person_id, look, found):
        return None
    return Slot(found.comparison_id, found.lane_id, found.places[::-1], is_repeat=True)


def _rests(session: Session, person_id: int, look: Look, found: Any) -> bool:
    """Say whether the person has read enough of what is hard to read, as this is."""
    if not sensitive.is_severe(found.sensitive):
        return False
    return exposure.standing(session, person_id, look.now).goes_on_at is not None


# The statement is of tables and made once: to make it costs more than to run it.

_assignment: Any = Assignment.__table__
_comparison: Any = Comparison.__table__
_lane: Any = Lane.__table__
_batch: Any = Batch.__table__


def _drawing() -> sa.Select[Any]:
    """Find one from a share of what the person has judged on; if there is none, before it."""
    share: Any = sa.bindparam("share", type_=sa.Float())
    first, last = _assignment.alias("first"), _last_rested()
    here = sa.cast(last * share, sa.BigInteger()) + 1
    candidates = _candidates(first)
    newer = candidates.where(first.c.id >= here, first.c.id <= last).order_by(first.c.id)
    older = candidates.where(first.c.id < here).order_by(first.c.id.desc())
    found = sa.func.coalesce(newer.scalar_subquery(), older.scalar_subquery())
    return (
        sa.select(
            *(_assignment.c.comparison_id, _assignment.c.places, _comparison.c.lane_id),
            *(_lane.c.language, _lane.c.sensitive, _lane.c.batch_id),
            *(_batch.c.cohorts, _batch.c.most_per_person),
            _batch.c.is_qualification,
        )
        .join_from(_assignment, _comparison, _comparison.c.id == _assignment.c.comparison_id)
        .join(_lane, _lane.c.id == _comparison.c.lane_id)
        .join(_batch, _batch.c.id == _lane.c.batch_id)
        .where(_assignment.c.id == found)
    )


def _mine(each: Any) -> sa.ColumnElement[bool]:
    whose = each.c.project_id == PROJECT, each.c.person_id == PERSON
    return sa.and_(*whose, each.c.state == AssignmentState.judged)


def _last_rested() -> sa.ScalarSelect[int]:
    """Return the newest of the person's old assignments after which enough others came."""
    judged = _assignment.alias()
    rested = judged.c.closed_at <= sa.bindparam("rested", type_=_assignment.c.closed_at.type)
    newest = sa.select(judged.c.id).where(_mine(judged), rested).order_by(judged.c.id.desc())
    return newest.offset(sa.bindparam("rest", type_=sa.Integer())).limit(1).scalar_subquery()


def _candidates(first: Any) -> sa.Select[int]:
    """Return first looks without a second one, in batches that are open to the person anyway.

    Where a batch limits what one person is given, the claim has to have looked at its lane.
    """
    repeat, here = _assignment.alias(), _comparison.alias()
    lane, batch = _lane.alias(), _batch.alias()
    repeated = sa.exists().where(
        repeat.c.comparison_id == first.c.comparison_id,
        repeat.c.person_id == PERSON,
        repeat.c.is_repeat,
    )
    return (
        sa.select(first.c.id)
        .join_from(first, here, here.c.id == first.c.comparison_id)
        .join(lane, lane.c.id == here.c.lane_id)
        .join(batch, batch.c.id == lane.c.batch_id)
        .where(_mine(first), ~first.c.is_repeat, ~repeated, here.c.withdrawn_at.is_(None))
        .where(~lane.c.is_gold, batch.c.state == BatchState.ready)
        .where(sa.or_(batch.c.most_per_person.is_(None), lane.c.id.in_(LANES)))
        .limit(1)
    )


_DRAWN = _drawing()
