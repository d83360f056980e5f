"""A project from its first form to its release: qualification, known answers, votes, review."""

import itertools
import json
import re
import statistics
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from sqlalchemy.orm import Session

from labeler import audit
from labeler.cli import refreshing
from labeler.demo.simulation import Simulated
from labeler.pay import ledger
from labeler.people import accounts
from labeler.people.accounts import Person
from labeler.quality.reviews import Review, ReviewKind, ReviewState
from labeler.quality.snapshots import Snapshot
from labeler.work.comparisons import Comparison
from labeler.work.judgments import Judgment, JudgmentState
from labeler.work.projects import Project
from tests.browser import crowd
from tests.browser.clicks import send
from tests.browser.conftest import TIMEOUT_MS
from tests.browser.crowd import Annotator, Crowd
from tests.browser.site import Site, open_site
from tests.conftest import NewAddress, StoppedClock
from tests.visits import Visit

pytestmark = pytest.mark.slow
SLUG = "sums"
OLGA, REX = "olga@example.org", "rex@example.org"
LEAST, MOST, AUDITED = 2, 7, 3
RATE_MINOR = 35
QUESTIONS, NEEDED = 3, 2
PEOPLE, ACCURACY = 8, 0.85
KNOWN = range(5000, 5012)
FOR_QUALIFICATION = range(7000, 7000 + 2 * QUESTIONS)
WRITTEN = 9000
ASKED = {
    "Ask more people only where they disagree": {
        "Most judgments on one comparison": str(MOST),
        "Sure enough at, percent": "95",
        "Audit slice, percent of the comparisons": "10",
        "Judgments on each of the audit slice": str(AUDITED),
    },
    "How quality is checked": {
        "Known answers, percent of the work": "20",
        "Second looks, percent of the work": "10",
    },
    "Before the work itself, and the first days": {
        "Known answers before the work itself": str(QUESTIONS),
        "How many must be right": str(NEEDED),
        "First judgments after which people are told": "5",
    },
    "Time": {"Minutes in which a judgment may be changed": "10"},
}
"""What Olga fills in beside the usual, by the heading under which it is folded up."""


@pytest.fixture
def site(new_address: NewAddress, tmp_path: Path, frozen: StoppedClock) -> Iterator[Site]:
    """An empty installation, of which Olga is the administrator."""

    def fill(session: Session) -> None:
        accounts.create(session, OLGA, "Olga", by=None, is_admin=True)

    with open_site(new_address("sqlite"), tmp_path, fill) as site:
        yield site


def test_an_owner_runs_a_project_by_its_pages(
    context: BrowserContext,
    chromium: Browser,
    site: Site,
    frozen: StoppedClock,
    tmp_path: Path,
    soak: bool,
) -> None:
    numbers = range(500 if soak else 40)
    olga, visit = context.new_page(), Visit(site.app)
    site.arrive(olga, OLGA)
    make_project(site, olga)
    load(site, olga, tmp_path, "questions", crowd.rows(FOR_QUALIFICATION, known=True), asked=True)
    load(site, olga, tmp_path, "pairs", crowd.rows(numbers, known=False))
    load(site, olga, tmp_path, "known", crowd.rows(KNOWN, known=True))
    write_known_answer(site, olga)
    visit.arrive(OLGA)
    invite(visit, "Rex", REX, "reviewer")
    everybody = Crowd(SLUG, frozen, hard=numbers)
    for number in range(PEOPLE):
        everybody.people.append(_join(site, visit, everybody, number))

    with chromium.new_context(locale="en", service_workers="block") as reviewing:
        reviewing.set_default_timeout(TIMEOUT_MS)
        rex = reviewing.new_page()
        site.arrive(rex, REX)
        qualify(site, rex, everybody)
        work(site, everybody)
        _check_votes(site)
        review(site, rex, everybody)
        decided = adjudicate(site, rex)
        leave_one_out(site, rex)
        work(site, everybody)

    _look_at_quality(site, olga, everybody)
    row = cut_release(site, olga, tmp_path)[decided.number]
    assert row["adjudicated"] and row["chosen"][0]["content"] == decided.answer
    _check_votes(site)
    _check_agreement(site)
    _check_pay(site, everybody)
    _check_clicker(site, everybody.people[-1])
    with site.database.reading() as session:
        assert [*audit.faults(session)] == []


