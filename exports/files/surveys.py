"""Surveys: what a release tells of the judging itself, gathered while its judgments are read.

Known answers are asked for another purpose, and languages may be left out; neither is counted, nor
is what was withdrawn.
What was left out because people disagree is: agreement among those who agree means nothing.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from exports.choosing.selection import Judged, Mark, Said
from exports.choosing.votes import Votes
from labeler.pay.ledger import Transfer
from labeler.work.rubrics import Rubric

if TYPE_CHECKING:
    from labeler.stats.agreement import Interval


@dataclass
class Survey:
    """Counts of judging; `add` a comparison at a time."""

    judgments: int = 0
    voters: set[tuple[int, int, int]] = field(default_factory=set)
    """Who judged, by which versions of the guidelines and of the form."""
    tallies: Counter[tuple[int, int, int, int]] = field(default_factory=Counter)
    """How many comparisons got these votes: for answer 0, for answer 1, ties, both bad.

    Without those that were asked about again because people disagreed.
    """
    first_at: datetime | None = None
    last_at: datetime | None = None

    def add(self, judged: Judged, said: Sequence[Said], counted: Votes) -> None:
        """Count a comparison with what was said of it by the rules of the release."""
        told = [one for one in said if one.counts]
        if not told:
            return
        self.judgments += len(told)
        self.tallies[counted.tally] += not judged.is_adaptive
        for one in told:
            self.voters.add((one.person_id, one.guideline_number, one.rubric_number))
            if self.first_at is None or one.created_at < self.first_at:
                self.first_at = one.created_at
            if self.last_at is None or one.created_at > self.last_at:
                self.last_at = one.created_at

    @property
    def people(self) -> set[int]:
        """Who judged."""
        return {person_id for person_id, _, _ in self.voters}

    @property
    def guidelines(self) -> set[int]:
        """The versions of the guidelines that were followed."""
        return {guideline for _, guideline, _ in self.voters}

    @property
    def rubrics(self) -> set[int]:
        """The versions of the form that were filled in."""
        return {rubric for _, _, rubric in self.voters}

    def dump(self) -> dict[str, Any]:
        """Return all of it for a file, as `merge` takes it."""
        return {
            "judgments": self.judgments,
            "voters": sorted(self.voters),
            "tallies": sorted(self.tallies.items()),
            "first_at": self.first_at and self.first_at.isoformat(),
            "last_at": self.last_at and self.last_at.isoformat(),
        }

    def merge(self, dumped: Mapping[str, Any]) -> None:
        """Count what another survey has counted."""
        self.judgments += dumped["judgments"]
        self.voters.update(map(tuple, dumped["voters"]))
        for tally, times in dumped["tallies"]:
            self.tallies[tuple(tally)] += times
        if dumped["first_at"] is not None:
            first, last = (datetime.fromisoformat(dumped[at]) for at in ("first_at", "last_at"))
            self.first_at = min(first, self.first_at or first)
            self.last_at = max(last, self.last_at or last)


@dataclass(frozen=True)
class Pay:
    """What was paid in one currency for the judgments of a project, in minor units."""

    currency: str
    total_minor: int
    judgments: int
    least_minor: int
    most_minor: int


@dataclass(frozen=True)
class Estimate:
    """A number about agreement with its 95 % interval; `n` comparisons had two judgments."""

    value: float
    interval: "Interval"
    n: int


def paid(session: Session, project_id: int, mark: Mark) -> list[Pay]:
    """Return what all judgments up to the mark earned, known answers and late ones included."""
    rows = session.execute(
        sa.select(
            Transfer.currency,
            sa.func.sum(Transfer.amount_minor),
            sa.func.count(),  # a judgment earns once
            sa.func.min(Transfer.amount_minor),
            sa.func.max(Transfer.amount_minor),
        )
        .where(
            Transfer.project_id == project_id,
            Transfer.judgment_id <= mark.last_judgment_id,
        )
        .group_by(Transfer.currency)
        .order_by(Transfer.currency)
    )
    return [Pay(currency, int(total), *rest) for currency, total, *rest in rows]


def scales(session: Session, project_id: int, numbers: set[int]) -> Sequence[Rubric]:
    """Return the versions of the form that judgments were given on."""
    return session.scalars(
        sa.select(Rubric)
        .where(Rubric.project_id == project_id, Rubric.number.in_(numbers))
        .order_by(Rubric.number)
    ).all()


def agreement(survey: Survey) -> tuple[Estimate, Estimate]:
    """Return raw agreement and Krippendorff's alpha (nominal), over the four kinds of vote."""
    import numpy as np

    from labeler.stats import agreement as statistics

    kinds = sorted(tally for tally in survey.tallies if sum(tally) >= 2)
    times = [survey.tallies[tally] for tally in kinds]
    counts = np.repeat(np.array(kinds, dtype=np.int64).reshape(-1, 4), times, axis=0)

    def estimate(statistic: statistics.Statistic) -> Estimate:
        value = statistic(counts, times=np.ones(len(counts)))
        return Estimate(value, statistics.bootstrap_interval(statistic, counts), len(counts))

    return estimate(statistics.percent_agreement), estimate(statistics.krippendorff_alpha)
