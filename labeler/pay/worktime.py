"""Working time: intervals that were worked, by the server's clock, and what they come to.

One person's intervals never overlap, over all projects: nobody works twice at the same moment.
There are no rows of single beats (see `beats`): what is kept is when somebody worked, on what, and
how that is known. No content, no keys, no pictures. An interval may grow while its page is open;
it never shrinks and is never deleted. One that its person added may be withdrawn by them.
"""

import enum
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from labeler.schema import NOW, Base, BigInt, Id, dialect_of, reference

LONG = timedelta(hours=2)
"""An interval that goes on for so long is flagged."""
UNTOUCHED = timedelta(minutes=15)
"""One that goes on for so long after its page was last touched is flagged."""
WEEK = timedelta(days=7)
ON_PAGE = sa.text("page IS NOT NULL")
OF_TASK = sa.text("assignment_id IS NOT NULL")

Span = tuple[datetime, datetime]
"""From when until when."""


class Kind(enum.Enum):
    """What somebody worked on. All of it is paid alike."""

    judging = "judging"
    """Reading, judging and changing judgments."""
    instructions = "instructions"
    """Reading the guidelines on their own page."""
    training = "training"
    """First judgments, of which people are told what was right."""
    qualification = "qualification"
    """Questions before the work itself, and reading what was right."""
    clarification = "clarification"
    """Answering questions about one's own work."""
    review_reply = "review_reply"
    """Looking again at what a reviewer sent back."""
    mandated_break = "mandated_break"
    """A paid break."""
    system_wait = "system_wait"
    """Waiting for the next page."""


class Source(enum.Enum):
    """How it is known."""

    beats = "beats"
    """The page said now and then that it was open and in view."""
    page = "page"
    """Without JavaScript: from when the task was given until it was sent."""
    added = "added"
    """The person added it, with a note."""


class Flag(enum.Enum):
    """Why somebody may want to ask about it. It is paid like any other."""

    long = "long"
    """It went on for hours."""
    untouched = "untouched"
    """Nothing was touched for long; reading is like that, too."""


class Interval(Base):
    """Somebody worked from `started_at` until `ended_at`, which moves on while they do."""

    __tablename__ = "intervals"
    __table_args__ = (
        sa.CheckConstraint("ended_at >= started_at", name="order"),
        sa.Index("ix_intervals_person", "person_id", "ended_at"),
        sa.Index("ix_intervals_project", "project_id", "person_id", "ended_at"),
        sa.Index("ix_intervals_page", "page", sqlite_where=ON_PAGE, postgresql_where=ON_PAGE),
        sa.Index(
            "ix_intervals_task", "assignment_id", sqlite_where=OF_TASK, postgresql_where=OF_TASK
        ),
    )

    id: Mapped[Id]
    project_id: Mapped[int] = reference("projects.id")
    person_id: Mapped[int] = reference("people.id")
    assignment_id: Mapped[int | None] = reference("assignments.id")
    kind: Mapped[Kind]
    source: Mapped[Source]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime]
    page: Mapped[str | None]
    """Which page told of it: a number made up for every page that is loaded."""
    told_ms: Mapped[BigInt] = mapped_column(default=0)
    """How far that page has told of itself, in milliseconds since it was shown."""
    told_at: Mapped[datetime | None]
    """When that was; later than `ended_at` where another page was counted meanwhile."""
    touched_at: Mapped[datetime | None]
    """When its page was last touched, as far as is known."""
    note: Mapped[str] = mapped_column(default="")
    """What its person wrote who added it."""
    flag: Mapped[Flag | None]
    withdrawn_at: Mapped[datetime | None]

    @property
    def span(self) -> Span:
        """From when until when."""
        return self.started_at, self.ended_at

    @property
    def length(self) -> timedelta:
        """How long it is."""
        return self.ended_at - self.started_at


COUNTS = Interval.withdrawn_at.is_(None)
"""What is not withdrawn."""


def seconds(
    session: Session, project_id: int, person_id: int, start: datetime, end: datetime
) -> dict[Kind, int]:
    """Return how many seconds the person worked from `start` until before `end`, by kind.

    A second that was begun is whole; kinds on which they did not work are left out.
    """
    return by_person(session, project_id, start, end, person_id=person_id).get(person_id, {})


def by_person(
    session: Session,
    project_id: int,
    start: datetime,
    end: datetime,
    *,
    person_id: int | None = None,
) -> dict[int, dict[Kind, int]]:
    """Return how many seconds everybody worked in the project, as `seconds` does, by person."""
    which = _meets(start, end).where(Interval.project_id == project_id)
    if person_id is not None:
        which = which.where(Interval.person_id == person_id)
    found: dict[int, dict[Kind, timedelta]] = defaultdict(lambda: defaultdict(timedelta))
    for each in session.scalars(which):
        found[each.person_id][each.kind] += min(each.ended_at, end) - max(each.started_at, start)
    return {person: _whole(spent) for person, spent in found.items()}


