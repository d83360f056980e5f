"""Plans: what a wanted accuracy will cost, told from a pilot before the money is spent."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler.stats.posterior import PRIOR, accuracy
from labeler.work import counts, labels, rubrics
from labeler.work.comparisons import count_pairs
from labeler.work.counts import Topic
from labeler.work.lanes import Lane
from labeler.work.projects import Project
from labeler.work.redundancy import Reliability

if TYPE_CHECKING:
    from labeler.stats.planning import Design, Forecast

FIXED = (1, 2, 3, 5, 7, 9)
CONFIDENCES = (0.8, 0.9, 0.95, 0.98)
LEAST, MOST = 2, 9
PAIRS = 100
"""How many pairs of votes on the same comparison a pilot needs."""
VOTES = 5
"""How many votes it needs of each person that it is told from."""


@dataclass(frozen=True)
class Pilot:
    """What is known from the work so far: how often two said the same, and of how many people.

    `agreement` is nan, and `accuracies` are drawn from the prior, while there is too little.
    """

    agreement: float
    pairs: int
    accuracies: Sequence[float]
    people: int

    @property
    def tells(self) -> bool:
        """Whether the plan rests on this project's own work."""
        return self.pairs >= PAIRS and self.people > 1


@dataclass(frozen=True)
class Line:
    """A design: what it comes to for each comparison, and what it costs for all of them."""

    design: "Design"
    votes: float
    right: float
    judgments: int
    cost_minor: int


@dataclass(frozen=True)
class Plan:
    """Designs for so many comparisons, with what each comes to; known answers cost more."""

    comparisons: int
    pilot: Pilot
    lines: Sequence[Line]


def make(session: Session, project: Project, comparisons: int | None = None) -> Plan:
    """Plan for so many comparisons; for as many as are loaded if none are given."""
    from labeler.stats.planning import forecasts

    number = _loaded(session, project.id) if comparisons is None else comparisons
    found = pilot(session, project.id)
    asked = rubrics.version(session, project.id, project.rubric_number).asked
    room = labels.number(asked, 2)
    told = forecasts(found.accuracies, found.agreement, _designs(), labels=room)
    return Plan(number, found, [_line(project, number, each) for each in told])


def pilot(session: Session, project_id: int) -> Pilot:
    """Return what the project's own work tells, or what published work does."""
    agreeing, pairs = _pairs(session, project_id)
    known = session.execute(
        sa.select(Reliability.right, Reliability.votes)
        .where(Reliability.project_id == project_id, Reliability.votes >= VOTES)
        .order_by(Reliability.person_id)
    ).all()
    own = Pilot(agreeing / max(1, pairs), pairs, [accuracy(*each) for each in known], len(known))
    if own.tells:
        return own
    return Pilot(float("nan"), pairs, _usual(), len(known))


def _designs() -> list["Design"]:
    from labeler.stats.planning import Design

    fixed = [Design(number) for number in FIXED]
    return fixed + [Design(MOST, LEAST, confidence) for confidence in CONFIDENCES]


def _line(project: Project, comparisons: int, told: "Forecast") -> Line:
    judgments = round(told.votes * comparisons)
    return Line(told.design, told.votes, told.right, judgments, judgments * project.pay_minor)


def _usual() -> Sequence[float]:
    """Return accuracies as the prior has them."""
    import numpy as np

    drawn: list[float] = np.random.default_rng(0).beta(*PRIOR, size=200).tolist()
    return drawn


def _loaded(session: Session, project_id: int) -> int:
    lanes = sa.select(sa.func.coalesce(sa.func.sum(Lane.comparisons), 0))
    return int(session.scalar(lanes.where(Lane.project_id == project_id, ~Lane.is_gold)) or 0)


def _pairs(session: Session, project_id: int) -> tuple[int, int]:
    """Return how many pairs of votes on the same comparison agree, and how many there are."""
    agreeing = pairs = 0
    for key, n in counts.totals(session, project_id, Topic.votes).items():
        _, *moved = map(int, key.split(":"))
        for votes, sign in zip(moved, (-1, 1), strict=True):
            alike, whole = count_pairs(votes)
            agreeing += sign * n * alike
            pairs += sign * n * whole
    return agreeing, pairs
