"""Paid time, rule by rule, in a real browser: its clock and the server's are moved together."""

import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect
from sqlalchemy.orm import Session

from labeler import clock
from labeler.pay import missed, worktime
from labeler.pay.worktime import Interval, Kind, Source
from labeler.people import accounts, memberships
from labeler.people.accounts import Person
from labeler.people.memberships import Role
from labeler.work import projects
from tests.browser.clicks import ahead, choose, delivered, send
from tests.browser.site import Site, open_site
from tests.cast import make_cast
from tests.conftest import StoppedClock
from tests.make import load_rows, make_project, make_row
from tests.visits import Visit

BEATS = "/time/beats"
NEXT = count()
WORKERS = 12
TOLD = "() => !Object.keys(localStorage).some((name) => name.startsWith('clock:'))"
SHOW = """(state) => {
  Object.defineProperty(document, "visibilityState", { configurable: true, get: () => state });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


@pytest.fixture(scope="module")
def time() -> Iterator[StoppedClock]:
    """The clock of the server, which moves only when it is told to."""
    stopped = StoppedClock()
    clock.use(stopped)
    yield stopped
    clock.use(None)


@pytest.fixture(scope="module")
def site(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, time: StoppedClock
) -> Iterator[Site]:
    """A project of a few pairs, and somebody to work in it for each test."""
    folder = tmp_path_factory.mktemp("time")
    shutil.copy(sqlite_template, folder / "labeler.db")
    with open_site(f"sqlite:///{folder / 'labeler.db'}", folder, fill) as site:
        yield site


def fill(session: Session) -> None:
    cast = make_cast(session)
    project = make_project(session, cast, judgments_per_comparison=2 * WORKERS)
    load_rows(session, project, [make_row(number) for number in range(6)], by=cast.olga)
    for number in range(WORKERS):
        worker = accounts.create(session, f"worker{number}@example.org", "Wanda", by=None)
        memberships.grant(session, project.id, worker, Role.annotator, by=cast.olga)


class Together:
    """Somebody's browser and the server, whose clocks are moved together."""

    def __init__(self, site: Site, time: StoppedClock) -> None:
        self.site, self.time, self.pages = site, time, list[Page]()
        self.begun = time.time
        self.email = f"worker{next(NEXT)}@example.org"
        self.visit = Visit(site.app).arrive(self.email)

    def sign_in(self, context: BrowserContext) -> None:
        """Let the browser be theirs."""
        found = self.visit.client.get_cookie("session")
        assert found is not None
        context.add_cookies([{"name": found.key, "value": found.value, "url": self.site.url}])

    def open(self, page: Page, path: str = "") -> None:
        """Open a page by a clock that can be moved: of work, if none is named."""
        self.sign_in(page.context)
        page.clock.install(time=self.time.time)
        self.pages.append(page)
        page.goto(self.site.url + (path or self.task()))

    def task(self) -> str:
        """Return where what they are given next is."""
        self.visit.get("/account")
        return str(self.visit.post("/projects/helpful/start").location)

    def forward(self, *, minutes: int) -> None:
        """Let time go by for everybody, and each beat arrive when it is sent."""
        for _ in range(minutes):
            self.time.forward(minutes=1)
            sent(self.pages, partial(self.move_clock, minutes=1))

    def leave(self, *, minutes: int) -> None:
        """Let time go by while nothing is told, or nothing arrives."""
        self.time.forward(minutes=minutes)
        self.move_clock(minutes=minutes)

    def move_clock(self, *, minutes: int) -> None:
        """Move the clock of their browser, which all its pages have together."""
        self.pages[0].clock.fast_forward(f"{minutes:02}:00")

    def worked(self) -> list[Interval]:
        """Return what is counted of them, in order."""
        with self.site.database.reading() as session:
            person = sa.select(Person.id).where(Person.email == self.email)
            return worktime.counted(session, session.scalars(person).one(), *self.span)

    @property
    def span(self) -> worktime.Span:
        return self.begun - timedelta(days=1), self.time.time + timedelta(days=1)

    def minutes(self) -> float:
        """Return how many minutes that is."""
        return sum((each.length for each in self.worked()), timedelta(0)) / timedelta(minutes=1)


@pytest.fixture
def together(site: Site, time: StoppedClock) -> Together:
    time.forward(hours=1)
    return Together(site, time)


def near(minutes: float) -> object:
    """Return what is as many minutes, give or take what a browser takes to do something."""
    return pytest.approx(minutes, abs=0.1)


def show(page: Page, state: str) -> None:
    """Bring a page in front, or behind, as the browser would tell it."""
    page.evaluate(SHOW, state)


def sent(pages: Sequence[Page], act: Callable[[], None]) -> None:
    """Do what makes pages tell of themselves, and wait until it is counted and they know it.

    Else a clock that is moved on may end their patience with an answer that is there already.
    """
    with ExitStack() as answers:
        for page in pages:
            answers.enter_context(page.expect_response(re.compile(BEATS)))
        act()
    for page in pages:
        page.wait_for_function(TOLD)


def test_six_minutes_of_reading_without_a_touch_are_paid(page: Page, together: Together) -> None:
    together.open(page)
    together.forward(minutes=6)
    [read] = together.worked()
    assert (read.kind, read.source, read.flag) == (Kind.judging, Source.beats, None)
    assert together.minutes() == near(6)


def test_ten_minutes_in_a_hidden_tab_are_not(page: Page, together: Together) -> None:
    together.open(page)
    together.forward(minutes=1)
    show(page, "hidden")
    together.leave(minutes=10)
    assert together.minutes() == near(1)
    show(page, "visible")
    together.forward(minutes=1)
    assert together.minutes() == near(2)


