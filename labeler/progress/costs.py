"""Costs: what the last whole weeks of work came to, by place and by language, an hour at a time.

Reckoned from judgments and working time by the rules of pay, whether top-ups are booked yet or not.
Somebody's time counts in the currency in which they are paid where they work now.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler import clock
from labeler.pay import ledger, rates, reckoning, wages, worktime
from labeler.pay.rates import Rate
from labeler.pay.reckoning import LineKind, Reckoning
from labeler.pay.wages import Wage
from labeler.pay.worktime import Interval
from labeler.people import visitors
from labeler.people.memberships import Membership
from labeler.work.assignments import Assignment, AssignmentState
from labeler.work.comparisons import Comparison

WEEKS = 4
HOUR_S = reckoning.HOUR_S


@dataclass(frozen=True)
class PersonCost:
    """What one person's weeks came to."""

    person_id: int
    place: str
    rate: Rate
    """By which they are paid."""
    paid_s: int
    items_minor: int
    total_minor: int
    topup_minor: int

    @property
    def hour_minor(self) -> int | None:
        """What an hour came to, rounded down."""
        return self.total_minor * HOUR_S // self.paid_s if self.paid_s else None


@dataclass(frozen=True)
class PlaceCost:
    """What the work of a place came to, in the currency in which it is paid there."""

    place: str
    currency: str
    people: Sequence[PersonCost]
    minimum: Wage | None
    """The highest minimum wage there that is not stale."""

    @property
    def paid_s(self) -> int:
        """Seconds of paid time."""
        return sum(each.paid_s for each in self.people)

    @property
    def total_minor(self) -> int:
        """What it cost, top-ups and allowances too."""
        return sum(each.total_minor for each in self.people)

    @property
    def topup_minor(self) -> int:
        """How much of that was missing to the floor."""
        return sum(each.topup_minor for each in self.people)

    @property
    def hour_minor(self) -> int | None:
        """What an hour came to, rounded down."""
        return self.total_minor * HOUR_S // self.paid_s if self.paid_s else None

    @property
    def ratio(self) -> float | None:
        """How an hour's pay stands to the minimum wage; None where they cannot be compared."""
        if self.hour_minor is None or self.minimum is None:
            return None
        same = self.minimum.currency == self.currency
        return self.hour_minor / self.minimum.hour_minor if same else None

    @property
    def topped_up(self) -> Sequence[PersonCost]:
        """Whose judgments alone came to less than the floor."""
        return [each for each in self.people if each.topup_minor]

    @property
    def below(self) -> Sequence[PersonCost]:
        """Who was paid less an hour than the minimum wage."""
        if self.minimum is None or self.minimum.currency != self.currency:
            return []
        least = self.minimum.hour_minor
        return [e for e in self.people if e.hour_minor is not None and e.hour_minor < least]


@dataclass(frozen=True)
class LanguageCost:
    """What judging in a language earned, and how long it took; other working time is not in it."""

    language: str
    currency: str
    judgments: int
    earned_minor: int
    judging_s: int

    @property
    def hour_minor(self) -> int | None:
        """What an hour of it came to, rounded down."""
        return self.earned_minor * HOUR_S // self.judging_s if self.judging_s else None


@dataclass(frozen=True)
class Costs:
    """What the weeks from `start` until before `end` came to."""

    start: datetime
    end: datetime
    places: Sequence[PlaceCost]
    languages: Sequence[LanguageCost]


def of_project(session: Session, project_id: int) -> Costs:
    """Return what the last whole weeks of a project came to."""
    end, _ = reckoning.week(clock.now())
    start = end - timedelta(weeks=WEEKS)
    places = _places(session, list(_people(session, project_id, start, end)))
    return Costs(start, end, places, _languages(session, project_id, start, end))


def _places(session: Session, people: Sequence[PersonCost]) -> Sequence[PlaceCost]:
    together: dict[tuple[str, str], list[PersonCost]] = defaultdict(list)
    for each in people:
        together[each.place, each.rate.currency].append(each)
    today = clock.now().date()
    known = wages.in_places(session, sorted({place for place, _ in together if place}), today)
    return [
        PlaceCost(place, currency, found, wages.statutory(known.get(place, ()), today))
        for (place, currency), found in sorted(together.items())
    ]


def _people(
    session: Session, project_id: int, start: datetime, end: datetime
) -> Iterator[PersonCost]:
    """Yield what each person's weeks came to, of those who worked in them."""
    history, where = rates.history(session, project_id), _where(session, project_id)
    weeks: dict[int, list[Reckoning]] = defaultdict(list)
    while start < end:
        until = start + timedelta(weeks=1)
        items = ledger.judgments(session, project_id, start, until)
        times = worktime.by_person(session, project_id, start, until)
        for person_id in sorted({who for who, _ in items} | times.keys()):
            rate = rates.held(history, where.get(person_id, rates.EVERYWHERE), until)
            earned = items.get((person_id, rate.currency), {})
            spent = {kind.value: n for kind, n in times.get(person_id, {}).items()}
            weeks[person_id].append(reckoning.reckon(rate.terms, earned, spent))
        start = until
    for person_id, found in sorted(weeks.items()):
        place = where.get(person_id, rates.EVERYWHERE)
        yield _summed(person_id, place, rates.held(history, place, end), found)


def _summed(person_id: int, place: str, rate: Rate, weeks: Sequence[Reckoning]) -> PersonCost:
    lines = [line for week in weeks for line in week.lines]
    return PersonCost(
        person_id,
        place,
        rate,
        paid_s=sum(week.paid_s for week in weeks),
        items_minor=sum(week.items_minor for week in weeks),
        total_minor=sum(line.amount_minor for line in lines),
        topup_minor=sum(line.amount_minor for line in lines if line.kind is LineKind.topup),
    )


def _where(session: Session, project_id: int) -> dict[int, str]:
    rows = session.execute(
        sa.select(Membership.person_id, Membership.place).where(
            Membership.project_id == project_id, Membership.removed_at.is_(None)
        )
    )
    return dict(rows.all())


def _languages(
    session: Session, project_id: int, start: datetime, end: datetime
) -> Sequence[LanguageCost]:
    language, currency = Comparison.language, Assignment.currency
    judged = (
        sa.select(language, currency, sa.func.count(), sa.func.sum(Assignment.pay_minor))
        .join(Comparison, Comparison.id == Assignment.comparison_id)
        .where(Assignment.project_id == project_id, Assignment.state == AssignmentState.judged)
        .where(Assignment.closed_at >= start, Assignment.closed_at < end)
        .where(Assignment.person_id.not_in(visitors.numbers()))
        .group_by(language, currency)
        .order_by(language, currency)
    )
    lasted = sa.extract("epoch", Interval.ended_at) - sa.extract("epoch", Interval.started_at)
    took = (
        sa.select(language, currency, sa.func.sum(lasted))
        .select_from(Interval)
        .join(Assignment, Assignment.id == Interval.assignment_id)
        .join(Comparison, Comparison.id == Assignment.comparison_id)
        .where(Interval.project_id == project_id, worktime.COUNTS)
        .where(Interval.ended_at >= start, Interval.ended_at < end)
        .group_by(language, currency)
    )
    seconds = {(tag, code): int(n) for tag, code, n in session.execute(took)}
    return [
        LanguageCost(tag, code, n, int(earned), seconds.get((tag, code), 0))
        for tag, code, n, earned in session.execute(judged)
    ]
