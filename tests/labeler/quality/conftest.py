"""A project in which Ada and Bea have judged, and Sam reviews beside Rex."""

import pytest
from sqlalchemy.orm import Session

from labeler.people import accounts, memberships
from labeler.people.accounts import Person
from labeler.people.memberships import Role
from labeler.work.judgments import Judgment
from labeler.work.projects import Project
from tests.cast import Cast
from tests.conftest import StoppedClock
from tests.make import judge_next, load_rows, make_project, make_row


@pytest.fixture
def project(session: Session, cast: Cast, frozen: StoppedClock) -> Project:
    """Olga's project with three pairs, each judged twice."""
    project = make_project(session, cast)
    load_rows(session, project, [make_row(n) for n in range(3)], by=cast.olga)
    return project


@pytest.fixture
def said(session: Session, cast: Cast, project: Project) -> Judgment:
    """What Ada says of the first comparison that she is given."""
    return judge_next(session, project, cast.ada, 2)


@pytest.fixture
def sam(session: Session, cast: Cast, project: Project) -> Person:
    """Another reviewer."""
    sam = accounts.create(session, "sam@example.org", "Sam", by=None)
    memberships.grant(session, project.id, sam, Role.reviewer, by=cast.olga)
    return sam
