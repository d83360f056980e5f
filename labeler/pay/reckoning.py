"""Reckoning: what a person's week comes to, line by line. Pure: no tables, no session.

Integers of the currency's minor unit go in and come out. Each line is rounded once, upward, which
is in the worker's favour; the lines add up to the total. By the model `floor`, whoever earned less
by the piece than the floor makes of their paid hours is topped up without asking; what the work
costs them comes on top of the floor, so that it does not eat into it.
"""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

HOUR_S = 3600


class Model(enum.Enum):
    """How work is paid."""

    floor = "floor"
    """By the piece, and never less than an hourly floor."""
    hourly = "hourly"
    """By the hour."""
    piece = "piece"
    """By the piece alone."""


class LineKind(enum.Enum):
    """What a line pays for."""

    judgments = "judgments"
    """Judgments at one rate."""
    hours = "hours"
    """Paid time at the hourly rate."""
    topup = "topup"
    """What was missing to the floor."""
    allowance = "allowance"
    """What the work costs the person, such as power and data."""
    bonus = "bonus"
    """Something beside; never needed to reach the floor."""


@dataclass(frozen=True)
class Terms:
    """What work pays, in minor units of the currency."""

    model: Model
    currency: str
    per_judgment_minor: int = 0
    hour_minor: int = 0
    """For each paid hour: the floor, or by the model `hourly` the pay itself."""
    allowance_minor: int = 0
    """For what a paid hour costs the person."""


@dataclass(frozen=True)
class Line:
    """One amount and what it is for: judgments by number, time in seconds, a bonus once.

    The rate is for one judgment, for an hour, for one bonus. The amount of `hours` is the rate
    times the hours, rounded up; that of `topup` and `allowance` is what was missing to it.
    """

    kind: LineKind
    quantity: int
    rate_minor: int
    amount_minor: int


@dataclass(frozen=True)
class Reckoning:
    """A person's week in one currency: its lines, and what they were made from."""

    lines: Sequence[Line]
    paid_s: int
    """Seconds of paid time of every kind."""
    items_minor: int
    """What the judgments earned by themselves."""
    floor_minor: int
    """What the floor makes of the paid time, rounded up; 0 by other models."""

    @property
    def total_minor(self) -> int:
        """What the person is paid before anything is taken off."""
        return sum(line.amount_minor for line in self.lines)


def reckon(
    terms: Terms,
    items: Mapping[int, int],
    seconds: Mapping[str, int],
    bonuses: Sequence[int] = (),
) -> Reckoning:
    """Reckon a week: judgments as {pay of one: how many}, paid seconds by kind, bonuses.

    The terms are those at the week's end: rates only rise. Judgments are paid by every model as
    they were promised. Lines of nothing are left out.
    """
    paid_s, items_minor = sum(seconds.values()), sum(pay * n for pay, n in items.items())
    assert paid_s >= 0 and min([*items, *items.values(), *bonuses], default=0) >= 0
    lines = [
        *(Line(LineKind.judgments, n, pay, pay * n) for pay, n in sorted(items.items())),
        *_of_time(terms, paid_s, items_minor),
        *(Line(LineKind.bonus, 1, bonus, bonus) for bonus in bonuses),
    ]
    floor = of_hours(terms.hour_minor, paid_s) if terms.model is Model.floor else 0
    return Reckoning([line for line in lines if line.amount_minor], paid_s, items_minor, floor)


def of_hours(hour_minor: int, paid_s: int) -> int:
    """Return what an hourly amount makes of seconds, rounded up to the minor unit."""
    return -(-hour_minor * paid_s // HOUR_S)


def week(moment: datetime) -> tuple[datetime, datetime]:
    """Return the ISO week (UTC) of a moment: from its Monday's midnight to before the next one."""
    day = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    monday = day - timedelta(days=day.weekday())
    return monday, monday + timedelta(days=7)


def _of_time(terms: Terms, paid_s: int, items_minor: int) -> Sequence[Line]:
    """Pay the time: all of it by the hour, what is missing to it by the floor."""
    allowance = of_hours(terms.allowance_minor, paid_s)
    if terms.model is Model.floor:
        # Costs are met first by what the judgments earned beyond the floor.
        beyond = items_minor - of_hours(terms.hour_minor, paid_s)
        topup, allowance = max(0, -beyond), max(0, allowance - max(0, beyond))
        paid = Line(LineKind.topup, paid_s, terms.hour_minor, topup)
    else:
        by_hour = terms.hour_minor if terms.model is Model.hourly else 0
        paid = Line(LineKind.hours, paid_s, by_hour, of_hours(by_hour, paid_s))
    return paid, Line(LineKind.allowance, paid_s, terms.allowance_minor, allowance)
