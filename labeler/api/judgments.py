"""Reading what annotators said, page by page."""

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler import database
from labeler.api import models
from labeler.api.operations import Answer, Operation
from labeler.people.accounts import Person
from labeler.people.memberships import Role
from labeler.people.tokens import Scope
from labeler.work import listings, projects, rubrics
from labeler.work.comparisons import Comparison
from labeler.work.judgments import Judgment


def list_judgments(slug: str, query: models.PageQuery, *, by: Person) -> Answer:
    """Read a project's judgments by id, every version of them; for reviewers."""
    session = database.session()
    project = projects.find(session, slug, by=by, role=Role.reviewer)
    found = listings.page(session, project.id, after=query.after, limit=query.limit)
    names = _external_ids(session, {judgment.comparison_id for judgment in found})
    told = models.JudgmentPage(
        judgments=[_told(judgment, names[judgment.comparison_id]) for judgment in found],
        next=found[-1].id if len(found) == query.limit else None,
    )
    return told, 200


def _external_ids(session: Session, comparison_ids: Iterable[int]) -> dict[int, str]:
    rows = session.execute(
        sa.select(Comparison.id, Comparison.external_id).where(Comparison.id.in_(comparison_ids))
    )
    return dict(rows.all())


def _told(judgment: Judgment, comparison: str) -> models.Judgment:
    return models.Judgment(
        id=judgment.id,
        comparison=comparison,
        assignment=judgment.assignment_id,
        annotator=judgment.person_id,
        version=judgment.version,
        is_current=judgment.is_current,
        state=judgment.state,
        choice=models.choice(judgment.step, judgment.verdict),
        verdict=judgment.verdict,
        preferred=judgment.preferred,
        strength=judgment.strength,
        reason=judgment.reason,
        answers=rubrics.exported(judgment),
        guideline_number=judgment.guideline_number,
        rubric_number=judgment.rubric_number,
        duration_ms=judgment.duration_ms,
        created_at=judgment.created_at,
    )


OPERATIONS = (
    Operation(
        "GET",
        "/projects/{slug}/judgments",
        list_judgments,
        scope=Scope.read,
        answers={200: models.JudgmentPage},
        query=models.PageQuery,
    ),
)
