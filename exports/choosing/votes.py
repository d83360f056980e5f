"""Votes: which judgments of a comparison count by an owner's rules, and what they are for."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from exports.choosing.criteria import Criteria
from exports.choosing.selection import ACCEPTED, Said
from labeler.work.rubrics import Verdict

LABELS = ("response 0", "response 1", "about the same", "both are bad")
"""What can be said of a pair, in the order of a tally."""


class Votes(NamedTuple):
    """What the judgments of a comparison that count are for."""

    number: int
    """How many votes on a pair there are."""
    tally: tuple[int, int, int, int]
    """How many are for answer 0, for answer 1, "about the same" and "both are bad"."""
    steps: tuple[int, int]
    """Steps from the middle of the scale, added up over the votes for answer 0 and for answer 1."""
    ranked: int = 0
    """How many judgments that count put the answers in order instead."""
    rated: int = 0
    """How many rate the answers by criteria alone."""

    @property
    def all(self) -> int:
        """How many judgments say which answer is better."""
        return self.number + self.ranked


NONE = Votes(0, (0, 0, 0, 0), (0, 0))
_RANKING, _CRITERIA = Verdict.ranking.value, Verdict.criteria.value
_PREFERENCE = Verdict.preference.value
_NEITHER = {Verdict.tie.value: 2, Verdict.both_bad.value: 3}


def counted(said: Sequence[Said], criteria: Criteria) -> list[Said]:
    """Return the judgments that are in a release by these rules, whether they count or not."""
    if not (criteria.guidelines or criteria.since or criteria.until):
        return list(said)
    first, last = _moments(criteria)
    return [
        one
        for one in said
        if (criteria.guidelines is None or one.guideline_number in criteria.guidelines)
        and (first is None or one.created_at >= first)
        and (last is None or one.created_at < last)
    ]


def label(verdict: str, preferred: int | None) -> int | None:
    """Return which of the labels a vote on a pair is; None of anything else."""
    if verdict == _PREFERENCE:
        return preferred if preferred in (0, 1) else None
    return _NEITHER.get(verdict)


def count(said: Sequence[Said]) -> Votes:
    """Add up the judgments that count."""
    tally, steps, others = [0, 0, 0, 0], [0, 0], {_RANKING: 0, _CRITERIA: 0}
    for one in said:
        if one.state != ACCEPTED:
            continue
        kind = label(one.verdict, one.preferred)
        if kind is not None:
            tally[kind] += 1
            if kind < 2:
                steps[kind] += one.strength or 0
        elif one.verdict in others:
            others[one.verdict] += 1
    zero, first, same, bad = tally
    number = zero + first + same + bad
    return Votes(number, (zero, first, same, bad), (steps[0], steps[1]), *others.values())


def _moments(criteria: Criteria) -> tuple[datetime | None, datetime | None]:
    """Return when the period begins, and when it is over."""
    return (
        None if criteria.since is None else _midnight(criteria.since),
        None if criteria.until is None else _midnight(criteria.until) + timedelta(days=1),
    )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)
