"""Making projects, and watching how far they have come."""

from labeler import database, progress
from labeler.api import models
from labeler.api.operations import Answer, Operation
from labeler.people.accounts import Person
from labeler.people.memberships import Role
from labeler.people.tokens import Scope
from labeler.progress import Overview
from labeler.work import projects, rubrics
from labeler.work.drafts import ProjectDraft
from labeler.work.projects import Project
from labeler.work.rubrics import RubricDraft


def create_project(body: ProjectDraft, *, by: Person) -> Answer:
    """Make a project, which you then own; for administrators and owners of another one."""
    session = database.session()
    project = projects.create(session, body, by=by)
    session.commit()
    told = models.Project(
        slug=project.slug,
        title=project.title,
        state=project.state,
        guideline_number=project.guideline_number,
        rubric_number=project.rubric_number,
        created_at=project.created_at,
    )
    return told, 201


def publish_rubric(slug: str, body: RubricDraft, *, by: Person) -> Answer:
    """Ask something else from now on; for owners.

    What was judged, and what is open, keeps the version that it was given. The same form again
    gets no new version.
    """
    session = database.session()
    project = projects.find(session, slug, by=by, role=Role.owner)
    projects.ask(session, project, body, by=by)
    session.commit()
    rubric = rubrics.version(session, project.id, project.rubric_number)
    return models.Rubric(number=rubric.number, questions=rubric.asked), 200


def show_progress(slug: str, *, by: Person) -> Answer:
    """See how far a project has come, what it has cost and what it will; for reviewers."""
    session = database.session()
    project = projects.find(session, slug, by=by, role=Role.reviewer)
    return _told(project, progress.overview(session, project)), 200


def _told(project: Project, found: Overview) -> models.Progress:
    earliest, latest = found.ends_between or (None, None)
    return models.Progress(
        done=found.done,
        planned=found.planned,
        comparisons=found.comparisons,
        people=found.people,
        pace_per_day=found.pace,
        ends_on=found.ends_on,
        ends_earliest=earliest,
        ends_latest=latest,
        median_ms=found.median_ms,
        cost=[models.Amount.of(amount, currency) for currency, amount in found.cost.items()],
        forecast=models.Amount.of(found.forecast_minor, project.currency),
    )


OPERATIONS = (
    Operation(
        "POST",
        "/projects",
        create_project,
        scope=Scope.manage,
        answers={201: models.Project},
        body=ProjectDraft,
        conflicts=True,
    ),
    Operation(
        "POST",
        "/projects/{slug}/rubrics",
        publish_rubric,
        scope=Scope.manage,
        answers={200: models.Rubric},
        body=RubricDraft,
    ),
    Operation(
        "GET",
        "/projects/{slug}/progress",
        show_progress,
        scope=Scope.read,
        answers={200: models.Progress},
    ),
)
