"""What the workers' representative sees of a project: sums of groups, and nobody's own work.

The same figures as owners see, of groups of LEAST people or more; no judgment, and no single
person. So nobody can be told from a number.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler.errors import NotFound
from labeler.people import representatives
from labeler.people.accounts import Person
from labeler.people.memberships import Membership, Role
from labeler.progress import costs, refused
from labeler.progress.costs import PlaceCost
from labeler.progress.refused import Group
from labeler.work import projects
from labeler.work.projects import Project

LEAST = refused.LEAST


@dataclass(frozen=True)
class Figures:
    """Pay and hours of the last whole weeks, and what was refused, by groups."""

    start: datetime
    end: datetime
    pay: Sequence[PlaceCost]
    refused_by_place: Sequence[Group]
    refused_by_language: Sequence[Group]
    median_time: timedelta | None
    """How long an appeal or a dispute waits for its decision, of half of them at most."""


def figures(session: Session, project_id: int) -> Figures:
    """Return the figures of a project, of groups that are large enough."""
    found = costs.of_project(session, project_id)
    return Figures(
        found.start,
        found.end,
        [place for place in found.places if len(place.people) >= LEAST],
        refused.by_place(session, project_id),
        refused.by_language(session, project_id),
        refused.median_time(session, project_id),
    )


def find(session: Session, slug: str, *, by: Person) -> tuple[Project, bool]:
    """Return a project, and whether the person represents those who work there.

    Raises NotFound to whoever neither has a part in it nor represents them.
    """
    speaks = representatives.current(session)
    if speaks is None or speaks.id != by.id:
        return projects.find(session, slug, by=by), False
    project = session.scalar(sa.select(Project).where(Project.slug == slug))
    if project is None:
        raise NotFound("There is no such project.")
    return project, True


def all_projects(session: Session) -> Sequence[Project]:
    """Return every project in which anybody annotates, the newest first."""
    annotates = sa.exists().where(
        Membership.project_id == Project.id,
        Membership.role == Role.annotator,
        Membership.removed_at.is_(None),
    )
    return session.scalars(sa.select(Project).where(annotates).order_by(Project.id.desc())).all()
