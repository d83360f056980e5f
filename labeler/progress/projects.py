"""How far a project has come: judgments by day, their pace and cost, what is left of them."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil, sqrt
from statistics import stdev

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler import clock
from labeler.pay import ledger, rates
from labeler.work import counts
from labeler.work.assignments import Assignment, AssignmentState
from labeler.work.batches import Batch, BatchState
from labeler.work.counts import Topic
from labeler.work.lanes import Lane
from labeler.work.projects import Project
from labeler.work.rubrics import Rubric
from labeler.work.tallies import Tally

PACE_DAYS = 7
FEWEST_DAYS = 3
"""How many days of work a forecast needs."""
# Student's t, 97.5 %, by the number of days.
_T = {3: 4.303, 4: 3.182, 5: 2.776, 6: 2.571, 7: 2.447}


@dataclass(frozen=True)
class Day:
    """How much was judged on one day; `counted` leaves out gold and what is late or excluded."""

    day: date
    judgments: int
    counted: int


@dataclass(frozen=True)
class Overview:
    """How far a project has come, what it has cost and what it will."""

    done: int
    planned: int
    comparisons: int
    people: int
    days: Sequence[Day]
    pace: float
    """Counted judgments a day over the last week in which anybody worked."""
    ends_on: date | None
    """None before there are a few days to tell it from."""
    ends_between: tuple[date, date | None] | None
    """The likely range of `ends_on`, without a last day where the pace varies too much for one."""
    cost: dict[str, int]
    forecast_minor: int
    """What is left will cost by the rate for everywhere, without known answers."""
    by_place: bool
    """Whether people in some places are paid by other rates."""
    has_gold: bool
    """Whether there are known answers to be given."""
    median_ms: int | None

    @property
    def left(self) -> int:
        """How many judgments are still wanted."""
        return self.planned - self.done


def overview(session: Session, project: Project) -> Overview:
    """Return a project's numbers in one view."""
    done, planned, compared = _wanted(session, [project.id]).get(project.id, (0, 0, 0))
    days = _by_day(session, project.id)
    recent = [day.counted for day in days[-PACE_DAYS:]]
    pace = sum(recent) / len(recent) if recent else 0.0
    left = planned - done
    ends_between = _ends_between(left, recent)
    has_gold, by_place = _has(session, project.id)
    return Overview(
        done=done,
        planned=planned,
        comparisons=compared,
        people=_people(session, project.id),
        days=days,
        pace=pace,
        ends_on=_end(left, pace) if ends_between else None,
        ends_between=ends_between,
        cost=ledger.cost(session, project.id),
        forecast_minor=left * project.pay_minor,
        by_place=by_place,
        has_gold=has_gold,
        median_ms=median_ms(session, project.id),
    )


