"""Reading what waits for a reviewer, page by page, in the order of the queue."""

import sqlalchemy as sa

from labeler import database
from labeler.api import models
from labeler.api.operations import Answer, Operation
from labeler.people.accounts import Person
from labeler.people.memberships import Role
from labeler.people.tokens import Scope
from labeler.quality import queues
from labeler.quality.reviews import Review
from labeler.work import projects
from labeler.work.comparisons import Comparison


def list_reviews(slug: str, query: models.PageQuery, *, by: Person) -> Answer:
    """Read what waits for a reviewer: the least sure first, then the oldest; for reviewers."""
    session = database.session()
    project = projects.find(session, slug, by=by, role=Role.reviewer)
    found = queues.page(session, project.id, after=query.after, limit=query.limit)
    ids = {review.comparison_id for review in found}
    named = sa.select(Comparison.id, Comparison.external_id).where(Comparison.id.in_(ids))
    names = dict(session.execute(named).all())
    told = models.ReviewPage(
        reviews=[_told(review, names.get(review.comparison_id or 0)) for review in found],
        next=found[-1].id if len(found) == query.limit else None,
    )
    return told, 200


def _told(review: Review, comparison: str | None) -> models.Review:
    return models.Review(
        id=review.id,
        kind=review.kind,
        comparison=comparison,
        judgment=review.judgment_id,
        annotator=review.person_id,
        confidence=review.confidence,
        reason=review.why,
        evidence=list(review.shown),
        opened_at=review.opened_at,
    )


OPERATIONS = (
    Operation(
        "GET",
        "/projects/{slug}/reviews",
        list_reviews,
        scope=Scope.read,
        answers={200: models.ReviewPage},
        query=models.PageQuery,
    ),
)
