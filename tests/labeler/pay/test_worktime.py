"""Working time: each minute counts once, by the server's clock, whatever pages tell of it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from labeler import audit, clock
from labeler.database import Database
from labeler.errors import Invalid, NotFound
from labeler.events import Event
from labeler.pay import beats, breaks, missed, worktime
from labeler.pay.beats import Beat, Page
from labeler.pay.worktime import Flag, Interval, Kind, Source
from labeler.people.accounts import Person
from labeler.quality import inquiries, outcomes, reviews
from labeler.quality.reviews import ReviewKind
from labeler.work import hours, queue
from labeler.work.assignments import Assignment
from labeler.work.projects import Project
from tests.cast import Cast, make_cast
from tests.conftest import StoppedClock
from tests.make import judge, judge_next, load_rows, make_batch, make_project, make_row
from tests.statements import heard

STATEMENTS = 6
"""The most that a beat takes."""
MINUTE_MS = 60_000


@dataclass
class Tab:
    """An open page: it knows for how long it is open, by a clock that nobody can set."""

    session: Session
    person: Person
    time: StoppedClock
    page: Page
    told_ms: int = 0
    born: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.born = self.time.time

    @property
    def age_ms(self) -> int:
        return (self.time.time - self.born) // timedelta(milliseconds=1)

    def look(self, *, minutes: float, touched: bool = False, every_s: int = 20) -> None:
        """Be in view for a while, with a beat every so often."""
        for _ in range(round(minutes * 60 / every_s)):
            self.time.forward(seconds=every_s)
            self.tell(touched=touched)

    def hide(self, *, minutes: float) -> None:
        """Be somewhere behind."""
        self.time.forward(minutes=minutes)
        self.told_ms = self.age_ms

    def tell(self, *, touched: bool = False) -> Beat:
        """Tell of the time since the last beat."""
        beat = Beat(from_ms=self.told_ms, to_ms=self.age_ms, ago_ms=0, touched=touched)
        self.told_ms = beat.to_ms
        self.send(beat)
        return beat

    def send(self, beat: Beat) -> None:
        beats.take(self.session, self.page, beat, by=self.person)


Open = Callable[..., Tab]


@pytest.fixture
def project(session: Session, cast: Cast, frozen: StoppedClock) -> Project:
    """A project with a few pairs."""
    project = make_project(session, cast)
    make_batch(session, project, cast)
    return project


@pytest.fixture
def open_tab(session: Session, cast: Cast, frozen: StoppedClock, project: Project) -> Open:
    """Open a page of work, Ada's if nothing else is said."""
    numbers = count()

    def open_tab(kind: Kind = Kind.judging, **changes: object) -> Tab:
        given = {"project_id": project.id, "assignment_id": None} | changes
        page = Page(f"page-{next(numbers)}", kind=kind, issued_at=frozen.time, **given)  # type: ignore[arg-type]
        return Tab(session, cast.ada, frozen, page)

    return open_tab


def worked(session: Session, person: Person) -> list[tuple[str, str, Kind]]:
    """Return a person's intervals as times of day, with what they worked on."""
    end = datetime(2027, 1, 1, tzinfo=UTC)
    found = worktime.counted(session, person.id, end - timedelta(days=60), end)
    return [(f"{one.started_at:%H:%M:%S}", f"{one.ended_at:%H:%M:%S}", one.kind) for one in found]


# What pages tell


def test_reading_is_one_interval_and_few_statements(
    session: Session, cast: Cast, open_tab: Open
) -> None:
    tab = open_tab()
    tab.look(minutes=5)
    tab.time.forward(seconds=60)
    with heard(session) as said:
        tab.tell()
    assert len(said) <= STATEMENTS
    assert worked(session, cast.ada) == [("09:00:00", "09:06:00", Kind.judging)]


def test_what_is_not_in_view_is_not_counted(session: Session, cast: Cast, open_tab: Open) -> None:
    tab = open_tab()
    tab.look(minutes=2)
    tab.hide(minutes=10)
    tab.look(minutes=1)
    assert worked(session, cast.ada) == [
        ("09:00:00", "09:02:00", Kind.judging),
        ("09:12:00", "09:13:00", Kind.judging),
    ]


