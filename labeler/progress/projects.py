"""How far a project has come: judgments by day, their pace and cost, what is left of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil, sqrt
from statistics import stdev

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler import clock
from labeler.pay import ledger
from labeler.pay.ledger import Transfer
from labeler.work.assignments import Assignment, AssignmentState
from labeler.work.batches import Batch, BatchState
from labeler.work.comparisons import Comparison
from labeler.work.judgments import IS_CURRENT, Judgment, JudgmentState
from labeler.work.projects import Project
from labeler.work.rubrics import Rubric

PACE_DAYS = 7
FEWEST_DAYS = 3
"""How many days of work a forecast needs."""
COUNTS = sa.and_(IS_CURRENT, Judgment.state == JudgmentState.accepted)
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
    ends_between: tuple[date, date | None] | None
    """The likely range of `ends_on`, without a last day where the pace varies too much for one;
    None before there are a few days to tell it from."""
    cost: dict[str, int]
    forecast_minor: int
    """What is left will cost, without known answers."""
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
    return Overview(
        done=done,
        planned=planned,
        comparisons=compared,
        people=_people(session, project.id),
        days=days,
        pace=pace,
        ends_on=_end(left, pace),
        ends_between=_ends_between(left, recent),
        cost=ledger.cost(session, project.id),
        forecast_minor=left * project.pay_minor,
        median_ms=median_ms(session, project.id),
    )


def done_of(session: Session, project_ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Return how many judgments of how many wanted each project has, gold left out."""
    found = _wanted(session, project_ids)
    return {each: found.get(each, (0, 0, 0))[:2] for each in project_ids}


def cost_by_day(session: Session, project: Project) -> Sequence[tuple[date, int]]:
    """Return what the project spent on every day since the first, in its own currency."""
    day = sa.func.date(Transfer.at)
    rows = session.execute(
        sa.select(day, sa.func.sum(Transfer.amount_minor))
        .where(Transfer.project_id == project.id, Transfer.currency == project.currency)
        .group_by(day)
    )
    spent = {_date(found): int(amount) for found, amount in rows}
    return [(each, spent.get(each, 0)) for each in _every_day(spent)]


def steps_chosen(session: Session, project_id: int, steps: int) -> dict[str, int]:
    """Return how often each step was chosen as it stood on the page, on scales of so many steps.

    "tie" and "both_bad" are what was said beside the scale.
    """
    said = sa.func.coalesce(sa.cast(Judgment.step, sa.Text()), sa.cast(Judgment.verdict, sa.Text()))
    shown = sa.and_(
        Rubric.project_id == Judgment.project_id, Rubric.number == Judgment.rubric_number
    )
    rows = session.execute(
        sa.select(said, sa.func.count())
        .join(Rubric, shown)
        .where(Judgment.project_id == project_id, Rubric.steps == steps, COUNTS)
        .group_by(said)
    )
    return dict(rows.all())


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


def median_ms(session: Session, project_id: int, *, latest: int | None = None) -> int | None:
    """Return the median time of a judgment in the project, or of the latest so many, in ms."""
    times = sa.select(Judgment.duration_ms).where(Judgment.project_id == project_id, IS_CURRENT)
    if latest is not None:
        times = times.order_by(Judgment.id.desc()).limit(latest)
    of_these = times.subquery()
    place = sa.func.row_number().over(order_by=of_these.c.duration_ms)
    of_all = sa.func.count().over()
    ranked = sa.select(of_these, place.label("place"), of_all.label("n")).subquery()
    return session.scalar(
        sa.select(ranked.c.duration_ms).where(ranked.c.place == (ranked.c.n + 1) // 2)
    )


def _wanted(session: Session, project_ids: Sequence[int]) -> dict[int, tuple[int, int, int]]:
    """Return by project: judgments done, judgments wanted, comparisons; gold left out."""
    rows = session.execute(
        sa.select(
            Comparison.project_id,
            sa.func.sum(Comparison.judged),
            sa.func.sum(Comparison.wanted),
            sa.func.count(),
        )
        .join(Batch, Batch.id == Comparison.batch_id)
        .where(
            Comparison.project_id.in_(project_ids),
            Comparison.is_gold.is_(False),
            Batch.state == BatchState.ready,
        )
        .group_by(Comparison.project_id)
    )
    return {each: (int(done), int(wanted), n) for each, done, wanted, n in rows}


def _by_day(session: Session, project_id: int) -> Sequence[Day]:
    """Return what was judged on every day since the first, each judgment once."""
    day = sa.func.date(Judgment.created_at)
    wanted = sa.and_(Judgment.state == JudgmentState.accepted, Judgment.gold_right.is_(None))
    rows = session.execute(
        sa.select(day, sa.func.count(), sa.func.sum(sa.case((wanted, 1), else_=0)))
        .where(Judgment.project_id == project_id, IS_CURRENT)
        .group_by(day)
    )
    judged = {_date(found): (number, int(counted)) for found, number, counted in rows}
    return [Day(each, *judged.get(each, (0, 0))) for each in _every_day(judged)]


def _people(session: Session, project_id: int) -> int:
    judging = sa.select(sa.func.count(Judgment.person_id.distinct()))
    return session.scalar(judging.where(Judgment.project_id == project_id)) or 0


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


def _date(found: str | date) -> date:
    return date.fromisoformat(found) if isinstance(found, str) else found
