"""What the queue may give to a person, counted from the tables: without lanes and what they say."""

from collections import Counter
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler.people.accounts import Person
from labeler.people.memberships import Membership
from labeler.work.assignments import HELD, Assignment, AssignmentState
from labeler.work.batches import Batch, BatchState
from labeler.work.comparisons import Comparison
from labeler.work.projects import Project

KEPT = (*HELD, AssignmentState.judged)


@dataclass(frozen=True)
class Offer:
    """A comparison that the person may be given, and what decides when."""

    comparison_id: int
    priority: int
    batch_id: int
    language: str
    is_begun: bool


def offers(
    session: Session, project: Project, person: Person, *, before: Assignment | None = None
) -> list[Offer]:
    """Return what is wanted still, and may be given to this person; known answers apart.

    With `before` it is what there was before that assignment was given.
    """
    later = before.id if before else 0
    member = session.scalars(
        sa.select(Membership).where(
            Membership.project_id == project.id, Membership.person_id == person.id
        )
    ).one_or_none()
    speaks = set(member.languages) if member else set()
    belongs_to = set(member.cohorts) if member else set()
    given = _given(session, project, person, later)
    if project.most_per_person is not None and given[None] >= project.most_per_person:
        return []
    return [
        Offer(one.id, batch.priority, batch.id, one.language, taken > 0)
        for one, batch, taken in session.execute(_wanted(project, person, later))
        if not speaks or {one.language, one.language.split("-")[0]} & speaks
        if not batch.cohorts or set(batch.cohorts) & belongs_to
        if batch.most_per_person is None or given[batch.id] < batch.most_per_person
        if given[one.language] < project.most_per_language.get(one.language, 10**9)
    ]


def _wanted(project: Project, person: Person, later: int) -> sa.Select[Comparison, Batch, int]:
    mine, is_later = Assignment.person_id == person.id, Assignment.id == later
    had = sa.select(Assignment.comparison_id).where(mine, ~is_later)
    undone = sa.select(Assignment.comparison_id).where(is_later, ~Assignment.is_repeat)
    taken = Comparison.taken - sa.case((Comparison.id.in_(undone), 1), else_=0)
    return (
        sa.select(Comparison, Batch, taken)
        .join(Batch, Batch.id == Comparison.batch_id)
        .where(
            Comparison.project_id == project.id,
            taken < Comparison.wanted,
            Comparison.withdrawn_at.is_(None),
            Comparison.is_gold.is_(False),
            Comparison.id.not_in(had),
            Batch.state == BatchState.ready,
        )
        .order_by(Comparison.id)
        .execution_options(populate_existing=True)
    )


def _given(session: Session, project: Project, person: Person, later: int) -> Counter[object]:
    """Count what the person was given and kept: in all (None), by batch, by language."""
    given: Counter[object] = Counter()
    for batch_id, language in session.execute(
        sa.select(Comparison.batch_id, Comparison.language)
        .join(Assignment, Assignment.comparison_id == Comparison.id)
        .where(
            Assignment.project_id == project.id,
            Assignment.person_id == person.id,
            Assignment.id != later,
            Assignment.state.in_(KEPT),
        )
    ):
        given.update((None, batch_id, language))
    return given