def test_two_pages_at_once_count_once_over_all_projects(
    session: Session, cast: Cast, open_tab: Open
) -> None:
    other = make_project(session, cast, slug="other", title="Other")
    tab, beside = open_tab(), open_tab(project_id=other.id)
    for _ in range(6):
        tab.time.forward(seconds=10)
        tab.tell()
        tab.time.forward(seconds=10)
        beside.tell()
    spent = [
        sum(worktime.seconds(session, each, cast.ada.id, tab.born, tab.time.time).values())
        for each in (tab.page.project_id, other.id)
    ]
    assert spent == [60, 60]
    assert list(worktime.faults(session)) == []


def test_a_beat_that_comes_again_or_late_changes_nothing(
    session: Session, cast: Cast, open_tab: Open
) -> None:
    tab = open_tab()
    tab.time.forward(seconds=20)
    first = tab.tell()
    tab.time.forward(seconds=8)
    for beat in (first, first.model_copy(update={"ago_ms": 8000})):
        tab.send(beat)
    # The next one is eight seconds under way, and the one after it is fast again.
    for sent_s, way_s in ((12, 8), (12, 0)):
        tab.time.forward(seconds=sent_s)
        beat = Beat(from_ms=tab.told_ms, to_ms=tab.told_ms + 20_000, ago_ms=0, touched=False)
        tab.told_ms = beat.to_ms
        tab.time.forward(seconds=way_s)
        tab.send(beat)
    assert worked(session, cast.ada) == [("09:00:00", "09:01:00", Kind.judging)]


def test_work_without_a_connection_is_laid_where_it_was(
    session: Session, cast: Cast, open_tab: Open
) -> None:
    tab, following = open_tab(), open_tab()
    tab.look(minutes=1)
    tab.time.forward(minutes=20)
    for one, begun, ended in ((tab, 1, 3), (following, 3, 7)):
        stretch = {"from_ms": begun * MINUTE_MS, "to_ms": ended * MINUTE_MS}
        one.send(Beat(**stretch, ago_ms=(21 - ended) * MINUTE_MS, touched=True))
    assert worked(session, cast.ada) == [
        ("09:00:00", "09:03:00", Kind.judging),
        ("09:03:00", "09:07:00", Kind.judging),
    ]


@pytest.mark.parametrize("ago_ms", [0, MINUTE_MS, beats.OLDEST_MS])
def test_a_clock_that_is_wrong_changes_no_amount(
    session: Session, cast: Cast, open_tab: Open, project: Project, ago_ms: int
) -> None:
    tab = open_tab()
    tab.look(minutes=1)
    tab.time.forward(minutes=9)
    tab.send(Beat(from_ms=MINUTE_MS, to_ms=4 * MINUTE_MS, ago_ms=ago_ms, touched=False))
    spent = worktime.seconds(session, project.id, cast.ada.id, tab.born, tab.time.time)
    assert spent == {Kind.judging: 240}


def test_nobody_claims_more_than_went_by(session: Session, cast: Cast, open_tab: Open) -> None:
    tab = open_tab()
    tab.time.forward(seconds=30)
    tab.send(Beat(from_ms=0, to_ms=beats.OLDEST_MS, ago_ms=0, touched=True))
    assert worked(session, cast.ada) == [("09:00:00", "09:00:30", Kind.judging)]


def test_waiting_for_the_next_page_is_paid(session: Session, cast: Cast, open_tab: Open) -> None:
    open_tab(Kind.instructions).look(minutes=1)
    for wait_s in (0.5, 40, 121):
        frozen = open_tab().time
        frozen.forward(seconds=wait_s)
        open_tab().look(minutes=1)
    assert worked(session, cast.ada) == [
        ("09:00:00", "09:01:00", Kind.instructions),
        ("09:01:00", "09:02:00", Kind.judging),  # half a second is no wait
        ("09:02:00", "09:02:40", Kind.system_wait),
        ("09:02:40", "09:03:40", Kind.judging),
        ("09:05:41", "09:06:41", Kind.judging),
    ]