def make_project(site: Site, page: Page) -> None:
    """Make the project in the steps of the form."""

    def field(label: str) -> Locator:
        return page.get_by_label(label, exact=True)

    page.goto(f"{site.url}/projects/new")
    field("Title").fill("Sums")
    page.get_by_role("button", name="Next: Guidelines").click()
    page.get_by_label("What to look for").fill("Prefer what is **correct**.")
    page.get_by_role("button", name="Next: Judgments and pay").click()
    field("Judgments for each comparison").fill(str(LEAST))
    field("For each judgment").fill("0.35")
    for title, asked in ASKED.items():
        page.get_by_text(title, exact=True).click()
        for label, value in asked.items():
            page.get_by_label(re.compile(f"^{re.escape(label)}")).fill(value)
    page.get_by_role("button", name="Next: Languages and people").click()
    field("Languages").fill("en")
    page.get_by_role("button", name="Next: Check").click()
    page.get_by_role("button", name="Make the project").click()
    expect(page).to_have_url(f"{site.url}/projects/{SLUG}")


def load(
    site: Site, page: Page, folder: Path, name: str, text: str, *, asked: bool = False
) -> None:
    """Load a file; its answers are asked before the work itself if that is wanted."""
    path = folder / f"{name}.jsonl"
    path.write_text(text)
    page.goto(f"{site.url}/projects/{SLUG}/batches")
    page.get_by_label("File", exact=True).set_input_files(path)
    page.get_by_label("Ask them before the work itself").set_checked(asked)
    page.get_by_role("button", name="Load", exact=True).click()
    expect(page.get_by_role("link", name=path.name)).to_be_visible()


def write_known_answer(site: Site, page: Page) -> None:
    """Write a comparison whose answer is known."""
    page.goto(f"{site.url}/projects/{SLUG}/gold")
    page.get_by_role("link", name="Write one").click()
    page.get_by_label("Prompt").fill(f"What is {WRITTEN} plus one?")
    page.get_by_label("Answer 1", exact=True).first.fill(f"That makes {WRITTEN + 1}.")
    page.get_by_label("Answer 2", exact=True).first.fill(f"That makes {WRITTEN}.")
    page.get_by_role("radio", name="Answer 1").check()
    page.get_by_label("Why?").fill("Count it.")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("row").filter(has_text=str(WRITTEN))).to_contain_text("written")


def invite(visit: Visit, name: str, email: str, role: str) -> str:
    """Invite somebody; return the way to their sign-in that the page shows once."""
    page = f"/projects/{SLUG}/people"
    visit.get(page)
    told = visit.post(f"{page}/invite", name=name, email=email, role=role, languages="", cohorts="")
    found = re.search(r"/link/[\w-]+", told.text)
    assert told.status_code == 200 and found, told.text
    return found[0]


def _join(site: Site, olga: Visit, everybody: Crowd, number: int) -> Annotator:
    """Have somebody come in by the link that they were sent."""
    name = f"Person {number}"
    link = invite(olga, name, f"person-{number}@example.org", "annotator")
    visit = Visit(site.app)
    visit.get(link)
    assert visit.post(link).status_code == 302
    visit.get("/")
    clicks = number == PEOPLE - 1
    someone = None if clicks else Simulated(name, ACCURACY, number)
    misreads = {0: QUESTIONS, 1: 2 * QUESTIONS}.get(number, 0)
    return Annotator(everybody, visit, name, someone, misreads)


def qualify(site: Site, rex: Page, everybody: Crowd) -> None:
    """Ask everybody what comes first; Rex lets those in who have had every question."""
    attempts = {}
    for each in everybody.people:
        told = list(each.qualify())
        attempts[each.name] = len(told)
        if "A person of the project will look" in told[-1]:
            let_in(site, rex, each)
    assert attempts["Person 0"] == attempts["Person 1"] == 2


def let_in(site: Site, rex: Page, person: Annotator) -> None:
    """Let somebody in, with a reason."""
    rex.goto(f"{site.url}/projects/{SLUG}/people")
    rex.get_by_role("link", name=re.compile(f"Let them in.*{person.name}")).click()
    rex.get_by_label("Why?").fill("We talked about the guidelines.")
    rex.get_by_role("button", name="Let them in").click()
    expect(rex.get_by_text(f"{person.name} is in")).to_be_visible()


