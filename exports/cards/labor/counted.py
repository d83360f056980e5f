"""Work as it was counted: who judged what, where they work, and when and how long they worked.

Everything is looked at up to a moment. Pages tell of working time a little later than it was (see
`beats`), so the last minutes before that moment are left out, and what its person added or took
back after it is not known yet.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from exports.choosing import selection
from exports.choosing.selection import Mark
from labeler.events import Event
from labeler.pay import earnings, exposure, limits, worktime
from labeler.pay.worktime import Interval, Kind, Source, Span
from labeler.people import visitors
from labeler.text import sensitive
from labeler.work.assignments import Assignment
from labeler.work.comparisons import Comparison
from labeler.work.judgments import Judgment
from labeler.work.lanes import Lane

SETTLED = timedelta(minutes=15)
"""So long before the moment time is told whole: longer than a paid break, and than a wait."""
NOT_STATED = "not stated"
"""The country of those of whom nobody said where they work."""
ELSEWHERE = "elsewhere"
"""The country of those who judged somewhere else, and whose judgments were brought here."""
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
NOTHING = timedelta(0)
AT_ONCE = 5_000
"""Intervals that are in memory at once."""


class Until(NamedTuple):
    """Up to where a card looks, in one project."""

    project_id: int
    mark: Mark

    @property
    def at(self) -> datetime:
        """The moment."""
        return self.mark.cut_at

    @property
    def settled_at(self) -> datetime:
        """Until when working time is told."""
        return self.at - SETTLED

    @property
    def weeks_end(self) -> datetime:
        """When the last week was over whose pay was due by the moment."""
        return worktime.midnight(worktime.monday((self.at - earnings.WINDOW).date()))


class Judged(NamedTuple):
    """What people judged: tasks by person and language, known answers by person."""

    by_language: Mapping[int, Mapping[str, int]]
    gold: int
    first_on: date | None
    last_on: date | None

    @property
    def by_person(self) -> dict[int, int]:
        """How many tasks each person judged."""
        return {who: sum(tags.values()) for who, tags in self.by_language.items()}


@dataclass
class Worked:
    """Paid time by person, in seconds; a second that was begun is whole."""

    kinds: dict[Kind, dict[int, timedelta]] = field(
        default_factory=lambda: {kind: defaultdict(timedelta) for kind in Kind}
    )
    in_weeks: dict[int, timedelta] = field(default_factory=lambda: defaultdict(timedelta))
    """Of whole weeks whose pay is due."""
    days: dict[int, dict[date, timedelta]] = field(default_factory=dict)
    exposed: dict[str, dict[int, timedelta]] = field(default_factory=dict)
    """By content that is hard to read."""
    exposed_days: dict[int, dict[date, timedelta]] = field(default_factory=dict)
    added: Counter[int] = field(default_factory=Counter)
    kept: Counter[int] = field(default_factory=Counter)
    """What was added and not taken back."""

    def seconds(self, kind: Kind) -> dict[int, int]:
        """Return the seconds of a kind, by person."""
        return {who: whole(spent) for who, spent in self.kinds[kind].items() if spent}

    @property
    def by_person(self) -> dict[int, int]:
        """How many seconds each person worked in all."""
        found: Counter[int] = Counter()
        for kind in Kind:
            found.update(self.seconds(kind))
        return dict(found)

    @property
    def long_days(self) -> dict[int, int]:
        """On how many days each person worked more than is usual at most."""
        return _over(self.days, timedelta(seconds=limits.DAY_S))

    @property
    def breaches(self) -> dict[int, int]:
        """On how many days each person read more of what is hard to read than there is in a day."""
        return _over(self.exposed_days, exposure.DAY)


def whole(spent: timedelta) -> int:
    """Return how many seconds a time has, begun ones too."""
    return -(-spent // SECOND)


def judged(session: Session, until: Until) -> Judged:
    """Return what people judged, known answers and second looks included."""
    rows = selection.rows(
        session,
        sa.select(
            Judgment.person_id,
            Comparison.language,
            Comparison.is_gold,
            sa.func.count(),
            sa.func.min(Judgment.created_at),
            sa.func.max(Judgment.created_at),
        )
        .join(Comparison, Comparison.id == Judgment.comparison_id)
        .where(*first_versions(until))
        .group_by(Judgment.person_id, Comparison.language, Comparison.is_gold),
    )
    found: dict[int, Counter[str]] = defaultdict(Counter)
    gold, moments = 0, list[datetime]()
    for who, tag, is_gold, number, first, last in rows:
        found[who][tag] += number
        gold += number * is_gold
        moments += first, last
    days = [moment.date() for moment in moments]
    return Judged(dict(found), gold, min(days, default=None), max(days, default=None))


def durations(session: Session, until: Until) -> dict[int, int]:
    """Return how many judgments took so many seconds."""
    took = sa.select((Judgment.duration_ms // 1000).label("seconds"))
    each = took.where(*first_versions(until)).subquery()
    query = sa.select(each.c.seconds, sa.func.count()).group_by(each.c.seconds)
    return {int(seconds): number for seconds, number in selection.rows(session, query)}


def visitors_judged(session: Session, until: Until) -> int:
    """Return how much was judged by visitors of a chat, who are no part of the workforce."""
    theirs = *any_first_versions(until), Judgment.person_id.in_(visitors.numbers())
    return session.scalar(sa.select(sa.func.count(Judgment.id)).where(*theirs)) or 0


def first_versions(until: Until) -> tuple[sa.ColumnElement[bool], ...]:
    """Say in SQL which rows are tasks that the workforce judged, each once."""
    return *any_first_versions(until), Judgment.person_id.not_in(visitors.numbers())


def any_first_versions(until: Until) -> tuple[sa.ColumnElement[bool], ...]:
    """Say in SQL which rows are tasks that anybody judged, each once."""
    return (
        Judgment.project_id == until.project_id,
        Judgment.id <= until.mark.last_judgment_id,
        Judgment.version == 1,
    )


def countries(session: Session, until: Until) -> dict[int, str]:
    """Return where people worked at the moment, as it was written down by then."""
    told = sa.select(Event.kind, Event.data).where(
        Event.project_id == until.project_id,
        Event.kind.in_(["membership.placed", "person.imported"]),
        Event.at <= until.at,
    )
    found: dict[int, str] = defaultdict(lambda: NOT_STATED)
    for kind, data in session.execute(told.order_by(Event.id)):
        if kind == "person.imported":
            found[int(data["subject"])] = ELSEWHERE
        elif "place" in data:
            found[int(data["subject"])] = str(data["place"]) or NOT_STATED
    return found


def worked(session: Session, until: Until) -> Worked:
    """Return the paid time of everybody in the project."""
    found, later = Worked(), _added_later(session, until)
    for each in _intervals(session, until):
        if each.id in later:
            continue
        taken_back = each.withdrawn_at is not None and each.withdrawn_at <= until.at
        if each.source is Source.added:
            found.added[each.person_id] += 1
            found.kept[each.person_id] += not taken_back
        if not taken_back and (span := _told(each, until)) is not None:
            _count(found, each, span, until)
    return found


class _Stretch(NamedTuple):
    """An interval of working time, and on what it was spent."""

    id: int
    person_id: int
    kind: Kind
    source: Source
    started_at: datetime
    ended_at: datetime
    withdrawn_at: datetime | None
    closed_at: datetime | None
    """When its task was done, if it was spent on one."""
    content: str | None


def _intervals(session: Session, until: Until) -> Iterator[_Stretch]:
    query = (
        sa.select(
            Interval.id,
            Interval.person_id,
            Interval.kind,
            Interval.source,
            Interval.started_at,
            Interval.ended_at,
            Interval.withdrawn_at,
            Assignment.closed_at,
            Lane.sensitive,
        )
        .outerjoin(Assignment, Assignment.id == Interval.assignment_id)
        .outerjoin(Comparison, Comparison.id == Assignment.comparison_id)
        .outerjoin(Lane, Lane.id == Comparison.lane_id)
        .where(Interval.project_id == until.project_id)
        .where(Interval.started_at < until.settled_at)
        .where(Interval.started_at < Interval.ended_at)
        .order_by(Interval.id)
        .limit(AT_ONCE)
    )
    last = 0  # pages by id: PostgreSQL keeps a cursor only within a transaction
    while page := session.execute(query.where(Interval.id > last)).all():
        last = page[-1].id
        yield from map(_Stretch._make, page)


def _added_later(session: Session, until: Until) -> set[int]:
    """Return which intervals were added after the moment."""
    added = sa.select(Event.data).where(
        Event.project_id == until.project_id, Event.kind == "time.added", Event.at > until.at
    )
    return {int(data["interval"]) for data in session.scalars(added)}


def _told(each: _Stretch, until: Until) -> Span | None:
    """Return what of an interval was known at the moment."""
    if each.source is Source.page:  # written when the task was done, and not before
        closed_at = each.closed_at or each.ended_at
        if max(closed_at, each.ended_at) > until.settled_at:
            return None
    return each.started_at, min(each.ended_at, until.settled_at)


def _count(found: Worked, each: _Stretch, span: Span, until: Until) -> None:
    who, length = each.person_id, span[1] - span[0]
    if length <= NOTHING:
        return
    found.kinds[each.kind][who] += length
    if span[0] < until.weeks_end:
        found.in_weeks[who] += min(span[1], until.weeks_end) - span[0]
    _add_days(found.days, who, span)
    if each.content and sensitive.is_severe(each.content):
        people = found.exposed.setdefault(each.content, {})
        people[who] = people.get(who, NOTHING) + length
        _add_days(found.exposed_days, who, span)


def _add_days(days: dict[int, dict[date, timedelta]], who: int, span: Span) -> None:
    mine = days.setdefault(who, {})
    for start, end in worktime.by_calendar(span, DAY):
        mine[start.date()] = mine.get(start.date(), NOTHING) + (end - start)


def _over(days: Mapping[int, Mapping[date, timedelta]], most: timedelta) -> dict[int, int]:
    number = {who: sum(spent > most for spent in mine.values()) for who, mine in days.items()}
    return {who: n for who, n in number.items() if n}


def content(session: Session, until: Until) -> Iterator[tuple[str, int, dict[int, int]]]:
    """Yield each content that is hard to read: how many comparisons of it people judged, and who.

    As tasks by person.
    """
    of_it = (
        sa.select(Lane.sensitive, Judgment.person_id, sa.func.count())
        .join(Comparison, Comparison.id == Judgment.comparison_id)
        .join(Lane, Lane.id == Comparison.lane_id)
        .where(*first_versions(until), Lane.sensitive != "")
    )
    items = of_it.with_only_columns(
        Lane.sensitive, sa.func.count(sa.distinct(Judgment.comparison_id))
    ).group_by(Lane.sensitive)
    people: dict[str, dict[int, int]] = defaultdict(dict)
    for written, who, number in session.execute(of_it.group_by(Lane.sensitive, Judgment.person_id)):
        people[written][who] = number
    for written, number in sorted(session.execute(items).all()):
        yield written, number, people[written]