def test_breaks_are_paid_once_they_are_worked_for(
    session: Session, cast: Cast, open_tab: Open
) -> None:
    early = open_tab(Kind.mandated_break)
    early.look(minutes=1)
    assert worked(session, cast.ada) == []
    open_tab().look(minutes=50)
    rest = open_tab(Kind.mandated_break)
    rest.time.forward(seconds=5)
    rest.tell()
    rest.time.forward(minutes=30)  # in a pocket, where the page is out of view
    rest.told_ms = rest.age_ms - 10
    rest.tell()
    rest.look(minutes=1)
    assert worked(session, cast.ada)[1:] == [("09:51:00", "10:01:00", Kind.mandated_break)]
    assert breaks.left(session, cast.ada.id, rest.time.time) == timedelta(0)


def test_what_is_long_is_flagged_and_never_cut(
    session: Session, cast: Cast, open_tab: Open
) -> None:
    tab = open_tab()
    tab.look(minutes=20)
    tab.hide(minutes=5)
    tab.look(minutes=125, touched=True, every_s=300)
    still, long = session.scalars(sa.select(Interval).order_by(Interval.id))
    assert (still.flag, still.length) == (Flag.untouched, timedelta(minutes=20))
    assert (long.flag, long.length) == (Flag.long, timedelta(minutes=125))
    assert worktime.noticed(session, tab.page.project_id, limit=9) == [long, still]


def test_the_longer_the_texts_the_longer_a_page_may_go_untouched() -> None:
    assert beats.patience_ms(100) == 30 * MINUTE_MS
    assert beats.patience_ms(2400) == 60 * MINUTE_MS


# What tasks are


def test_what_kind_of_time_a_task_is(session: Session, cast: Cast, frozen: StoppedClock) -> None:
    asked = {"qualification": {"questions": 1, "right": 1}, "onboarding": 1}
    project = make_project(session, cast, slug="asking", **asked)
    load_rows(session, project, [make_row(9, gold=0)], by=cast.olga, for_qualification=True)
    make_batch(session, project, cast, pairs=4)
    kinds = []
    for _ in range(3):
        given = queue.claim(session, project, by=cast.ada)
        assert given is not None
        kinds.append(hours.kind_of(session, given, cast.ada))
        judge(session, given, 1 if given.places[0] == 0 else 7, cast.ada)
    assert kinds == [Kind.qualification, Kind.training, Kind.judging]
    said = judge_next(session, project, cast.ada)
    about = {"judgment_id": said.id, "reason": "Drawn by lot."}
    review = reviews.open(session, project.id, ReviewKind.sample, **about)
    outcomes.send_back(session, review, said, "Please look again.", by=cast.rex)
    again = session.get_one(Assignment, said.assignment_id)
    assert hours.kind_of(session, again, cast.ada) is Kind.review_reply
    assert inquiries.asked(session, cast.ada).sent_back == 1


def test_without_javascript_a_task_counts_from_its_opening_to_its_end(
    session: Session, cast: Cast, frozen: StoppedClock, project: Project, open_tab: Open
) -> None:
    given = queue.claim(session, project, by=cast.ada)
    assert given is not None
    frozen.forward(minutes=4)
    with hours.covered(session, given, cast.ada):
        judge(session, given, 1, cast.ada)
    told = queue.claim(session, project, by=cast.ada)
    assert told is not None
    open_tab(assignment_id=told.id).look(minutes=1)
    frozen.forward(minutes=4)  # in another tab
    with hours.covered(session, told, cast.ada):
        judge(session, told, 1, cast.ada)
    late = queue.claim(session, project, by=cast.ada)
    assert late is not None
    frozen.forward(hours=9)
    with hours.covered(session, late, cast.ada):
        judge(session, late, 1, cast.ada)
    first, second, third = session.scalars(sa.select(Interval).order_by(Interval.id))
    assert (first.source, first.length) == (Source.page, timedelta(minutes=4))
    assert (second.source, second.length) == (Source.beats, timedelta(minutes=1))
    assert third.ended_at == late.deadline