def test_two_tabs_count_once(context: BrowserContext, page: Page, together: Together) -> None:
    together.open(page)
    together.open(context.new_page(), "/projects/helpful/instructions")
    together.forward(minutes=4)
    assert together.minutes() == near(4)


def test_a_wrong_clock_of_a_phone_changes_nothing(page: Page, together: Together) -> None:
    together.open(page)
    together.forward(minutes=1)
    page.clock.set_system_time(datetime(2001, 1, 1))  # noqa: DTZ001  it is any clock
    together.forward(minutes=1)
    page.clock.set_system_time(datetime(2049, 1, 1))  # noqa: DTZ001
    together.forward(minutes=1)
    [read] = together.worked()
    assert (read.started_at.year, together.minutes()) == (2026, near(3))


def test_work_without_a_connection_is_counted_when_it_is_back(
    context: BrowserContext, page: Page, together: Together
) -> None:
    together.open(page)
    ahead(page)
    together.forward(minutes=1)
    begun = together.time.time
    context.set_offline(True)
    together.leave(minutes=2)
    choose(page, "A better")
    send(page, lambda: page.keyboard.press("Control+Enter"))  # to what was drawn ahead
    together.leave(minutes=3)
    assert together.minutes() == near(1)
    context.set_offline(False)
    sent([page], lambda: page.evaluate("dispatchEvent(new Event('online'))"))
    delivered(page)
    first, following = together.worked()
    assert first.assignment_id != following.assignment_id
    assert (first.ended_at - begun) / timedelta(minutes=1) == near(2)
    assert together.minutes() == near(6)


def test_what_could_not_be_sent_goes_with_the_next_page(
    context: BrowserContext, page: Page, together: Together
) -> None:
    together.open(page)
    context.set_offline(True)
    together.leave(minutes=2)
    together.pages.clear()
    page.close()
    context.set_offline(False)
    assert together.worked() == []
    other = context.new_page()
    sent([other], lambda: together.open(other, "/projects/helpful/instructions"))
    assert together.minutes() == near(2)


def test_somebody_adds_time_that_was_missed(page: Page, together: Together) -> None:
    together.sign_in(page.context)
    page.goto(together.site.url)
    page.get_by_role("link", name="Earnings").click()
    page.get_by_role("link", name="My time").click()
    expect(page.get_by_text("You have no time yet.")).to_be_visible()
    page.goto(f"{together.site.url}/projects/helpful/time")
    page.get_by_label("Began at").fill(f"{together.time.time - timedelta(minutes=40):%H:%M}")
    page.get_by_label("Ended at").fill(f"{together.time.time - timedelta(minutes=10):%H:%M}")
    page.get_by_label("What you did").select_option("Answering questions")
    page.get_by_label("Note").fill("A call about the guidelines.")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_text("Added. It is paid like any other time.")).to_be_visible()
    expect(page.get_by_role("heading", name="30 min of work")).to_be_visible()
    page.get_by_role("button", name="Withdraw").click()
    expect(page.get_by_text("Withdrawn; it counts no more")).to_be_visible()
    assert together.worked() == []


def test_nothing_is_told_outside_of_tasks(page: Page, together: Together) -> None:
    told: list[str] = []

    def note(request: Request) -> None:
        # What the task said as it went may be on its way still.
        if request.method == "POST" and "/work/" not in request.headers.get("referer", ""):
            told.append(request.url)

    together.open(page)
    together.time.forward(seconds=1)
    page.get_by_role("link", name="Leave").click()
    expect(page).to_have_url(f"{together.site.url}/")
    page.on("request", note)
    for path in ("/", "/judgments", "/time", "/account", "/projects/helpful/mine", "/questions"):
        page.goto(together.site.url + path)
        page.mouse.move(10, 10)
        together.leave(minutes=2)
    assert told == []
    assert together.minutes() == near(0)


def test_a_page_that_is_left_alone_rests_and_goes_on_at_a_touch(
    page: Page, together: Together
) -> None:
    together.open(page)
    page.locator("[data-clock]").evaluate("place => place.dataset.rests = 60000")
    together.forward(minutes=1)
    together.leave(minutes=5)
    resting = page.get_by_text("so your paid time rests")
    expect(resting).to_be_visible()
    assert together.minutes() == near(1)
    page.mouse.move(20, 20)
    expect(resting).to_be_hidden()
    together.forward(minutes=1)
    assert together.minutes() == near(2)


def test_without_javascript_a_task_is_paid_from_its_opening_to_its_end(
    chromium: Browser, together: Together
) -> None:
    with chromium.new_context(java_script_enabled=False) as context:
        together.sign_in(context)
        page = context.new_page()
        page.goto(together.site.url + together.task())
        together.time.forward(minutes=3)
        choose(page, "A better")
        page.get_by_role("button", name="Send").click()
        expect(page.get_by_text("Your judgment is saved.")).to_be_visible()
    [read] = together.worked()
    assert (read.source, together.minutes()) == (Source.page, 3)


def test_a_break_is_paid_while_its_page_is_out_of_view(page: Page, together: Together) -> None:
    with together.site.database.writing() as session:
        person = accounts.find(session, together.email)
        project = projects.find(session, "helpful", by=person)
        missed.add(
            session,
            project.id,
            by=person,
            started_at=together.time.time - timedelta(minutes=50),
            ended_at=together.time.time,
            kind=Kind.judging,
            note="A power cut.",
        )
        session.commit()
    together.open(page, "/projects/helpful/break")
    expect(page.get_by_text("You are paid until")).to_be_visible()
    together.forward(minutes=1)
    show(page, "hidden")
    together.leave(minutes=30)
    show(page, "visible")
    together.forward(minutes=1)
    *_, rest = together.worked()
    assert (rest.kind, rest.length) == (Kind.mandated_break, timedelta(minutes=10))
