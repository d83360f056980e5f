"""The rehearsal: what the demo's people did before its reader came, through people's own verbs.

It is the one place that moves the clock, so that ten days of work lie behind the demo.
"""

import hashlib
import heapq
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler import clock, demo
from labeler.arena import rules
from labeler.demo import players
from labeler.demo.rules import MODELS
from labeler.demo.simulation import Leaning, Simulated
from labeler.endpoints import profiles, registry
from labeler.errors import Invalid, NotFound
from labeler.pay import wages
from labeler.people import accounts, memberships
from labeler.people.accounts import Person
from labeler.people.memberships import Role
from labeler.work import (
    answers,
    assignments,
    batches,
    comparisons,
    drafts,
    hours,
    judgments,
    layouts,
    projects,
    queue,
)
from labeler.work.assignments import Assignment, SkipReason
from labeler.work.drafts import ProjectDraft
from labeler.work.projects import Project

SEED = 7
DAYS = 10
EACH = 10
"""How many comparisons each simulated annotator takes: all in all about 60 % of the work."""

Act = Callable[[], Iterator["Event"]]
Event = tuple[datetime, Act]


def is_over(session: Session) -> bool:
    """Say whether the demo is there; raises Invalid where people are who are not its own."""
    found = session.scalar(sa.select(Person.email).order_by(Person.id).limit(1))
    if found not in (None, players.OWNER.email):
        raise Invalid("This folder holds an installation that is not a demo; choose another.")
    return found is not None


def play(session: Session) -> Project:
    """Make the demo's people and project, load its files, and have part of them judged."""
    until = clock.now()
    with _moved_clock(until - timedelta(days=DAYS, hours=21)) as move_to:
        project, owner = _open(session)
        _perform(_agenda(session, project, owner, until), move_to)
    return project


def open_chat(session: Session, host: str) -> None:
    """Let people chat with the endpoints of the demo, and let these be where they are now."""
    owner = accounts.find(session, players.OWNER.email)
    for each in map(profiles.read, demo.endpoints(host)):
        try:
            registry.revise(session, each, by=owner)
        except NotFound:
            registry.add(session, each, by=owner)
    draft = drafts.read(demo.chat())
    if session.scalar(sa.select(Project.id).where(Project.slug == draft.slug)) is None:
        _open_chat(session, draft, owner)


def _open_chat(session: Session, draft: ProjectDraft, owner: Person) -> None:
    project = projects.create(session, draft, by=owner)
    for player in players.PLAYERS[1:]:
        person = accounts.find(session, player.email)
        memberships.grant(session, project.id, person, player.role, by=owner)
    rules.set_rules(session, project, rules.read({"endpoints": list(MODELS)}), by=owner)


def _open(session: Session) -> tuple[Project, Person]:
    olga = players.OWNER
    owner = accounts.create(session, olga.email, olga.name, by=None, is_admin=True)
    wages.load(session, wages.shipped(), by=owner)
    project = projects.create(session, drafts.read(demo.project()), by=owner)
    for player in players.PLAYERS[1:]:
        _join(session, project, player.email, player.name, player.role, by=owner)
    _load(session, project, owner)
    return project, owner


def _load(session: Session, project: Project, owner: Person) -> None:
    """Load the pairs in two batches, each with every language in it.

    Batches are given out one after another: the first gets judged, the second is left.
    """
    rows = [row for file in demo.files() for row in layouts.read(file)]
    last = rows[::3]
    rest = [row for number, row in enumerate(rows) if number % 3]
    for number, part in enumerate((rest, last), start=1):
        digest = hashlib.sha256(repr(part).encode()).hexdigest()
        name = f"demo pairs, part {number}"
        for _ in batches.load(session, project, part, name=name, digest=digest, by=owner):
            pass  # the caller commits everything at once


def _join(
    session: Session, project: Project, email: str, name: str, role: Role, *, by: Person
) -> Person:
    person = accounts.create(session, email, name, by=by)
    memberships.grant(session, project.id, person, role, by=by)
    return person


def _agenda(session: Session, project: Project, owner: Person, until: datetime) -> Iterator[Event]:
    for number, someone in enumerate(demo.annotators(SEED), start=1):
        email = f"simulated-{number}@demo.invalid"
        person = _join(session, project, email, someone.name, Role.annotator, by=owner)
        worker = _Worker(session, project, someone, person)
        for appointment in someone.appointments(EACH, until=until, days=DAYS):
            yield appointment.at, partial(worker.take, skips=appointment.skips)


def _perform(events: Iterator[Event], move_to: Callable[[datetime], None]) -> None:
    """Let everybody act in the order of time; an act may bring about a later one."""
    number = count()
    queue = [(at, next(number), act) for at, act in events]
    heapq.heapify(queue)
    while queue:
        at, _, act = heapq.heappop(queue)
        move_to(at)
        for later, following in act():
            heapq.heappush(queue, (later, next(number), following))


class _Worker:
    """A simulated annotator at work in the demo's project."""

    def __init__(
        self, session: Session, project: Project, someone: Simulated, person: Person
    ) -> None:
        self._session = session
        self._project = project
        self._someone = someone
        self._person = person
        self._steps = projects.rubric_draft(session, project).steps

    def take(self, *, skips: bool) -> Iterator[Event]:
        """Take a comparison; done with it some time later."""
        assignment = queue.claim(self._session, self._project, by=self._person)
        if assignment is None:
            return
        found = comparisons.responses(self._session, assignment.comparison_id)
        words = sum(len(response.text.split()) for response in found)
        after = timedelta(seconds=self._someone.seconds(words))
        yield clock.now() + after, partial(self.skip if skips else self.judge, assignment)

    def skip(self, assignment: Assignment) -> Iterator[Event]:
        assignments.skip(self._session, assignment, SkipReason(self._someone.skip_reason()))
        yield from ()

    def judge(self, assignment: Assignment) -> Iterator[Event]:
        comparison = comparisons.find(self._session, self._project.id, assignment.comparison_id)
        choice = self._someone.choice(_leaning(comparison.details), assignment.places, self._steps)
        reason = self._someone.reason(choice, self._steps)
        answer = answers.read(self._session, assignment, choice, reason)
        key = str(uuid.uuid4())
        with hours.covered(self._session, assignment, self._person):
            judgments.submit(self._session, assignment, answer, by=self._person, key=key)
        yield from ()


def _leaning(details: dict[str, Any]) -> Leaning:
    leans: int | None = details.get("leans")
    return "both_bad" if details.get("both_bad") else leans


@contextmanager
def _moved_clock(begin: datetime) -> Iterator[Callable[[datetime], None]]:
    moment = begin

    def move_to(later: datetime) -> None:
        nonlocal moment
        moment = later

    clock.use(lambda: moment)
    try:
        yield move_to
    finally:
        clock.use(None)
