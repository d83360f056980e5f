"""Consensus: what all votes together say of every comparison, and of how reliable people are.

With each judgment an adaptive project looks at one comparison (see `labeler.work.redundancy`);
here all of them are estimated together, from all votes, and what that changes is carried out.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from labeler.quality.votes import Votes
from labeler.schema import Reading, dialect_of, insert
from labeler.stats.consensus import one_coin
from labeler.work import comparisons
from labeler.work.comparisons import Comparison
from labeler.work.projects import Project
from labeler.work.redundancy import Reliability, Rule

CHUNK = 500
"""How many comparisons, or people, are looked at and changed in one transaction."""


@dataclass(frozen=True, eq=False)
class Consensus:
    """The posteriors of all comparisons that anybody judged, items × labels, and what follows.

    `right` of `votes` is how often each person was right, by expectation.
    """

    votes: Votes
    posteriors: NDArray[Any]
    right: NDArray[Any]
    given: NDArray[Any]

    @property
    def confidence(self) -> NDArray[Any]:
        """How probable each comparison's most probable label is."""
        best: NDArray[Any] = self.posteriors.max(axis=1, initial=0)
        return best

    def least_sure(self, number: int) -> list[tuple[int, float]]:
        """Return so many comparisons, by id, with how sure they are, the least sure first."""
        order = np.argsort(self.confidence, kind="stable")[:number]
        ids, sure = self.votes.comparisons[order], self.confidence[order]
        return [(int(each), float(how)) for each, how in zip(ids, sure, strict=True)]


def estimate(votes: Votes) -> Consensus:
    """Estimate the consensus of all votes (see `labeler.stats.consensus.one_coin`)."""
    found = one_coin(votes.item, votes.annotator, votes.label, votes.n_labels)
    likely = found.posteriors[votes.item, votes.label]
    right = np.bincount(votes.annotator, weights=likely, minlength=len(votes.people))
    given = np.bincount(votes.annotator, minlength=len(votes.people))
    return Consensus(votes, found.posteriors, right, given)


def carry_out(
    session: Session, reading: Reading, project: Project, found: Consensus
) -> Iterator[None]:
    """Keep how reliable people are, and want more or fewer judgments where that changes it.

    Yields after every chunk, for the caller to commit. To do it again changes nothing.
    """
    for first in range(0, len(found.votes.people), CHUNK):
        _keep(session, project.id, found, slice(first, first + CHUNK))
        yield
    if project.rule is None:
        return
    for confidences in _changing(reading, project, project.rule, found):
        comparisons.adapt(session, project.rule, confidences)
        yield


def _keep(session: Session, project_id: int, found: Consensus, which: slice) -> None:
    columns = (found.votes.people, found.right, found.given)
    rows = [
        {"project_id": project_id, "person_id": person_id, "right": right, "votes": float(votes)}
        for person_id, right, votes in zip(*(each[which].tolist() for each in columns), strict=True)
    ]
    known = insert(dialect_of(session), Reliability)
    kept = known.on_conflict_do_update(
        index_elements=["project_id", "person_id"],
        set_={name: known.excluded[name] for name in ("right", "votes")},
    )
    session.execute(kept, rows)


def _changing(
    reading: Reading, project: Project, rule: Rule, found: Consensus
) -> Iterator[dict[int, float]]:
    """Yield, chunk by chunk, the comparisons on which another number would be wanted now."""
    sure = dict(zip(found.votes.comparisons.tolist(), found.confidence.tolist(), strict=True))
    last = 0
    while page := _page(reading, project.id, after=last):
        last = page[-1].id
        changing = {
            each.id: sure[each.id]
            for each in page
            if each.id in sure
            and rule.wanted(each.taken, each.taken - each.judged, sure[each.id]) != each.wanted
        }
        if changing:
            yield changing


def _page(reading: Reading, project_id: int, *, after: int) -> Sequence[Any]:
    """Return the next adaptive comparisons that anybody judged."""
    with reading() as session:
        return (
            session.connection()
            .execute(
                sa.select(
                    *(Comparison.id, Comparison.wanted, Comparison.taken, Comparison.judged),
                )
                .where(Comparison.project_id == project_id, Comparison.id > after)
                .where(Comparison.is_adaptive, Comparison.judged > 0)
                .where(Comparison.withdrawn_at.is_(None))
                .order_by(Comparison.id)
                .limit(CHUNK)
            )
            .all()
        )
