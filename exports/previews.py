"""Previews: what a release would hold, told from the votes alone, before anything is written."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from exports import pairs, selection
from exports.pairs import WORDS, Reason
from exports.selection import Criteria, Mark
from labeler.schema import Reading

MOST_JUDGED = 20_000
MOST = 200_000
"""Comparisons that a preview looks at, judged and at all: it should be there in a second or two."""


@dataclass
class Preview:
    """How many comparisons would become pairs, and why the others would not."""

    looked_at: int = 0
    """Of all comparisons, in whole pages."""
    comparisons: int = 0
    """How many of those were judged."""
    reasons: Counter[Reason] = field(default_factory=Counter)
    is_complete: bool = True
    """Whether every comparison was looked at."""

    @property
    def pairs(self) -> int:
        """Comparisons that would become pairs, if nothing is wrong with their texts."""
        return self.comparisons - self.reasons.total()


@dataclass(frozen=True)
class Step:
    """What is left out for one reason, of those that the reasons before have left."""

    words: str
    count: int
    left: int
    """How many go on to the next step."""


def preview(reading: Reading, project_id: int, mark: Mark, criteria: Criteria) -> Preview:
    """Count what a release would hold, over the first comparisons of the project."""
    found = Preview()
    for page in selection.select(reading, project_id, mark):
        if found.comparisons >= MOST_JUDGED or found.looked_at >= MOST:
            found.is_complete = False
            break
        found.looked_at += selection.PAGE
        found.comparisons += len(page)
        outcomes = (pairs.decide(one, criteria) for one in page)
        found.reasons.update(one for one in outcomes if isinstance(one, Reason))
    return found


def sieve(comparisons: int, reasons: Mapping[Reason, int]) -> list[Step]:
    """Return what each reason takes away from the comparisons, in the order that is asked."""
    steps, left = [], comparisons
    for reason in Reason:
        if count := reasons.get(reason, 0):
            left -= count
            steps.append(Step(WORDS[reason], count, left))
    return steps
