"""Offers: what a project pays somebody, and what that comes to an hour, before their first task.

The hourly figures rest on paid work that people did here, and are told once there is enough of it.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler import clock
from labeler.pay import earnings, rates, wages
from labeler.pay.rates import Rate
from labeler.pay.reckoning import Model
from labeler.pay.wages import Wage
from labeler.people.memberships import Membership
from labeler.work.counts import UNMEASURED, Count, Topic

JUDGMENTS, PEOPLE = 30, 5
"""How much paid work of how many people an estimate needs."""
APPROVAL = earnings.WINDOW
"""After so long, what was earned is approved by itself."""
HOUR_MS = 3_600_000


@dataclass(frozen=True)
class Pace:
    """How long judgments took so far, in ms to two digits."""

    median_ms: int
    p75_ms: int
    judgments: int
    people: int


@dataclass(frozen=True)
class Offer:
    """What work pays somebody, and what is known of how long it takes."""

    rate: Rate
    reference: Wage | None
    """The minimum wage that the rate was held against."""
    is_stale: bool
    """Whether that is older than 18 months by now."""
    pace: Pace | None
    """None before enough people have judged enough."""
    approval: timedelta = APPROVAL

    @property
    def median_hour_minor(self) -> int | None:
        """What an hour pays at the usual pace."""
        return self._hour_minor(self.pace.median_ms) if self.pace else None

    @property
    def slow_hour_minor(self) -> int | None:
        """What an hour pays at the pace that three of four judgments kept."""
        return self._hour_minor(self.pace.p75_ms) if self.pace else None

    def _hour_minor(self, each_ms: int) -> int:
        """Return the pay of an hour, rounded down: no promise is to come out too high."""
        by_piece = self.rate.per_judgment_minor * HOUR_MS // max(1, each_ms)
        least = 0 if self.rate.model is Model.piece else self.rate.hour_minor
        return max(by_piece, least)


def of_rate(session: Session, rate: Rate) -> Offer:
    """Return the offer to somebody who is paid by this rate."""
    reference_id = rate.wage_reference_id
    reference = None if reference_id is None else wages.find(session, reference_id)
    is_stale = reference is not None and reference.is_stale(clock.now().date())
    return Offer(rate, reference, is_stale, pace(session, rate.project_id))


def pace(session: Session, project_id: int) -> Pace | None:
    """Return how long judgments take in a project; None before it can be told.

    No time at all is none that was measured: it is of what was judged elsewhere.
    """
    took = Count.project_id == project_id, Count.topic == Topic.took, Count.n > 0
    known = sa.select(Count.shard, Count.key, Count.n).where(*took, Count.key != UNMEASURED)
    rows = session.execute(known).all()
    counted, people = Counter[int](), set[int]()
    for person_id, ms, n in rows:
        counted[int(ms)] += n
        people.add(person_id)
    if counted.total() < JUDGMENTS or len(people) < PEOPLE:
        return None
    median, p75 = (_quantile(counted, quarters) for quarters in (2, 3))
    return Pace(median, p75, judgments=counted.total(), people=len(people))


def _quantile(counted: Counter[int], quarters: int) -> int:
    """Return the least value that so many quarters of all do not exceed."""
    left = -(-counted.total() * quarters // 4)
    for value, n in sorted(counted.items()):
        left -= n
        if left <= 0:
            return value
    raise AssertionError("nothing was counted")


@dataclass(frozen=True)
class Held:
    """A reference, and how an hour's pay in a place stands to it."""

    wage: Wage
    is_stale: bool
    ratio: float | None
    """None where it is stale, or another currency or no hourly pay leaves nothing to compare."""


@dataclass(frozen=True)
class PlacePay:
    """What work pays in a place, beside what is known of pay there."""

    place: str
    rate: Rate
    is_own: bool
    """Whether the rate is for this place, and not the one for everywhere."""
    people: int
    references: Sequence[Held]


def by_place(session: Session, project_id: int) -> Sequence[PlacePay]:
    """Return what work pays everywhere, and in each place with people or a rate of its own."""
    found, people = rates.by_place(session, project_id), _people(session, project_id)
    today = clock.now().date()
    codes = sorted({*found, *people, rates.EVERYWHERE})
    known = wages.in_places(session, [code for code in codes if code], today)
    rows = []
    for code in codes:
        rate = found.get(code, found[rates.EVERYWHERE])
        held = [_held(rate, wage, wage.is_stale(today)) for wage in known.get(code, ())]
        rows.append(PlacePay(code, rate, code in found, people.get(code, 0), held))
    return rows


def _held(rate: Rate, wage: Wage, is_stale: bool) -> Held:
    hour = 0 if rate.model is Model.piece else rate.hour_minor
    tells = hour and rate.currency == wage.currency and not is_stale
    return Held(wage, is_stale, hour / wage.hour_minor if tells else None)


def _people(session: Session, project_id: int) -> dict[str, int]:
    rows = session.execute(
        sa.select(Membership.place, sa.func.count())
        .where(Membership.project_id == project_id, Membership.removed_at.is_(None))
        .group_by(Membership.place)
    )
    return {place: int(n) for place, n in rows}