# What people add


def add(session: Session, project: Project, by: Person, start: datetime, **by_s: float) -> Interval:
    span = {"started_at": start, "ended_at": start + timedelta(**by_s)}
    note = "A call about the guidelines.\nIt took a while."
    return missed.add(session, project.id, by=by, **span, kind=Kind.clarification, note=note)


def test_what_people_add_is_counted_until_they_withdraw_it(
    session: Session, cast: Cast, frozen: StoppedClock, project: Project
) -> None:
    monday = frozen.time
    frozen.forward(hours=3)
    added = add(session, project, cast.ada, monday, minutes=30)
    assert (added.source, added.flag) == (Source.added, None)
    assert worktime.by_week(session, project.id, cast.ada.id) == {
        date(2026, 11, 23): {Kind.clarification: 1800}
    }
    with pytest.raises(NotFound):
        missed.withdraw(session, project.id, added.id, by=cast.bea)
    for _ in range(2):
        missed.withdraw(session, project.id, added.id, by=cast.ada)
    assert worktime.by_week(session, project.id, cast.ada.id) == {}
    assert worktime.of_person(session, project.id, cast.ada.id, monday, frozen.time) == [added]
    kinds = sa.select(Event.kind).where(Event.kind.like("time.%")).order_by(Event.id)
    assert session.scalars(kinds).all() == ["time.added", "time.withdrawn"]
    add(session, project, cast.ada, monday, minutes=30)  # as it is free again


def test_what_cannot_be_added_says_which_field_is_wrong(
    session: Session, cast: Cast, frozen: StoppedClock, project: Project, open_tab: Open
) -> None:
    now = frozen.time
    open_tab(Kind.instructions).look(minutes=1)
    wrong: list[tuple[datetime, dict[str, float], str]] = [
        (now - timedelta(minutes=10), {"minutes": 11}, "started_at"),  # counted already
        (now, {"minutes": 2}, "ended_at"),  # yet to come
        (now - timedelta(hours=5), {"hours": 4, "seconds": 1}, "ended_at"),
        (now - timedelta(days=14), {"minutes": 1}, "started_at"),
        (now - timedelta(hours=1), {"minutes": -1}, "ended_at"),
    ]
    for start, length, field_at_fault in wrong:
        with pytest.raises(Invalid) as refusal:
            add(session, project, cast.ada, start, **length)
        assert [*refusal.value.fields] == [field_at_fault]
    span = {"started_at": now - timedelta(hours=1), "ended_at": now}
    for kind, note in ((Kind.judging, " "), (Kind.judging, "\0"), (Kind.system_wait, "Slow.")):
        with pytest.raises(Invalid):
            missed.add(session, project.id, by=cast.ada, **span, kind=kind, note=note)
    assert len(worked(session, cast.ada)) == 1


# What it comes to


def test_weeks_begin_on_monday_and_begun_seconds_are_whole(
    session: Session, cast: Cast, frozen: StoppedClock, open_tab: Open, project: Project
) -> None:
    frozen.time = datetime(2026, 11, 29, 23, 59, 30, tzinfo=UTC)
    tab = open_tab()
    tab.look(minutes=1)
    frozen.forward(milliseconds=250)
    tab.tell()
    assert worktime.by_week(session, project.id, cast.ada.id) == {
        date(2026, 11, 23): {Kind.judging: 30},
        date(2026, 11, 30): {Kind.judging: 31},
    }
    monday = datetime(2026, 11, 30, tzinfo=UTC)
    assert worktime.seconds(
        session, project.id, cast.ada.id, monday - timedelta(seconds=10), monday
    ) == {Kind.judging: 10}
    assert worktime.by_person(session, project.id, monday, monday + worktime.WEEK) == {
        cast.ada.id: {Kind.judging: 31}
    }