def work(site: Site, everybody: Crowd) -> None:
    """Let everybody judge until nothing more is wanted, also after a look at all that was said."""
    done = 1
    while done:
        done = 0
        while some := everybody.work():
            done += some
        refreshing.refresh_project(site.database, _project_id(site))


def _project_id(site: Site) -> int:
    with site.database.reading() as session:
        return session.scalars(sa.select(Project.id)).one()


def review(site: Site, rex: Page, everybody: Crowd) -> None:
    """Look at the queue, and send what is the least sure back to one of its authors."""
    rex.goto(f"{site.url}/projects/{SLUG}/review")
    sure = [int(text) for text in re.findall(r"(\d+)% sure", rex.locator("main").inner_text())]
    assert sure and sure == sorted(sure)
    rex.locator("li.work a").first.click()
    back = rex.locator("details").filter(has_text="Send it back").first
    back.locator("summary").click()
    name = re.search(r"Person \d", back.inner_text())
    assert name
    back.get_by_label("What should they look at?").fill("Please count once more.")
    back.get_by_role("button", name="Send it back").click()
    everybody.time.forward(hours=1)
    [author] = [each for each in everybody.people if each.name == name[0]]
    told = author.visit.get("/questions").text
    way = re.search(r"/work/\d+/change", told)
    assert "Please count once more." in told and way
    author.change(way[0], choice=4)
    assert "Sent back to you" not in author.visit.get("/questions").text


@dataclass(frozen=True)
class Decided:
    """What Rex has found the better answer, and of which comparison."""

    number: int
    answer: str


def adjudicate(site: Site, rex: Page) -> Decided:
    """Find which answer of the least sure comparison is better, by keyboard alone."""
    rex.goto(f"{site.url}/projects/{SLUG}/review")
    _press_on(rex, rex.locator("li.work a").first)
    expect(rex.get_by_text("Said otherwise before")).to_be_visible()
    found = crowd.NUMBER.search(rex.locator("main").inner_text())
    answer = rex.locator("article.answer").nth(1).locator(".prose").inner_text()
    assert found
    _press_on(rex, rex.locator("summary").filter(has_text="Find which answer is better"))
    _tab_to(rex, rex.get_by_role("radio", name="Answer 1 is better"))
    rex.keyboard.press("ArrowDown")
    _tab_to(rex, rex.get_by_label("Why?").and_(rex.locator("#found")))
    rex.keyboard.type("I counted with my fingers.")
    _press_on(rex, rex.get_by_role("button", name="This is what I find"))
    expect(
        rex.get_by_text("Kept. Releases that are cut from now on tell what you found.")
    ).to_be_visible()
    return Decided(int(found[1]), answer)


def leave_one_out(site: Site, rex: Page) -> None:
    """Draw a sample, and leave the first judgment out of the data."""
    rex.goto(f"{site.url}/projects/{SLUG}/review")
    rex.get_by_label("How many judgments wait then").fill("5")
    rex.get_by_role("button", name="Draw").click()
    rex.goto(f"{site.url}/projects/{SLUG}/review?kind=sample")
    expect(rex.locator("li.work")).to_have_count(5)
    rex.locator("li.work a").first.click()
    asked = rex.locator("li").filter(has_text="This one is asked about")
    asked.locator("summary").filter(has_text="Leave it out of the data").click()
    asked.get_by_label("Why?").fill("It was judged with the texts mixed up.")
    asked.get_by_role("button", name="Leave it out").click()
    expect(rex.locator("main [role=status]").first).to_be_visible()


def _tab_to(page: Page, goal: Locator) -> None:
    """Press the tabulator until the focus is there."""
    for _ in range(200):
        if goal.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{goal} cannot be reached by keyboard")


def _press_on(page: Page, goal: Locator) -> None:
    _tab_to(page, goal)
    page.keyboard.press("Enter")