def by_week(session: Session, project_id: int, person_id: int) -> dict[date, dict[Kind, int]]:
    """Return the seconds of every week in which the person worked, by its Monday, UTC."""
    found: dict[date, dict[Kind, timedelta]] = defaultdict(lambda: defaultdict(timedelta))
    query = sa.select(Interval).where(
        Interval.project_id == project_id, Interval.person_id == person_id, COUNTS
    )
    for each in session.scalars(query.order_by(Interval.started_at)):
        for start, end in by_calendar(each.span, WEEK):
            found[monday(start.date())][each.kind] += end - start
    return {week: _whole(spent) for week, spent in found.items()}


def of_person(
    session: Session, project_id: int, person_id: int, start: datetime, end: datetime
) -> Sequence[Interval]:
    """Return the person's intervals that meet a time, in order; withdrawn ones too."""
    return session.scalars(
        sa.select(Interval)
        .where(Interval.project_id == project_id, Interval.person_id == person_id)
        .where(Interval.ended_at > start, Interval.started_at < end)
        .where(Interval.ended_at > Interval.started_at)
        .order_by(Interval.started_at, Interval.id)
    ).all()


def noticed(session: Session, project_id: int, *, limit: int) -> Sequence[Interval]:
    """Return what was added or flagged in a project, newest first; withdrawn ones too."""
    return session.scalars(
        sa.select(Interval)
        .where(Interval.project_id == project_id)
        .where(sa.or_(Interval.source == Source.added, Interval.flag.is_not(None)))
        .order_by(Interval.id.desc())
        .limit(limit)
    ).all()


def counted(session: Session, person_id: int, start: datetime, end: datetime) -> list[Interval]:
    """Return what counts of the person between two moments, over all projects, in order."""
    which = _meets(start, end).where(Interval.person_id == person_id)
    return list(session.scalars(which.order_by(Interval.started_at)))


def turn(session: Session, person_id: int) -> datetime:
    """Wait until nobody else counts the person's time, and return the present moment.

    What is counted from then on until the transaction ends is seen by whoever comes after.
    """
    if dialect_of(session) == "postgresql":
        session.execute(_TURN, {"person": person_id})
    return session.scalars(sa.select(NOW)).one()


def free(span: Span, taken: Sequence[Interval]) -> list[Span]:
    """Return what is left of a span beside what is counted already, which is in order."""
    start, end = span
    left: list[Span] = []
    for each in taken:
        if each.ended_at <= start or each.started_at >= end:
            continue
        if each.started_at > start:
            left.append((start, each.started_at))
        start = max(start, each.ended_at)
    return [*left, (start, end)] if start < end else left


def flag_of(length: timedelta, since_touched: timedelta) -> Flag | None:
    """Say whether an interval is one that somebody may want to ask about."""
    if length >= LONG:
        return Flag.long
    return Flag.untouched if since_touched >= UNTOUCHED else None


def monday(day: date) -> date:
    """Return the Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def midnight(day: date) -> datetime:
    """Return when a day begins, in UTC."""
    return datetime.combine(day, time(), UTC)


def by_calendar(span: Span, step: timedelta) -> Iterator[Span]:
    """Yield a span in parts that lie in one day each, or in one week each, in UTC."""
    start, end = span
    while start < end:
        first = start.date() if step < WEEK else monday(start.date())
        until = min(end, midnight(first) + step)
        yield start, until
        start = until


def faults(session: Session) -> Iterator[str]:
    """Yield which intervals of one person overlap."""
    one, other = aliased(Interval), aliased(Interval)
    rows = session.execute(
        sa.select(one.id, other.id)
        .join(other, other.person_id == one.person_id)
        .where(one.id < other.id, one.withdrawn_at.is_(None), other.withdrawn_at.is_(None))
        .where(one.started_at < other.ended_at, other.started_at < one.ended_at)
        .where(one.started_at < one.ended_at, other.started_at < other.ended_at)
        .order_by(one.id, other.id)
    )
    for first, second in rows:
        yield f"intervals {first} and {second} overlap"


def _meets(start: datetime, end: datetime) -> sa.Select[Interval]:
    return sa.select(Interval).where(
        COUNTS,
        Interval.ended_at > start,
        Interval.started_at < end,
        Interval.started_at < Interval.ended_at,
    )


def _whole(spent: dict[Kind, timedelta]) -> dict[Kind, int]:
    second = timedelta(seconds=1)
    return {kind: -(-spent[kind] // second) for kind in Kind if spent.get(kind)}


# Made once: that costs more than to run it.
_TURN = sa.text("SELECT pg_advisory_xact_lock(7236003, CAST(:person % 2147483647 AS integer))")
