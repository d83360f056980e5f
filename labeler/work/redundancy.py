"""Redundancy: how many judgments a comparison gets. A fixed number, or as many as it needs.

An adaptive project asks for few judgments at first and for one more wherever the answer is not
sure enough, up to a most. What is wanted depends only on the votes that are in, on how many are
under way and on how reliable their authors are: to ask again changes nothing. A share of the
comparisons, the audit slice, is left out and judged a fixed number of times: votes that were
asked for because others disagreed would make agreement look better or worse than it is.
"""

from functools import cache
from typing import Annotated, Any, NamedTuple, Protocol

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Mapped, Session

from labeler.schema import Base, dialect_of, insert, reference
from labeler.stats.posterior import accuracy


class AdaptiveDraft(BaseModel):
    """How sure an adaptive project wants to be of each comparison, and what that may take."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    most: Annotated[
        int, Field(ge=2, le=100, description="Most judgments on one comparison, if it is unsure.")
    ] = 7
    confidence: Annotated[
        float, Field(gt=0.5, lt=1, description="How probable its answer must be to ask no more.")
    ] = 0.95
    audit_share: Annotated[
        float, Field(ge=0, le=1, description="Share of comparisons judged a fixed number of times.")
    ] = 0.05
    audit_judgments: Annotated[
        int, Field(ge=2, le=100, description="How often those are judged, to tell agreement from.")
    ] = 3


class Rule(NamedTuple):
    """When enough people have judged a comparison."""

    least: int
    most: int
    confidence: float

    def wanted(self, given: int, in_flight: int, confidence: float) -> int:
        """Return how many judgments are wanted, of which `given` are in or in flight.

        Whoever is judging it now is waited for before another one is asked.
        """
        unsure = confidence < self.confidence and given < self.most and not in_flight
        return max(self.least, given + unsure)


class Reliability(Base):
    """How often a person is right in a project, by expectation: `right` of `votes`.

    A background refresh estimates all of them together; meanwhile each vote adds to its author's.
    """

    __tablename__ = "reliabilities"

    project_id: Mapped[int] = reference("projects.id", primary_key=True)
    person_id: Mapped[int] = reference("people.id", primary_key=True)
    right: Mapped[float]
    votes: Mapped[float]


class Known(Protocol):
    """What is known of a person's reliability, if anything."""

    right: float | None
    votes: float | None


def accuracy_of(known: Known) -> float:
    """Return how probably the next vote of a person is right."""
    return accuracy(known.right or 0, known.votes or 0)


def credit(session: Session, project_id: int, person_id: int, right: float) -> None:
    """Add one vote to what is known of its author, right with this probability."""
    row = {"project_id": project_id, "person_id": person_id, "right": right, "votes": 1.0}
    session.execute(_crediting(dialect_of(session)), row)


@cache
def _crediting(dialect: str) -> Any:
    table: Any = Reliability.__table__
    added = insert(dialect, table)
    sums = {name: table.c[name] + added.excluded[name] for name in ("right", "votes")}
    return added.on_conflict_do_update(index_elements=["project_id", "person_id"], set_=sums)