def _look_at_quality(site: Site, page: Page, everybody: Crowd) -> None:
    """Olga finds the numbers about the labels, and about the clicker's work."""
    clicker = everybody.people[-1].name
    page.goto(f"{site.url}/projects/{SLUG}/quality")
    # Chance may have put nothing in the audit slice.
    found = re.compile(r"say the same in \d+%|Nobody can tell yet")
    expect(page.get_by_role("heading", level=1)).to_have_text(found)
    for name in ("Disagreements", "Leaderboard", "Known answers", "Findings"):
        page.get_by_label("Quality").get_by_role("link", name=name).click()
        expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.get_by_role("link", name=clicker).click()
    expect(page.locator("main")).to_contain_text(clicker)
    page.goto(f"{site.url}/projects/{SLUG}/gold")
    expect(page.get_by_role("row")).to_have_count(1 + len(KNOWN) + len(FOR_QUALIFICATION) + 1)


def cut_release(site: Site, page: Page, folder: Path) -> dict[int, dict[str, Any]]:
    """Cut a release and take it home; return its rows by the number in their prompt."""
    page.goto(f"{site.url}/projects/{SLUG}/releases")
    page.get_by_label("Licence").fill("cc-by-4.0")
    send(page, page.get_by_role("button", name="Cut release").click)
    site.do_jobs()
    with page.expect_download() as downloading:
        page.get_by_role("link", name="Download").click()
    archive = folder / "release.zip"
    downloading.value.save_as(archive)
    with zipfile.ZipFile(archive) as opened:
        texts = [opened.read(name) for name in opened.namelist() if "/jsonl/dpo-" in name]
    rows = [json.loads(line) for text in texts for line in text.splitlines()]
    return {int(re.sub(r"\D", "", row["prompt"][0]["content"])): row for row in rows}


def _check_votes(site: Site) -> None:
    """Each has as many votes as it needs, and where people disagree there are more."""
    with site.database.reading() as session:
        each = session.scalars(sa.select(Comparison).where(~Comparison.is_gold)).all()
        labels = _labels(session)
    assert {one.judged for one in each if not one.is_adaptive} <= {AUDITED}
    adaptive = [labels[one.id] for one in each if one.is_adaptive]
    assert all(LEAST <= len(said) <= MOST for said in adaptive)
    split = [len(said) for said in adaptive if len(set(said)) > 1]
    unanimous = [len(said) for said in adaptive if len(set(said)) == 1]
    assert statistics.mean(unanimous) < statistics.mean(split)


def _labels(session: Session) -> dict[int, list[int | None]]:
    """Return what was voted on each comparison."""
    counts = Judgment.is_current, Judgment.state == JudgmentState.accepted
    found: dict[int, list[int | None]] = defaultdict(list)
    for one in session.scalars(sa.select(Judgment).where(*counts)):
        found[one.comparison_id].append(one.label)
    return found


def _check_agreement(site: Site) -> None:
    """Agreement is told from the audit slice and from nothing else."""
    with site.database.reading() as session:
        raw = session.scalars(sa.select(Snapshot)).one().data["agreement"]["raw"]
        audited = sa.select(Comparison.id).where(~Comparison.is_gold, ~Comparison.is_adaptive)
        ids, labels = session.scalars(audited).all(), _labels(session)
    pairs = [one == other for each in ids for one, other in itertools.combinations(labels[each], 2)]
    assert raw["n"] == len(ids)
    assert raw["value"] == (pytest.approx(statistics.mean(pairs)) if pairs else None)


def _check_pay(site: Site, everybody: Crowd) -> None:
    """Everything that anybody sent is paid: questions, second looks, and what was left out."""
    with site.database.reading() as session:
        excluded = session.scalars(
            sa.select(Judgment.id).where(Judgment.state == JudgmentState.excluded)
        ).all()
        for number, each in enumerate(everybody.people):
            person = accounts.find(session, f"person-{number}@example.org")
            earned = ledger.earned(session, person_id=person.id)
            assert earned == {"EUR": each.sent * RATE_MINOR}
    assert len(excluded) == 1  # Rex's


def _check_clicker(site: Site, clicker: Annotator) -> None:
    """A person is asked to look at the clicker's work; nothing else has happened to it."""
    with site.database.reading() as session:
        of = sa.select(Review.state).join(Person, Person.id == Review.person_id)
        signals = of.where(Review.kind == ReviewKind.signal, Person.name == clicker.name)
        assert set(session.scalars(signals)) == {ReviewState.open}
