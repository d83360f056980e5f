"""Many people on one project at the same moment, each with sessions and commits of their own."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from random import Random
from typing import TypeVar

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler import audit, clock
from labeler.database import Database
from labeler.errors import Busy
from labeler.people import accounts, memberships
from labeler.people.accounts import Person
from labeler.people.memberships import Role
from labeler.work import answers, assignments, judgments, queue
from labeler.work.assignments import Assignment, AssignmentState, SkipReason
from labeler.work.comparisons import Comparison
from labeler.work.judgments import Judgment, JudgmentState, Receipt
from labeler.work.projects import Project
from tests.cast import make_cast
from tests.make import make_batch, make_project, new_key

T = TypeVar("T")
PEOPLE = 16
WANTED = 3


class Worker:
    """One person at work: each act is a session of its own and commits, as doors do."""

    def __init__(self, database: Database, project: Project, person: Person) -> None:
        self.database, self.project, self.person = database, project, person
        self.random = Random(person.id)
        self.receipts: list[Receipt] = []

    def work(self, *, think: Callable[[], None] = lambda: None) -> None:
        """Judge and skip until there is nothing left."""
        held = self._act(self._claim)
        while held is not None:
            think()
            held = self._skip(held) if self.random.random() < 0.05 else self._submit(held)

    def _skip(self, held: int) -> int | None:
        self._act(lambda session: self._hand_back(session, held))
        return self._act(self._claim)

    def _submit(self, held: int) -> int | None:
        key, choice = new_key(), self.random.randint(1, 7)

        def judge(session: Session) -> Receipt:
            return self._judge(session, held, choice, key)

        if self.random.random() < 0.05:
            with ThreadPoolExecutor(2) as fingers:  # a double click
                clicks = [fingers.submit(self._act, judge) for _ in range(2)]
            self.receipts += [click.result() for click in clicks]
        else:
            self.receipts.append(self._act(judge))
        return self._act(self._claim)

    def _act(self, verb: Callable[[Session], T]) -> T:
        while True:
            try:
                with self.database.writing() as session:
                    done = verb(session)
                    session.commit()
                    return done
            except Busy:
                time.sleep(0.01)  # the one refusal that says: try again

    def _claim(self, session: Session) -> int | None:
        assignment = queue.claim(session, self.project, by=self.person)
        return None if assignment is None else assignment.id

    def _hand_back(self, session: Session, held: int) -> None:
        assignment = assignments.find(session, held, by=self.person)
        assignments.skip(session, assignment, SkipReason.subject)

    def _judge(self, session: Session, held: int, choice: int, key: str) -> Receipt:
        assignment = assignments.find(session, held, by=self.person)
        answer = answers.read(session, assignment, choice)
        return judgments.submit(session, assignment, answer, by=self.person, key=key)


def staff(database: Database, *, pairs: int, people: int) -> list[Worker]:
    """Make a project of so many pairs, wanted thrice each, and so many annotators."""
    with database.writing() as session:
        cast = make_cast(session)
        project = make_project(session, cast, judgments_per_comparison=WANTED, time_limit_minutes=1)
        make_batch(session, project, cast, pairs=pairs)
        hired = [
            accounts.create(session, f"worker-{n}@example.org", f"Worker {n}", by=cast.olga)
            for n in range(people)
        ]
        for person in hired:
            memberships.grant(session, project.id, person, Role.annotator, by=cast.olga)
        session.commit()
    return [Worker(database, project, person) for person in hired]


def all_at_once(workers: Sequence[Worker], think: Callable[[], None] = lambda: None) -> None:
    start = threading.Barrier(len(workers))

    def begin(worker: Worker) -> None:
        start.wait()
        worker.work(think=think)

    with ThreadPoolExecutor(len(workers)) as pool:
        for done in [pool.submit(begin, worker) for worker in workers]:
            done.result()
    # Whoever saw nothing left may have looked while the last skips were still in others' hands.
    for worker in workers:
        worker.work(think=think)


def count(session: Session, *which: sa.ColumnElement[bool]) -> int:
    return session.scalar(sa.select(sa.func.count()).where(*which)) or 0


def test_sixteen_people_never_judge_more_than_is_wanted(database: Database, soak: bool) -> None:
    pairs = 1000 if soak else 60
    workers = staff(database, pairs=pairs, people=PEOPLE)
    all_at_once(workers)
    with database.reading() as session:
        slots = session.execute(sa.select(Comparison.judged, Comparison.taken))
        assert Counter(tuple(row) for row in slots) == {(WANTED, WANTED): pairs}
        assert count(session, Judgment.state == JudgmentState.accepted) == WANTED * pairs
        assert count(session, Assignment.state == AssignmentState.skipped) > 0
        assert list(audit.faults(session)) == []

    receipts = [receipt for worker in workers for receipt in worker.receipts]
    repeated = [receipt for receipt in receipts if receipt.repeated]
    assert len(repeated) > 0
    assert len({receipt.judgment.id for receipt in receipts}) == WANTED * pairs
    assert len(receipts) - len(repeated) == WANTED * pairs


@pytest.fixture
def hasty() -> Iterator[None]:
    """Let a minute pass in a twentieth of a second."""
    began = clock.now()
    clock.use(lambda: _sped_up(began))
    yield
    clock.use(None)


def _sped_up(began: datetime) -> datetime:
    passed = datetime.now(began.tzinfo) - began
    return began + 1200 * passed


def test_deadlines_that_pass_meanwhile_lose_nothing(
    database: Database, hasty: None, soak: bool
) -> None:
    workers = staff(database, pairs=400 if soak else 40, people=8)
    dawdle = Random(1)
    all_at_once(workers, think=lambda: time.sleep(0.15 if dawdle.random() < 0.2 else 0))
    with database.reading() as session:
        assert list(audit.faults(session)) == []
        assert count(session, Comparison.judged > WANTED) == 0
        # What is open still is so because everybody has had it.
        had = sa.func.count(Assignment.id)
        had_by = sa.select(had).where(Assignment.comparison_id == Comparison.id).scalar_subquery()
        assert count(session, Comparison.taken < Comparison.wanted, had_by < len(workers)) == 0
        stored = set(session.scalars(sa.select(Judgment.id)))
    assert {receipt.judgment.id for worker in workers for receipt in worker.receipts} == stored
