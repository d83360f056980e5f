"""What comes next: a task, or the page to see instead.

After an answer it is claimed in a transaction of its own: what was said is safe by then, whatever
becomes of this.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import url_for
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.orm import Session

from labeler import database, logs
from labeler.errors import Refusal
from labeler.pay import exposure, limits
from labeler.people.accounts import Person
from labeler.people.terms import NotAgreed
from labeler.quality import qualification
from labeler.work import projects, queue
from labeler.work.assignments import Assignment
from labeler.work.projects import Project, ProjectState


@dataclass(frozen=True)
class Following:
    """The next task, or the page to see where there is none: its endpoint, and of which project."""

    assignment: Assignment | None = None
    otherwise: str = "work.finished"
    slug: str | None = None

    @property
    def address(self) -> str:
        """Where to go."""
        if self.assignment is not None:
            return url_for("work.show", assignment_id=self.assignment.id)
        parts: dict[str, Any] = {"slug": self.slug} if self.slug else {}
        return url_for(self.otherwise, **parts)


def first(session: Session, project: Project, ada: Person) -> Following:
    """Return the task that the person holds, or is given now."""
    return _given(queue.claim, session, project, ada)


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
    found = first(session, project, ada)
    assignment = found.assignment
    if found == Following() and qualification.is_new(session, project, ada):
        session.commit()
        return Following(otherwise="work.home")  # where they see how their attempt ended
    if assignment is not None and str(assignment.id) == showing:
        found = _given(queue.reserve, session, project, ada)
    session.commit()
    return found


def _given(
    give: Callable[..., Assignment | None], session: Session, project: Project, ada: Person
) -> Following:
    """Ask for a task; where something is to be read or waited for first, lead to its page."""
    try:
        return Following(give(session, project, by=ada))
    except limits.Reached:
        return Following(otherwise="limits.show")
    except exposure.Reached:
        return Following(otherwise="sensitive.show", slug=project.slug)
    except NotAgreed:
        return Following(otherwise="terms.read", slug=project.slug)
