"""What stands in the tables after a migration, as a multiset to compare a source with."""

from collections import Counter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler.people.accounts import Person
from labeler.work.assignments import Assignment, AssignmentState
from labeler.work.comparisons import Comparison, Response
from labeler.work.judgments import Judgment
from labeler.work.migrated.given import Brought, Given
from labeler.work.projects import Project

Said = tuple[Any, ...]
"""A comparison's id, who, what they said, which answer they found better, and how much."""


def told(session: Session, project: Project) -> Counter[Said]:
    """Return all that was said in a project, once for each time."""
    responses: dict[tuple[int, int], str] = {
        (each.comparison_id, each.number): each.text
        for each in session.scalars(sa.select(Response))
    }
    rows = session.execute(
        sa.select(Comparison.external_id, Person.name, Assignment, Judgment)
        .join(Comparison, Comparison.id == Assignment.comparison_id)
        .join(Person, Person.id == Assignment.person_id)
        .outerjoin(Judgment, Judgment.assignment_id == Assignment.id)
        .where(Assignment.project_id == project.id)
    )
    found: Counter[Said] = Counter()
    for name, who, assignment, judgment in rows:
        if judgment is None:
            assert assignment.state is AssignmentState.skipped
            found[name, who, "skip", None, None] += 1
        else:
            better = responses.get((judgment.comparison_id, judgment.preferred))
            found[name, who, judgment.verdict.value, better, judgment.strength] += 1
    return found


def of(brought: Brought) -> Counter[Said]:
    """Return the same of a comparison that was read from a source."""
    return Counter(_of(brought, given) for given in brought.given)


def _of(brought: Brought, given: Given) -> Said:
    if given.skipped is not None:
        return brought.row.id, given.who, "skip", None, None
    assert given.label is not None
    number = given.label.preferred
    better = None if number is None else brought.row.responses[number].text
    strength = None if number is None else given.label.strength or 1
    return brought.row.id, given.who, given.label.verdict.value, better, strength
