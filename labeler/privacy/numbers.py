"""Numbers: what a copy says of somebody's work in sums, so that no known answer is told by them.

Whoever takes a copy after each judgment would learn, from counts by part or with the newest, which
of them had a known answer, and whether they gave it. So known answers are told of as on one's own
page: in whole groups.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler.progress import steadiness
from labeler.work.projects import Project
from labeler.work.redundancy import Reliability
from labeler.work.tallies import Tally

PLAIN = ("given", "skipped", "judged", "chose_a", "chose_side")
"""What is counted alike whether the answer was known or not."""
Keyed = Sequence[tuple[int, Mapping[str, Any]]]


def counts(session: Session, person_id: int, after: int) -> Keyed:
    """Count somebody's work in each project whose number comes after this one."""
    sums = [sa.func.sum(getattr(Tally, name)) for name in PLAIN]
    rows = session.execute(
        sa.select(Project.id, Project.title, *sums)
        .join(Tally, Tally.project_id == Project.id)
        .where(Tally.person_id == person_id, Project.id > after)
        .group_by(Project.id, Project.title)
        .order_by(Project.id)
    )
    found = []
    for number, title, *counted in rows.all():
        known = steadiness.known(session, number, person_id)
        told = dict(zip(PLAIN, map(int, counted), strict=True))
        told |= {"gold": known.whole, "gold_right": known.part}
        found.append((number, {"project": title, **told}))
    return found


def reliability(session: Session, person_id: int, after: int) -> Keyed:
    """Return estimates for whole groups of votes: a known answer adds none, and would be told."""
    rows = session.execute(
        sa.select(Project.id, Project.title, Reliability.right, Reliability.votes)
        .join(Project, Project.id == Reliability.project_id)
        .where(Reliability.person_id == person_id, Project.id > after)
        .order_by(Project.id)
    )
    return [
        (number, {"project": title, **_in_groups(right, votes)})
        for number, title, right, votes in rows
    ]


def _in_groups(right: float, votes: float) -> Mapping[str, int]:
    whole = int(votes // steadiness.GROUP * steadiness.GROUP)
    return {"right": round(right / votes * whole) if whole else 0, "votes": whole}
