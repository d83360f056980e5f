"""Read-only numbers: how far the work has come, how well people agree, what it costs.

Counted from narrow columns and their indexes; no text of a prompt, an answer or a reason is read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler import clock
from labeler.pay import ledger
from labeler.pay.ledger import Account, AccountKind, Transfer
from labeler.people.accounts import Person
from labeler.people.memberships import Membership, Role
from labeler.work import assignments, judgments
from labeler.work.assignments import Assignment, AssignmentState
from labeler.work.batches import Batch, BatchState
from labeler.work.comparisons import Comparison, Prompt
from labeler.work.judgments import IS_CURRENT, Judgment, JudgmentState
from labeler.work.projects import Project, ProjectState, of_person
from labeler.work.rubrics import Rubric, Verdict

if TYPE_CHECKING:
    from labeler.stats.agreement import Interval

PACE_DAYS = 7
COUNTS = sa.and_(IS_CURRENT, Judgment.state == JudgmentState.accepted)


@dataclass(frozen=True)
class Work:
    """A project as an annotator sees it: what is left, what it pays, what is begun."""

    project: Project
    role: Role
    done: int
    total: int
    median_ms: int | None
    begun: Assignment | None

    @property
    def is_open(self) -> bool:
        """Whether there may be something to judge."""
        return self.project.state is ProjectState.active and self.done < self.total


@dataclass(frozen=True)
class Own:
    """How far one annotator has come in one project, and what they earned today."""

    done: int
    total: int
    today: dict[str, int]


@dataclass(frozen=True)
class Judged:
    """A judgment in its author's list."""

    judgment: Judgment
    project: Project
    steps: int
    prompt: Prompt
    earned_minor: int
    currency: str
    changeable_until: datetime


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95 % interval and the number of things that it rests on."""

    value: float
    interval: "Interval"
    n: int


@dataclass(frozen=True)
class Agreement:
    """How well people agree; `n` counts comparisons with at least two judgments."""

    raw: Estimate
    without_ties: Estimate
    alpha: Estimate


@dataclass(frozen=True)
class Overview:
    """How far a project has come, what it has cost and what it will."""

    done: int
    planned: int
    comparisons: int
    people: int
    pace: float
    """Judgments a day over the last week in which anybody worked."""
    ends_on: date | None
    cost: dict[str, int]
    forecast_minor: int
    median_ms: int | None


@dataclass(frozen=True)
class PersonRow:
    """One annotator's numbers in a project."""

    person: Person
    role: Role
    judgments: int
    gold_right: int
    gold: int
    gold_interval: "Interval"
    median_ms: int | None
    chose_a: int
    chose_side: int
    skips: int
    earned: dict[str, int]


def today() -> datetime:
    """Return the midnight, UTC, with which today began."""
    return clock.now().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def work_of(session: Session, person: Person) -> Sequence[Work]:
    """Return the projects in which the person may judge."""
    return [
        Work(
            project,
            role,
            done=_done_by(session, project.id, person),
            total=_given_out(session, project.id),
            median_ms=median_ms(session, project.id),
            begun=assignments.open_of(session, project, person),
        )
        for project, role in of_person(session, person)
        if project.state is not ProjectState.closed
    ]


def of_annotator(session: Session, project: Project, person: Person) -> Own:
    """Return how far the person has come in the project, and today's earnings everywhere."""
    return Own(
        done=_done_by(session, project.id, person),
        total=_given_out(session, project.id),
        today=ledger.earned(session, person_id=person.id, since=today()),
    )


