"""What comes after an answer: the next task, claimed in a transaction of its own.

What was said is safe by then, whatever becomes of this.
"""

from dataclasses import dataclass

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.orm import Session

from labeler import database, logs
from labeler.errors import Refusal
from labeler.people.accounts import Person
from labeler.quality import qualification
from labeler.work import projects, queue
from labeler.work.assignments import Assignment
from labeler.work.projects import Project, ProjectState


@dataclass(frozen=True)
class Following:
    """The next task, or the endpoint of the page to see where there is none."""

    assignment: Assignment | None = None
    otherwise: str = "work.finished"


def after(done: Assignment, ada: Person, *, showing: str = "") -> Following | None:
    """Return what comes after a task that is done; None when that cannot be found out just now.

    While `showing` is on the screen already, that opens, and the one after it is drawn ahead.
    """
    database.close_session()
    try:
        return _after(database.session(), done, ada, showing)
    except Refusal:
        pass
    except (DBAPIError, NoConnection) as error:
        logs.exception(error)
    database.close_session()
    return None


def _after(session: Session, done: Assignment, ada: Person, showing: str) -> Following:
    project = session.get_one(Project, done.project_id)
    is_member = projects.role_in(session, project, ada) is not None
    if project.state is not ProjectState.active or not is_member:
        return Following(otherwise="work.home")
    assignment = queue.claim(session, project, by=ada)
    if assignment is None and qualification.is_new(session, project, ada):
        session.commit()
        return Following(otherwise="work.home")  # where they see how their attempt ended
    if assignment is not None and str(assignment.id) == showing:
        assignment = queue.reserve(session, project, by=ada)
    session.commit()
    return Following(assignment)
