"""Changes of mind: until when what was said may be said otherwise."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler import clock
from labeler.errors import Conflict
from labeler.said import say
from labeler.schema import moment
from labeler.work.assignments import Assignment
from labeler.work.comparisons import Comparison
from labeler.work.projects import Project

TOLD_ANSWER = say("You have been told the known answer to this one; what you said stays.")
TOLD_NAMES = say("You have seen the names of the models, so what you said stays.")


def changeable_until(project: Project, assignment: Assignment) -> datetime:
    """Return the end of the time in which the judgment of this assignment may be changed.

    There is none once the person was told what is right, or who answered.
    """
    closed = assignment.closed_at or clock.now()
    if assignment.told_at is not None:
        return min(closed, assignment.told_at)
    return closed + timedelta(seconds=project.change_window_s)


def require_time(session: Session, project: Project, assignment: Assignment) -> None:
    """Raise Conflict if that time is over, by the database's clock; what is sent back has time."""
    if assignment.told_at is not None:
        is_gold = sa.select(Comparison.is_gold).where(Comparison.id == assignment.comparison_id)
        raise Conflict(TOLD_ANSWER if session.scalar(is_gold) else TOLD_NAMES)
    if assignment.sent_back_at is None and moment(session) > changeable_until(project, assignment):
        raise Conflict("The time in which this judgment could be changed is over.")