def test_the_database_lets_no_interval_shrink_change_or_go(
    session: Session, cast: Cast, open_tab: Open
) -> None:
    open_tab().look(minutes=1)
    for change in (
        "UPDATE intervals SET ended_at = started_at",
        "UPDATE intervals SET person_id = person_id + 1",
        "UPDATE intervals SET kind = 'instructions'",
        "DELETE FROM intervals",
    ):
        with pytest.raises(DBAPIError, match="intervals grow"), session.begin_nested():
            session.execute(sa.text(change))
    assert list(audit.faults(session)) == []


def test_the_audit_names_time_that_is_counted_twice(
    session: Session, cast: Cast, open_tab: Open
) -> None:
    tab = open_tab()
    tab.look(minutes=1)
    twice = {"person_id": cast.ada.id, "project_id": tab.page.project_id, "kind": Kind.judging}
    span = {"started_at": tab.born, "ended_at": tab.time.time}
    session.add(Interval(**twice, **span, source=Source.beats))
    session.flush()
    assert [fault for fault in audit.faults(session) if "overlap" in fault] != []


def test_many_pages_that_tell_at_the_same_moment_count_once(database: Database) -> None:
    with database.writing() as session:
        cast = make_cast(session)
        project = make_project(session, cast)
        session.commit()
    issued_at = clock.now() - timedelta(seconds=60)
    pages = [Page(f"page-{n}", project.id, Kind.judging, issued_at) for n in range(8)]

    def tell(page: Page) -> None:
        beat = Beat(from_ms=0, to_ms=60_000, ago_ms=0, touched=True)
        with database.writing() as session:
            beats.take(session, page, beat, by=session.get_one(Person, cast.ada.id))
            session.commit()

    with ThreadPoolExecutor(len(pages)) as pool:
        assert [*pool.map(tell, pages)] == [None] * len(pages)
    with database.reading() as session:
        assert list(worktime.faults(session)) == []
        counted = session.scalars(sa.select(Interval)).all()
    total = sum((each.length for each in counted), timedelta(0))
    assert timedelta(seconds=59) < total <= clock.now() - issued_at


# Whatever pages tell

ACTS = st.tuples(
    st.integers(0, 3),  # which page
    st.integers(0, 90_000),  # how long after the act before it
    st.integers(0, 120_000),  # how much of its life it tells of
    st.one_of(st.just(0), st.integers(0, beats.OLDEST_MS)),  # how long ago that ended, it says
    st.booleans(),  # whether it is touched
    st.lists(st.integers(0, 30), max_size=2),  # which earlier beats come once more
)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(acts=st.lists(ACTS, min_size=1, max_size=15))
def test_whatever_is_told_no_minute_counts_twice(
    session: Session, cast: Cast, frozen: StoppedClock, open_tab: Open, acts: list[tuple]
) -> None:
    undo = session.begin_nested()
    frozen.time = begun = datetime(2026, 11, 23, 9, tzinfo=UTC)
    tabs = [open_tab() for _ in range(4)]
    told: list[tuple[Tab, Beat]] = []
    for which, later_ms, length_ms, ago_ms, touched, again in acts:
        frozen.forward(milliseconds=later_ms)
        tab = tabs[which]
        stretch = {"from_ms": tab.told_ms, "to_ms": tab.told_ms + length_ms}
        tab.told_ms += length_ms
        told.append((tab, Beat(**stretch, ago_ms=ago_ms, touched=touched)))
        tab.send(told[-1][1])
        before = worked(session, cast.ada)
        for number in again:
            one, beat = told[number % len(told)]
            one.send(beat)
        assert worked(session, cast.ada) == before
    intervals = session.scalars(sa.select(Interval)).all()
    total = sum((each.length for each in intervals), timedelta(0))
    assert timedelta(0) <= total <= frozen.time - begun
    assert all(begun <= each.started_at <= each.ended_at <= frozen.time for each in intervals)
    assert list(worktime.faults(session)) == []
    undo.rollback()
