"""Changes of mind: until when what was said may be said otherwise."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from labeler import clock
from labeler.errors import Conflict
from labeler.schema import moment
from labeler.work.assignments import Assignment
from labeler.work.projects import Project


def changeable_until(project: Project, assignment: Assignment) -> datetime:
    """Return the end of the time in which the judgment of this assignment may be changed.

    There is none once the person was told what is right.
    """
    closed = assignment.closed_at or clock.now()
    if assignment.told_at is not None:
        return min(closed, assignment.told_at)
    return closed + timedelta(seconds=project.change_window_s)


def require_time(session: Session, project: Project, assignment: Assignment) -> None:
    """Raise Conflict if that time is over, by the database's clock; what is sent back has time."""
    if assignment.told_at is not None:
        raise Conflict("You have been told the known answer to this one; what you said stays.")
    if assignment.sent_back_at is None and moment(session) > changeable_until(project, assignment):
        raise Conflict("The time in which this judgment could be changed is over.")
