"""What stands in the pictures: the demo, two more projects, and work in people's hands.

The clock stands still, and lots are drawn alike each time: a picture differs when its page does.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler import clock, demo
from labeler.cli import refreshing, rehearsal
from labeler.database import Database
from labeler.people import accounts, memberships
from labeler.people.accounts import Person
from labeler.people.memberships import Role
from labeler.work import comparisons, drafts, hours, layouts, projects, tallies
from labeler.work.assignments import Assignment, AssignmentState
from labeler.work.batches import Batch
from labeler.work.comparisons import Comparison
from labeler.work.layouts import Message, ResponseIn, Row
from labeler.work.projects import Project
from tests import made_up
from tests.browser import paying, reviewing
from tests.browser.site import ADA, OLGA, Site, open_site
from tests.make import judge, load_rows, make_row
from tests.visits import Visit

NOW = datetime(2026, 11, 27, 15, tzinfo=UTC)
SEED = 7
BEA = "bea@demo.invalid"
HOLDS = {
    ADA: "demo-en-07",
    BEA: "demo-fr-06",
    "simulated-1@demo.invalid": "demo-bn-08",
    "simulated-2@demo.invalid": "demo-de-08",
}
"""What each annotator is judging: one of those that the rehearsal leaves."""
JUDGED = {"demo-en-04": 3, "demo-es-04": 6, "demo-fr-03": 7, "demo-sw-05": 2, "demo-bn-05": 4}
"""What Ada and Bea have judged in the last half hour, and how."""
CLOSELY: dict[str, Any] = {
    "slug": "closely",
    "title": "Advice, looked at closely",
    "question": "Which answer would you rather have received?",
    "rubric": {
        "questions": [
            {"kind": "pairwise"},
            {
                "kind": "criteria",
                "criteria": [
                    {"name": "Correct", "hint": "Facts, sums", "words": ["Not at all", "Fully"]},
                    {"name": "Clear", "hint": "Order, words, length", "asks": "comparison"},
                ],
            },
            {"kind": "reason", "tags": ["Wrong facts", "Too long", "Misses the question"]},
            {"kind": "marks", "types": ["Wrong", "Unclear"], "severities": ["Minor", "Major"]},
            {"kind": "flags"},
        ]
    },
}
RANKED: dict[str, Any] = {
    "slug": "names",
    "title": "Names for a bakery",
    "question": "In which order would you put these names?",
    "rubric": {"questions": [{"kind": "ranking", "ties": True, "none": True}, {"kind": "reason"}]},
}
ASKED = "Suggest a name for a small bakery beside the river, and say in one sentence why it fits."
NAMES = (
    "**The Morning Ferry.** The first loaves are ready when the first boat crosses.",
    "**Riverside Bakery.** It says what you sell and where you are, so that nobody has to ask.",
    "**Bread & Co.** It is short. Many bakeries are called something like that.",
    "**Crumb and Current.** Bread and river in three words; both begin with a C.",
)


@contextmanager
def set_scene(folder: Path) -> Iterator[tuple[Site, dict[str, Any]]]:
    """Serve it; with what the addresses of pages are filled in with."""
    address = f"sqlite:///{folder / 'labeler.db'}"
    database = Database(address)
    database.upgrade()
    database.close()
    _stop_clock(NOW)
    try:
        with open_site(address, folder, _fill) as site:
            made_up.teach(site.app, folder)
            _cut_release(site)
            with site.database.writing() as session:
                project = projects.find(session, "demo", by=accounts.find(session, OLGA))
                asked = reviewing.ask(session, project)
                olga, ada = (accounts.find(session, email) for email in (OLGA, ADA))
                paid = [ada, accounts.find(session, BEA), olga]
                asked["run_id"] = paying.owe(session, project, paid, by=olga)
                session.commit()
            _refresh(site)
            with site.database.reading() as session:
                numbers = _numbers(session)
            yield site, numbers | asked
    finally:
        clock.use(None)


def _stop_clock(moment: datetime) -> None:
    clock.use(lambda: moment)


def _fill(session: Session) -> None:
    # What the system draws lots from: in `random` under a name of its own.
    drawn = Random(SEED).randbytes
    with patch("os.urandom", drawn), patch("random._urandom", drawn):
        _play(session)


def _play(session: Session) -> None:
    rehearsal.play(session)
    olga = accounts.find(session, OLGA)
    project = projects.find(session, "demo", by=olga)
    for email in (ADA, BEA):
        _judge(session, project, accounts.find(session, email))
    _stop_clock(NOW)
    for email, held in HOLDS.items():
        _hand(session, project, held, accounts.find(session, email))
    answers = tuple(ResponseIn(text=text, model="demo-model-1") for text in NAMES)
    asked = (Message(role="user", content=ASKED),)
    _open(session, CLOSELY, _demo_row("demo-en-01"), by=olga)
    _open(session, RANKED, make_row(1, id="names-1", messages=asked, responses=answers), by=olga)


def _judge(session: Session, project: Project, person: Person) -> None:
    moment = NOW - timedelta(minutes=30)
    for name, choice in JUDGED.items():
        _stop_clock(moment := moment + timedelta(minutes=2))
        given = _hand(session, project, name, person)
        _stop_clock(moment := moment + timedelta(seconds=70))
        with hours.covered(session, given, person):
            judge(session, given, choice, person)


def _open(session: Session, draft: dict[str, Any], row: Row, *, by: Person) -> None:
    """Make a project of one comparison, which every annotator holds."""
    more = {"judgments_per_comparison": len(HOLDS), "pay": demo.project()["pay"]}
    guidelines = "Read everything **to the end** before you judge."
    given = {"guidelines": guidelines, "languages": ["en"], **more, **draft}
    project = projects.create(session, drafts.read(given), by=by)
    load_rows(session, project, [row], by=by, name=f"{project.slug}.jsonl")
    for email in HOLDS:
        person = accounts.find(session, email)
        memberships.grant(session, project.id, person, Role.annotator, by=by)
        _hand(session, project, row.id, person)


def _hand(session: Session, project: Project, name: str, person: Person) -> Assignment:
    """Give a person a comparison out of turn, with its answers in the order of the file."""
    which = sa.select(Comparison).filter_by(project_id=project.id, external_id=name)
    comparison = session.scalars(which).one()
    assert comparisons.take_slot(session, comparison.id)
    mine = {"project_id": project.id, "person_id": person.id}
    tallies.add(session, lane_id=comparison.lane_id, given=1, **mine)
    given = Assignment(
        comparison_id=comparison.id,
        state=AssignmentState.open,
        places=list(range(len(comparisons.responses(session, comparison.id)))),
        guideline_number=project.guideline_number,
        rubric_number=project.rubric_number,
        pay_minor=project.pay_minor,
        currency=project.currency,
        opened_at=clock.now(),
        deadline=clock.now() + timedelta(seconds=project.time_limit_s),
        **mine,
    )
    session.add(given)
    session.flush()
    return given


def _demo_row(name: str) -> Row:
    rows = (row for file in demo.files() for row in layouts.read(file))
    return next(row for row in rows if isinstance(row, Row) and row.id == name)


def _cut_release(site: Site) -> None:
    visit = Visit(site.app).arrive(OLGA)
    visit.get("/projects/demo/releases")
    assert visit.post("/projects/demo/releases").status_code == 302
    site.do_jobs()


def _refresh(site: Site) -> None:
    with site.database.reading() as session:
        project = session.scalars(sa.select(Project).filter_by(slug="demo")).one()
    refreshing.refresh_project(site.database, project.id)


def _numbers(session: Session) -> dict[str, Any]:
    """Return the numbers in addresses; those of work by who holds it and of which project."""
    held = (
        sa.select(Assignment.id, Person.email, Project.slug)
        .where(Assignment.state == AssignmentState.open)
        .where(Person.id == Assignment.person_id, Project.id == Assignment.project_id)
    )
    work: dict[str, dict[str, int]] = {}
    for number, email, slug in session.execute(held):
        work.setdefault(email, {})[slug] = number
    batches, judged = sa.select(Batch.id), sa.select(Comparison.id).where(Comparison.judged > 2)
    return {
        "work": work,
        "batch_id": session.scalar(batches.order_by(Batch.id).limit(1)),
        "comparison_id": session.scalar(judged.order_by(Comparison.id).limit(1)),
        "person_id": accounts.find(session, ADA).id,
        "worker_id": accounts.find(session, "simulated-3@demo.invalid").id,
    }
