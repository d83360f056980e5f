"""Hard content: what of a project may be hard to read, who chose it, and how long it was read.

A breach is something given to somebody who had not chosen to read it at that moment. The queue
allows none: here it is counted again, from what was given and from when who chose what.
"""

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler.events import Event
from labeler.pay import exposure
from labeler.people.memberships import Membership
from labeler.text import sensitive
from labeler.text.sensitive import Category
from labeler.work.assignments import Assignment
from labeler.work.comparisons import Comparison
from labeler.work.lanes import Lane
from labeler.work.opt_ins import OptIn
from labeler.work.projects import Project
from labeler.work.tallies import Tally

FEWEST = 10
"""Of fewer people than this it is not told how many they are."""


@dataclass(frozen=True)
class Kind:
    """One kind of content in a project; a comparison may be of several."""

    category: Category
    comparisons: Mapping[int, int]
    """How many there are, by level."""
    opted_in: int | None
    """How many people of the project chose to read some of it; None: fewer than ten."""
    exposure_s: int
    """How long it was read where it is described or graphic, in seconds."""


@dataclass(frozen=True)
class Hard:
    """What of a project may be hard to read."""

    kinds: Sequence[Kind]
    breaches: int
    """How often something was given to who had not chosen it."""


def of_project(session: Session, project: Project) -> Hard | None:
    """Return what may be hard to read in the project; None if there is nothing."""
    number = sa.func.sum(Lane.comparisons)
    there = sa.select(Lane.sensitive, number).group_by(Lane.sensitive)
    lanes = session.execute(there.where(Lane.project_id == project.id, Lane.sensitive != "")).all()
    if not lanes:
        return None
    counted: dict[Category, Counter[int]] = defaultdict(Counter)
    for content, comparisons in lanes:
        for category, level in sensitive.levels(content).items():
            counted[category][level] += int(comparisons)
    chosen, read = _chosen(session, project.id), _read(session, project.id)
    kinds = [
        Kind(each, counted[each], _enough(chosen[each]), read[each])
        for each in Category
        if each in counted
    ]
    return Hard(kinds, breaches(session, project.id))


def breaches(session: Session, project_id: int) -> int:
    """Count what was given to people who had not chosen to read it at that moment."""
    people = set(session.scalars(_who_had_some(project_id)))
    choices = _choices(session, people)
    whose, at = (Assignment.person_id, Lane.sensitive), Assignment.opened_at
    given = (
        sa.select(*whose, sa.func.min(at), sa.func.max(at))
        .join(Comparison, Comparison.id == Assignment.comparison_id)
        .join(Lane, Lane.id == Comparison.lane_id)
        .where(Assignment.project_id == project_id, Assignment.person_id.in_(people))
        .where(Lane.sensitive != "")
    )
    # There are many tasks, and few people who ever changed their choice: only theirs are read.
    doubtful = [
        (person_id, content)
        for person_id, content, first, last in session.execute(given.group_by(*whose))
        if not all(_covered(choices[person_id], content, first, last))
    ]
    return sum(
        not any(_covered(choices[person_id], content, moment, moment))
        for person_id, content in doubtful
        for moment in session.scalars(
            given.with_only_columns(at).where(whose[0] == person_id, whose[1] == content)
        )
    )


def _who_had_some(project_id: int) -> sa.Select[int]:
    return (
        sa.select(Tally.person_id)
        .join(Lane, Lane.id == Tally.lane_id)
        .where(Tally.project_id == project_id, Lane.sensitive != "")
        .distinct()
    )


def _choices(session: Session, people: set[int]) -> dict[int, list[tuple[datetime, str]]]:
    """Return when each of these people chose what, in order."""
    found: dict[int, list[tuple[datetime, str]]] = {person: [] for person in people}
    chose = sa.select(Event.person_id, Event.at, Event.data).order_by(Event.id)
    # They are of no project, and events are indexed by that.
    mine = Event.project_id.is_(None), Event.person_id.in_(people)
    chose = chose.where(Event.kind == "sensitive.chosen", *mine)
    for person_id, at, data in session.execute(chose):
        found[person_id].append((at, data["levels"]))
    return found


def _covered(
    choices: Sequence[tuple[datetime, str]], content: str, start: datetime, end: datetime
) -> list[bool]:
    """Say of each choice that held from one moment until another whether it covers the content.

    What was chosen in those very moments is among them. Before the first choice it was nothing.
    """
    moments = [moment for moment, _ in choices]
    held = ["", *(levels for _, levels in choices)]
    held = held[bisect_left(moments, start) : bisect_right(moments, end) + 1]
    return [sensitive.covers(levels, content) for levels in held]


def _chosen(session: Session, project_id: int) -> Counter[Category]:
    """Return how many people of the project chose to read something of each kind."""
    levels = session.scalars(
        sa.select(OptIn.levels)
        .join(Membership, Membership.person_id == OptIn.person_id)
        .where(Membership.project_id == project_id, Membership.removed_at.is_(None))
    )
    return Counter(category for each in levels for category in sensitive.levels(each))


def _read(session: Session, project_id: int) -> Counter[Category]:
    """Return for how many seconds each kind was read; what is of several counts in each."""
    found: Counter[Category] = Counter()
    for content, seconds in exposure.by_content(session, project_id).items():
        for category, level in sensitive.levels(content).items():
            found[category] += round(seconds) if level >= sensitive.SEVERE else 0
    return found


def _enough(people: int) -> int | None:
    return people if people >= FEWEST else None
