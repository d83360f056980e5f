"""Withdrawing comparisons, by the ids that they have in their files."""

import sqlalchemy as sa

from labeler import database
from labeler.api import models
from labeler.api.operations import Answer, Operation
from labeler.errors import NotFound
from labeler.people.accounts import Person
from labeler.people.memberships import Role
from labeler.people.tokens import Scope
from labeler.quality import decisions
from labeler.work import projects
from labeler.work.comparisons import Comparison


def withdraw_comparison(slug: str, body: models.WithdrawalDraft, *, by: Person) -> Answer:
    """Give a comparison to nobody any more, and leave it out of later releases; for owners.

    It is for good. What was begun may be finished and is paid. 409 when it is withdrawn already.
    """
    session = database.session()
    project = projects.find(session, slug, by=by, role=Role.owner)
    comparison = session.scalar(
        sa.select(Comparison).where(
            Comparison.project_id == project.id, Comparison.external_id == body.comparison
        )
    )
    if comparison is None:
        raise NotFound("There is no such comparison.")
    decisions.withdraw(session, comparison, body.reason, by=by)
    session.commit()
    assert comparison.withdrawn_at is not None
    told = models.Withdrawal(comparison=body.comparison, withdrawn_at=comparison.withdrawn_at)
    return told, 200


OPERATIONS = (
    Operation(
        "POST",
        "/projects/{slug}/withdrawals",
        withdraw_comparison,
        scope=Scope.manage,
        answers={200: models.Withdrawal},
        body=models.WithdrawalDraft,
        conflicts=True,
    ),
)
