"""Totals: what one act changes in the tallies and counts, collected and then written at once."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from labeler.work import counts, tallies
from labeler.work.counts import Topic
from labeler.work.rubrics import Verdict


class Said(Protocol):
    """What is counted of a judgment."""

    project_id: int
    person_id: int
    created_at: datetime
    duration_ms: int
    rubric_number: int
    verdict: Verdict
    step: int | None
    place: int | None
    gold_right: bool | None

    @property
    def counts(self) -> bool:
        """Whether it is accepted."""


class Totals:
    """Changes to the totals of one person in one project."""

    def __init__(self, project_id: int, person_id: int) -> None:
        self.project_id, self.person_id = project_id, person_id
        self.tally: Counter[str] = Counter()
        self.change: Counter[tuple[Topic, str]] = Counter()

    def count(self, said: Said, times: int = 1, *, scores: bool = True) -> None:
        """Count a judgment as it stands now, or uncount one as it stood, with -1 times.

        What is graded by an answer that was unscored is no score.
        """
        is_gold, day = said.gold_right is not None, counts.day(said.created_at)
        self.tally["judged"] += times
        self.tally["counted"] += times * (said.counts and not is_gold)
        self.tally["gold"] += times * (is_gold and scores)
        self.tally["gold_right"] += times * (bool(said.gold_right) and scores)
        self.tally["chose_a"] += times * (said.place == 0)
        self.tally["chose_side"] += times * (said.place is not None)
        self.change[Topic.judged_on, day] += times
        self.change[Topic.counted_on, day] += times * (said.counts and not is_gold)
        self.change[Topic.took, str(counts.two_digits(said.duration_ms))] += times
        choice = said.step or said.verdict.value
        self.change[Topic.said, f"{said.rubric_number}:{choice}"] += times * said.counts

    def spend(self, moment: datetime, amount_minor: int, currency: str) -> None:
        """Count what was earned."""
        self.change[Topic.spent_on, f"{counts.day(moment)}:{currency}"] += amount_minor

    def move_votes(self, moment: datetime, moved: tuple[int, int]) -> None:
        """Count that the votes on a comparison went from the first to the second."""
        before, after = moved
        if before != after:
            self.change[Topic.votes, f"{counts.monday(moment)}:{before}:{after}"] += 1

    def write(self, session: Session, lane_id: int) -> None:
        """Add all of it to what is there."""
        tallies.add(
            session,
            project_id=self.project_id,
            person_id=self.person_id,
            lane_id=lane_id,
            **self.tally,
        )
        counts.add(session, self.project_id, self.person_id, self.change)


def write_all(session: Session, project_id: int, found: Mapping[tuple[int, int], Totals]) -> None:
    """Add totals by (person, lane) to what is there.

    All tallies come first, as when one person's are written, and everything in one order: whoever
    judges meanwhile waits, and nobody locks the other out.
    """
    changes: dict[int, Counter[tuple[Topic, str]]] = {}
    for (person_id, lane_id), totals in sorted(found.items()):
        tallies.add(
            session, project_id=project_id, person_id=person_id, lane_id=lane_id, **totals.tally
        )
        changes.setdefault(person_id, Counter()).update(totals.change)
    counts.add_all(session, project_id, changes)
