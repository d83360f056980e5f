"""Hours: which kind of working time a task is, and where somebody has worked."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler.errors import NotFound
from labeler.pay import missed
from labeler.pay.worktime import Interval, Kind
from labeler.people.accounts import Person
from labeler.work import looks, projects
from labeler.work.assignments import Assignment, AssignmentState
from labeler.work.projects import Project


def kind_of(session: Session, assignment: Assignment, person: Person) -> Kind:
    """Say what it is to judge this, or to look at it again.

    Nothing of it tells which comparisons have a known answer: training are the first judgments of
    the work itself, whatever they are of.
    """
    if assignment.state is AssignmentState.judged:
        return Kind.judging if assignment.sent_back_at is None else Kind.review_reply
    if assignment.qualification_id is not None:
        return Kind.qualification
    project = session.get_one(Project, assignment.project_id)
    if not project.onboarding:
        return Kind.judging
    judged = looks.look(session, project, person).judged
    return Kind.training if judged is not None and judged < project.onboarding else Kind.judging


@contextmanager
def covered(session: Session, assignment: Assignment, person: Person) -> Iterator[None]:
    """Count the time of a task that is judged or skipped in this block, if no page told of it.

    What lies after its deadline was not asked for: whoever worked then adds it with a note.
    """
    kind = kind_of(session, assignment, person)
    yield
    if assignment.closed_at is None:
        return
    missed.cover(
        session,
        project_id=assignment.project_id,
        person_id=assignment.person_id,
        assignment_id=assignment.id,
        kind=kind,
        opened_at=assignment.opened_at,
        closed_at=min(assignment.closed_at, assignment.deadline),
    )


def worked_in(session: Session, person: Person) -> Sequence[Project]:
    """Return the projects in which the person has worked, newest first; also those they left."""
    worked = sa.select(Interval.project_id).where(Interval.person_id == person.id)
    query = sa.select(Project).where(Project.id.in_(worked)).order_by(Project.id.desc())
    return session.scalars(query).all()


def project_of(session: Session, slug: str, person: Person) -> Project:
    """Return a project in which the person has a part, or has worked; raises NotFound."""
    try:
        return projects.find(session, slug, by=person)
    except NotFound:
        worked = [each for each in worked_in(session, person) if each.slug == slug]
        if not worked:
            raise
        return worked[0]
