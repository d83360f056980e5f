"""Refused: how much pay was refused, by where people work and in which language, and how fast.

Shown of groups of LEAST people or more alone, so that nobody can be told from a number.
"""

from collections.abc import Sequence
from datetime import timedelta
from statistics import median
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler.people.memberships import Membership
from labeler.quality.disputes import Dispute
from labeler.quality.refusals import Refusal, RefusalState
from labeler.work.comparisons import Comparison
from labeler.work.judgments import Judgment
from labeler.work.lanes import Lane
from labeler.work.tallies import Tally

LEAST = 10
"""From how many people on a group is shown."""
LOOKED_AT = 1000
"""Of how many decisions, the newest, the median is taken."""


class Group(NamedTuple):
    """People alike: a country's code or a language's tag, and what of their work was refused."""

    name: str
    people: int
    judged: int
    refused: int

    @property
    def share(self) -> float:
        """How much of it was refused, from 0 to 1."""
        return self.refused / self.judged if self.judged else 0.0


def by_place(session: Session, project_id: int) -> Sequence[Group]:
    """Return how much was refused by the country in which people work; "" where it is not said."""
    part = sa.and_(Membership.project_id == project_id, Membership.person_id == Tally.person_id)
    worked = _worked(Membership.place, project_id).join(Membership, part)
    theirs = sa.and_(Membership.project_id == project_id, Membership.person_id == Refusal.person_id)
    refused = _refused(Membership.place, project_id).join(Membership, theirs)
    return _groups(session, worked, refused)


def by_language(session: Session, project_id: int) -> Sequence[Group]:
    """Return how much was refused by the language that was judged."""
    worked = _worked(Lane.language, project_id).join(Lane, Lane.id == Tally.lane_id)
    refused = _refused(Comparison.language, project_id)
    refused = refused.join(Judgment, Judgment.id == Refusal.judgment_id)
    refused = refused.join(Comparison, Comparison.id == Judgment.comparison_id)
    return _groups(session, worked, refused)


def median_time(session: Session, project_id: int) -> timedelta | None:
    """Return how long an appeal or a dispute waits for its decision, of half of them at most."""
    pairs = [
        (Refusal.appealed_at, Refusal.decided_at, Refusal.project_id),
        (Dispute.opened_at, Dispute.answered_at, Dispute.project_id),
    ]
    took: list[float] = []
    for begun, ended, project in pairs:
        rows = session.execute(
            sa.select(begun, ended)
            .where(project == project_id, begun.is_not(None), ended.is_not(None))
            .order_by(ended.desc())
            .limit(LOOKED_AT)
        )
        took += [(end - start).total_seconds() for start, end in rows if start and end]
    return timedelta(seconds=median(took)) if took else None


def _worked(name: Any, project_id: int) -> Any:
    people = sa.func.count(sa.distinct(Tally.person_id))
    return (
        sa.select(name, people, sa.func.sum(Tally.judged))
        .select_from(Tally)
        .where(Tally.project_id == project_id, Tally.judged > 0)
        .group_by(name)
        .having(people >= LEAST)
        .order_by(name)
    )


def _refused(name: Any, project_id: int) -> Any:
    refused = Refusal.project_id == project_id, Refusal.state == RefusalState.refused
    return sa.select(name, sa.func.count()).select_from(Refusal).where(*refused).group_by(name)


def _groups(session: Session, worked: Any, refused: Any) -> list[Group]:
    found = dict(session.execute(refused).all())
    return [
        Group(name, people, int(judged), found.get(name, 0))
        for name, people, judged in session.execute(worked)
    ]