def done_of(session: Session, project_ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Return how many judgments of how many wanted each project has, gold left out."""
    found = _wanted(session, project_ids)
    return {each: found.get(each, (0, 0, 0))[:2] for each in project_ids}


def cost_by_day(session: Session, project: Project) -> Sequence[tuple[date, int]]:
    """Return what the project spent on every day since the first, in its own currency."""
    spent = Counter[date]()
    for key, n in counts.totals(session, project.id, Topic.spent_on).items():
        day, currency = key.split(":")
        if currency == project.currency:
            spent[date.fromisoformat(day)] += n
    return [(each, spent[each]) for each in _every_day(spent)]


def steps_chosen(session: Session, project_id: int, steps: int) -> dict[str, int]:
    """Return how often each step was chosen as it stood on the page, on scales of so many steps.

    "tie" and "both_bad" are what was said beside the scale.
    """
    rubrics = session.scalars(sa.select(Rubric).where(Rubric.project_id == project_id))
    scales = {str(rubric.number): rubric.pairwise for rubric in rubrics}
    numbers = {number for number, scale in scales.items() if scale and scale.steps == steps}
    chosen: Counter[str] = Counter()
    for key, n in counts.totals(session, project_id, Topic.said).items():
        number, said = key.split(":")
        chosen[said] += n if number in numbers else 0
    return {said: n for said, n in chosen.items() if n}


def skips(session: Session, project_id: int) -> Sequence[tuple[str, int]]:
    """Return how often work was handed back, by reason, most frequent first."""
    count = sa.func.count()
    rows = session.execute(
        sa.select(Assignment.skip_reason, count)
        .where(Assignment.project_id == project_id, Assignment.state == AssignmentState.skipped)
        .group_by(Assignment.skip_reason)
        .order_by(count.desc(), Assignment.skip_reason)
    )
    return [(reason.value if reason else "other", number) for reason, number in rows]


def median_ms(session: Session, project_id: int) -> int | None:
    """Return the median time of a judgment in the project, in ms to two digits."""
    took = counts.totals(session, project_id, Topic.took)
    return middle(Counter({int(ms): n for ms, n in took.items() if ms != counts.UNMEASURED}))


def middle(counted: Counter[int]) -> int | None:
    """Return the median of values that are counted; the lower one of two."""
    left = (counted.total() + 1) // 2
    for value, n in sorted(counted.items()):
        left -= n
        if left <= 0 and n:
            return value
    return None


def _wanted(session: Session, project_ids: Sequence[int]) -> dict[int, tuple[int, int, int]]:
    """Return by project: judgments done, judgments wanted, comparisons; gold left out."""
    done = sa.select(Tally.project_id, sa.func.sum(Tally.counted)).group_by(Tally.project_id)
    counted = dict(session.execute(done.where(Tally.project_id.in_(project_ids))).all())
    rows = session.execute(
        sa.select(Lane.project_id, sa.func.sum(Lane.wanted), sa.func.sum(Lane.comparisons))
        .join(Batch, Batch.id == Lane.batch_id)
        .where(
            Lane.project_id.in_(project_ids),
            Lane.is_gold.is_(False),
            Batch.state == BatchState.ready,
        )
        .group_by(Lane.project_id)
    )
    return {each: (int(counted.get(each, 0)), int(wanted), int(n)) for each, wanted, n in rows}


def _has(session: Session, project_id: int) -> tuple[bool, bool]:
    """Say whether there are known answers to be given, and whether some place has its own rate."""
    known = (
        sa.select(Lane.id)
        .join(Batch, Batch.id == Lane.batch_id)
        .where(Lane.project_id == project_id, Lane.is_gold, Batch.state == BatchState.ready)
    )
    both = sa.select(known.exists(), rates.differing(project_id))
    has_gold, by_place = session.execute(both).one()
    return bool(has_gold), bool(by_place)


def _by_day(session: Session, project_id: int) -> Sequence[Day]:
    """Return what was judged on every day since the first, each judgment once."""
    judged = _by_date(session, project_id, Topic.judged_on)
    counted = _by_date(session, project_id, Topic.counted_on)
    return [Day(each, judged[each], counted[each]) for each in _every_day(judged)]


def _by_date(session: Session, project_id: int, topic: Topic) -> Counter[date]:
    found = counts.totals(session, project_id, topic)
    return Counter({date.fromisoformat(day): n for day, n in found.items()})


def _people(session: Session, project_id: int) -> int:
    judging = sa.select(sa.func.count(Tally.person_id.distinct()))
    return session.scalar(judging.where(Tally.project_id == project_id, Tally.judged > 0)) or 0


def _end(left: int, pace: float) -> date | None:
    if left <= 0 or pace <= 0:
        return None
    try:
        return (clock.now() + timedelta(days=ceil(left / pace))).date()
    except OverflowError:  # not in the time that calendars know
        return None


def _ends_between(left: int, recent: Sequence[int]) -> tuple[date, date | None] | None:
    """Return the range in which the work ends, as far as the recent days' counts can tell."""
    if len(recent) < FEWEST_DAYS:
        return None
    pace = sum(recent) / len(recent)
    reach = _T[len(recent)] * stdev(recent) / sqrt(len(recent))
    earliest = _end(left, pace + reach)
    return None if earliest is None else (earliest, _end(left, pace - reach))


def _every_day(counted: Mapping[date, object]) -> Iterator[date]:
    if not counted:
        return
    first, last = min(counted), max(counted)
    for after in range((last - first).days + 1):
        yield first + timedelta(days=after)