def judged_by(
    session: Session, person: Person, *, before: int | None = None, limit: int = 50
) -> Sequence[Judged]:
    """Return the person's judgments, newest first, with what they need to be read."""
    query = (
        sa.select(Judgment, Project, Rubric.steps, Prompt, Assignment)
        .join(Project, Project.id == Judgment.project_id)
        .join(Assignment, Assignment.id == Judgment.assignment_id)
        .join(Comparison, Comparison.id == Judgment.comparison_id)
        .join(Prompt, Prompt.id == Comparison.prompt_id)
        .join(
            Rubric,
            sa.and_(Rubric.project_id == Project.id, Rubric.number == Judgment.rubric_number),
        )
        .where(Judgment.person_id == person.id, IS_CURRENT)
        .order_by(Judgment.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(Judgment.id < before)
    return [
        Judged(
            judgment,
            project,
            steps,
            prompt,
            assignment.pay_minor,
            assignment.currency,
            judgments.changeable_until(project, assignment),
        )
        for judgment, project, steps, prompt, assignment in session.execute(query)
    ]


def overview(session: Session, project: Project) -> Overview:
    """Return a project's numbers in one view."""
    done, planned, compared = session.execute(
        sa.select(
            sa.func.coalesce(sa.func.sum(Comparison.judged), 0),
            sa.func.coalesce(sa.func.sum(Comparison.wanted), 0),
            sa.func.count(),
        )
        .join(Batch, Batch.id == Comparison.batch_id)
        .where(
            Comparison.project_id == project.id,
            Comparison.is_gold.is_(False),
            Batch.state == BatchState.ready,
        )
    ).one()
    pace = _pace(session, project.id)
    left = int(planned) - int(done)
    return Overview(
        done=int(done),
        planned=int(planned),
        comparisons=compared,
        people=session.scalar(
            sa.select(sa.func.count(Judgment.person_id.distinct())).where(
                Judgment.project_id == project.id
            )
        )
        or 0,
        pace=pace,
        ends_on=(clock.now() + timedelta(days=left / pace)).date() if pace and left > 0 else None,
        cost=ledger.cost(session, project.id),
        forecast_minor=left * project.pay_minor,
        median_ms=median_ms(session, project.id),
    )


def by_day(session: Session, project_id: int) -> Sequence[tuple[date, int]]:
    """Return judgments a day, first versions only, for every day since the first."""
    day = sa.func.date(Judgment.created_at)
    rows = session.execute(
        sa.select(day, sa.func.count())
        .where(Judgment.project_id == project_id, Judgment.version == 1)
        .group_by(day)
        .order_by(day)
    )
    counted = {_date(found): count for found, count in rows}
    if not counted:
        return []
    first, last = min(counted), max(counted)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [(each, counted.get(each, 0)) for each in days]


def steps_chosen(session: Session, project_id: int) -> dict[str, int]:
    """Return how often each step was chosen as it stood on the page, ties and both-bad apart."""
    said = sa.func.coalesce(sa.cast(Judgment.step, sa.Text()), sa.cast(Judgment.verdict, sa.Text()))
    rows = session.execute(
        sa.select(said, sa.func.count())
        .where(Judgment.project_id == project_id, COUNTS)
        .group_by(said)
    )
    return dict(rows.tuples().all())


def votes(session: Session, comparison_ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """Return what was said of each comparison: for "0", for "1", "tie" and "both_bad"."""
    preferred = sa.cast(Judgment.preferred, sa.Text())
    said = sa.func.coalesce(preferred, sa.cast(Judgment.verdict, sa.Text()))
    rows = session.execute(
        sa.select(Judgment.comparison_id, said, sa.func.count())
        .where(Judgment.comparison_id.in_(comparison_ids), COUNTS)
        .group_by(Judgment.comparison_id, said)
    )
    found: dict[int, dict[str, int]] = {comparison_id: {} for comparison_id in comparison_ids}
    for comparison_id, word, count in rows:
        found[comparison_id][word] = count
    return found


def skips(session: Session, project_id: int) -> Sequence[tuple[str, int]]:
    """Return how often work was handed back, by reason, most frequent first."""
    count = sa.func.count()
    rows = session.execute(
        sa.select(Assignment.skip_reason, count)
        .where(Assignment.project_id == project_id, Assignment.state == AssignmentState.skipped)
        .group_by(Assignment.skip_reason)
        .order_by(count.desc())
    )
    return [(reason.value if reason else "other", number) for reason, number in rows]


def agreement(session: Session, project_id: int) -> Agreement:
    """Return raw agreement with and without ties, and Krippendorff's alpha (nominal).

    Each comparison counts its judgments as for one answer, for the other, tie or both bad.
    Gold is left out. Values are nan where no comparison has two judgments.
    """
    from labeler.stats import agreement as statistics

    counts = _vote_counts(session, project_id)
    sides = counts[:, :2]
    return Agreement(
        raw=_estimate(statistics.percent_agreement, counts),
        without_ties=_estimate(statistics.percent_agreement, sides),
        alpha=_estimate(statistics.krippendorff_alpha, counts),
    )


def people(session: Session, project: Project) -> Sequence[PersonRow]:
    """Return the numbers of everybody who has a part in the project or judged in it, by name."""
    from labeler.stats.reliability import wilson_interval

    members = _members(session, project.id)
    counted = _counted(session, project.id)
    medians = _medians(session, project.id)
    earned = _earned(session, project.id)
    skipped = _skipped(session, project.id)
    rows = []
    for person, role in members:
        number, gold, right, chose_a, sides = counted.get(person.id, (0, 0, 0, 0, 0))
        rows.append(
            PersonRow(
                person=person,
                role=role,
                judgments=number,
                gold=gold,
                gold_right=right,
                gold_interval=wilson_interval(right, gold),
                median_ms=medians.get(person.id),
                chose_a=chose_a,
                chose_side=sides,
                skips=skipped.get(person.id, 0),
                earned=earned.get(person.id, {}),
            )
        )
    return rows


def median_ms(session: Session, project_id: int) -> int | None:
    """Return the median time of a judgment in the project, in milliseconds."""
    place = sa.func.row_number().over(order_by=Judgment.duration_ms)
    of_all = sa.func.count().over()
    ranked = (
        sa.select(Judgment.duration_ms, place.label("place"), of_all.label("n"))
        .where(Judgment.project_id == project_id, IS_CURRENT)
        .subquery()
    )
    return session.scalar(
        sa.select(ranked.c.duration_ms).where(ranked.c.place == (ranked.c.n + 1) // 2)
    )


def _medians(session: Session, project_id: int) -> dict[int, int]:
    each = Judgment.person_id
    place = sa.func.row_number().over(partition_by=each, order_by=Judgment.duration_ms)
    of_all = sa.func.count().over(partition_by=each)
    ranked = (
        sa.select(each, Judgment.duration_ms, place.label("place"), of_all.label("n"))
        .where(Judgment.project_id == project_id, IS_CURRENT)
        .subquery()
    )
    rows = session.execute(
        sa.select(ranked.c.person_id, ranked.c.duration_ms).where(
            ranked.c.place == (ranked.c.n + 1) // 2
        )
    )
    return dict(rows.tuples().all())


def _members(session: Session, project_id: int) -> Sequence[tuple[Person, Role]]:
    judged = sa.select(Judgment.person_id).where(Judgment.project_id == project_id)
    rows = session.execute(
        sa.select(Person, Membership.role)
        .join(
            Membership,
            sa.and_(Membership.person_id == Person.id, Membership.project_id == project_id),
        )
        .where(sa.or_(Membership.removed_at.is_(None), Person.id.in_(judged)))
        .order_by(Person.name, Person.id)
    )
    return [(person, role) for person, role in rows]


def _counted(session: Session, project_id: int) -> dict[int, tuple[int, int, int, int, int]]:
    def many(condition: sa.ColumnElement[bool]) -> sa.Function[Any]:
        return sa.func.sum(sa.case((condition, 1), else_=0))

    rows = session.execute(
        sa.select(
            Judgment.person_id,
            sa.func.count(),
            many(Judgment.gold_right.is_not(None)),
            many(Judgment.gold_right.is_(True)),
            many(Judgment.place == 0),
            many(Judgment.place.is_not(None)),
        )
        .where(Judgment.project_id == project_id, IS_CURRENT)
        .group_by(Judgment.person_id)
    )
    return {person_id: (n, gold, right, a, sides) for person_id, n, gold, right, a, sides in rows}


def _earned(session: Session, project_id: int) -> dict[int, dict[str, int]]:
    rows = session.execute(
        sa.select(Account.person_id, Transfer.currency, sa.func.sum(Transfer.amount_minor))
        .join(Account, Account.id == Transfer.to_account_id)
        .where(Transfer.project_id == project_id, Account.kind == AccountKind.earned)
        .group_by(Account.person_id, Transfer.currency)
    )
    earned: dict[int, dict[str, int]] = {}
    for person_id, currency, amount in rows:
        earned.setdefault(person_id, {})[currency] = int(amount)
    return earned


def _skipped(session: Session, project_id: int) -> dict[int, int]:
    rows = session.execute(
        sa.select(Assignment.person_id, sa.func.count())
        .where(Assignment.project_id == project_id, Assignment.state == AssignmentState.skipped)
        .group_by(Assignment.person_id)
    )
    return dict(rows.tuples().all())


def _done_by(session: Session, project_id: int, person: Person) -> int:
    return (
        session.scalar(
            sa.select(sa.func.count()).where(
                Judgment.project_id == project_id, Judgment.person_id == person.id, IS_CURRENT
            )
        )
        or 0
    )


def _given_out(session: Session, project_id: int) -> int:
    return int(
        session.scalar(
            sa.select(sa.func.coalesce(sa.func.sum(Batch.comparisons), 0)).where(
                Batch.project_id == project_id, Batch.state == BatchState.ready
            )
        )
        or 0
    )


def _pace(session: Session, project_id: int) -> float:
    worked = by_day(session, project_id)
    if not worked:
        return 0.0
    last = worked[-PACE_DAYS:]
    return sum(count for _, count in last) / len(last)


def _vote_counts(session: Session, project_id: int) -> Any:
    """Return an items × 4 array: judgments for response 0, for response 1, tie, both bad."""
    import numpy as np

    label = sa.case(
        (Judgment.verdict == Verdict.tie, 2),
        (Judgment.verdict == Verdict.both_bad, 3),
        else_=Judgment.preferred,
    )
    rows = session.execute(
        sa.select(Judgment.comparison_id, label, sa.func.count())
        .where(Judgment.project_id == project_id, COUNTS, Judgment.gold_right.is_(None))
        .group_by(Judgment.comparison_id, label)
    ).all()
    if not rows:
        return np.zeros((0, 4), dtype=np.int64)
    found = np.array([tuple(row) for row in rows], dtype=np.int64)
    items, place = np.unique(found[:, 0], return_inverse=True)
    counts = np.zeros((len(items), 4), dtype=np.int64)
    counts[place, found[:, 1]] = found[:, 2]
    return counts


def _estimate(statistic: Any, counts: Any) -> Estimate:
    from labeler.stats.agreement import bootstrap_interval

    usable = counts[counts.sum(axis=1) >= 2]
    value = float(statistic(usable)) if len(usable) else float("nan")
    return Estimate(value, bootstrap_interval(statistic, usable), len(usable))


def _date(found: str | date) -> date:
    return date.fromisoformat(found) if isinstance(found, str) else found
