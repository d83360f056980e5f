"""A project in which many people in several countries and languages worked, and were paid."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from exports.cards import labor_card
from exports.cards.labor.model import LaborCard
from exports.cards.labor_card import DatasetFacts
from exports.choosing import selection
from exports.choosing.selection import Mark
from exports.kept.declared import Declared
from labeler.pay import rates, wages, weeks
from labeler.people import accounts, memberships
from labeler.people.accounts import Person
from labeler.people.memberships import Placement, Role
from labeler.work import hours, projects, queue
from labeler.work.judgments import Judgment
from labeler.work.layouts import Message, ResponseIn
from labeler.work.projects import Project
from tests.cast import Cast, make_cast
from tests.conftest import StoppedClock
from tests.make import judge, load_rows, make_project, make_row

WHERE = {"KE": ("sw", 12), "FR": ("fr", 11), "DE": ("de", 7), "UG": ("en", 4)}
"""In which language people judge in each country, and how many they are."""
EURO = {"per_judgment": "0.35", "currency": "EUR", "model": "floor", "floor_per_hour": "15"}
KENYA = {"place": "KE", "currency": "KES", "per_judgment": "6", "floor_per_hour": "100"}
FRIDAY = datetime(2026, 12, 4, 12, 0, tzinfo=UTC)
"""When the first week is over, and its pay is due."""
MINUTES = 30
"""How long each task takes."""
PAIRS = 4
"""How many there are in each language."""


@dataclass(frozen=True)
class Crowd:
    """Those who work in Olga's project, by country."""

    cast: Cast
    project: Project
    workers: Mapping[str, list[Person]]

    @property
    def everybody(self) -> set[int]:
        """The numbers of all of them."""
        return {person.id for those in self.workers.values() for person in those}


def gather(
    session: Session,
    clock: StoppedClock,
    where: Mapping[str, tuple[str, int]] = WHERE,
    *,
    tasks: int = 1,
) -> Crowd:
    """Let people in these countries judge so many tasks each, and book their week."""
    wages.load(session, wages.shipped(), by=None)
    cast = make_cast(session)
    asked = {"judgments_per_comparison": 40, "support_contact": "Care, +33 1 23 45 67 89"}
    project = make_project(session, cast, pay=EURO, **asked)
    if "KE" in where:
        projects.price(session, project, rates.read(KENYA | {"model": "floor"}), by=cast.olga)
    load(session, cast, project, [tag for tag, _ in where.values()])
    workers = {
        place: [join(session, cast, project, place, tag, n) for n in range(number)]
        for place, (tag, number) in where.items()
    }
    for person in (one for those in workers.values() for one in those):
        work(session, clock, project, person, tasks=tasks)
    clock.time = FRIDAY
    settle(session, project)
    return Crowd(cast, project, workers)


def found(session: Session) -> Crowd:
    """Find the people whom `gather` let work, in a database that has only them."""
    names = [each.name for each in fields(Cast)]
    cast = Cast(**{name: accounts.find(session, f"{name}@example.org") for name in names})
    workers = {
        place: [accounts.find(session, f"{place.lower()}{n}@example.org") for n in range(number)]
        for place, (_, number) in WHERE.items()
    }
    return Crowd(cast, session.scalars(sa.select(Project)).one(), workers)


def load(session: Session, cast: Cast, project: Project, tags: list[str]) -> None:
    """Load so many pairs in each language."""
    told = {"licence": "Apache-2.0", "output_use": "unrestricted", "self_hosted": True}
    rows = [
        make_row(
            PAIRS * at + n,
            id=f"{tag}-{n}",
            language=tag,
            messages=(Message(role="user", content=f"What is {n} plus one ({tag})?"),),
            responses=(
                ResponseIn.model_validate({"text": f"It is {n + 1}.", "model": "model-x", **told}),
                ResponseIn(text=f"It is {n}.", model="model-y"),
            ),
        )
        for at, tag in enumerate(sorted(set(tags)))
        for n in range(PAIRS)
    ]
    load_rows(session, project, rows, by=cast.olga)


def join(session: Session, cast: Cast, project: Project, place: str, tag: str, n: int) -> Person:
    """Let somebody new annotate who works there and reads this language."""
    name = f"{place.lower()}{n}"
    person = accounts.create(session, f"{name}@example.org", name.title(), by=None)
    memberships.grant(session, project.id, person, Role.annotator, by=cast.olga)
    placement = Placement(place=place, languages=[tag])
    memberships.place(session, project.id, person, placement, by=cast.olga)
    return person


def work(
    session: Session,
    clock: StoppedClock,
    project: Project,
    person: Person,
    *,
    tasks: int = 1,
    minutes: int = MINUTES,
) -> list[Judgment]:
    """Let somebody judge so many tasks, each in so many minutes."""
    done = []
    for _ in range(tasks):
        assignment = queue.claim(session, project, by=person)
        assert assignment is not None
        clock.forward(minutes=minutes)
        with hours.covered(session, assignment, person):
            done.append(judge(session, assignment, 1, person))
    return done


def settle(session: Session, project: Project) -> None:
    """Book what whole weeks add."""
    for _ in weeks.settle_due(session, project.id):
        pass
    session.flush()


def facts(**changes: Any) -> DatasetFacts:
    """Say what a release says of itself."""
    given = {
        "name": "Helpful answers",
        "version": "1",
        "license": "cc-by-4.0",
        "languages": ("de", "en", "fr", "sw"),
        "items": 4,
        "judgments": 9,
        "export_id": "helpful-1",
        "agreement": 0.5,
        "left_out": {"tie": 2},
    }
    return DatasetFacts(**(given | changes))


def card(session: Session, crowd: Crowd, mark: Mark | None = None, **changes: Any) -> LaborCard:
    """Build the card of a release of everything up to a mark, or up to now."""
    given: dict[str, Any] = {
        "project_id": crowd.project.id,
        "mark": mark or selection.glance(session, crowd.project.id),
        "dataset": facts(),
        "people": crowd.everybody,
        "declared": Declared(),
    }
    return labor_card.build(session, **(given | changes))
