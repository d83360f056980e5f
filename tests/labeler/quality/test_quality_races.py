"""Known answers unscored, and questions asked, while many people work at the same moment."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler import audit
from labeler.database import Database
from labeler.errors import Busy, Conflict
from labeler.people import accounts, memberships
from labeler.people.accounts import Person
from labeler.people.memberships import Role
from labeler.quality import gold, qualification
from labeler.work import answers, judgments, queue
from labeler.work.assignments import Assignment, AssignmentState
from labeler.work.batches import Batch
from labeler.work.comparisons import Comparison
from labeler.work.gold import Gold
from labeler.work.judgments import Judgment
from labeler.work.projects import Project
from labeler.work.qualifications import Qualification
from tests.cast import Cast, make_cast
from tests.make import judge, load_rows, make_project, make_row, new_key

T = TypeVar("T")
PEOPLE = 6


def act(database: Database, verb: Callable[[Session], T]) -> T:
    """Do it in a transaction of its own; again, as long as others are in the way."""
    while True:
        try:
            with database.writing() as session:
                done = verb(session)
                session.commit()
                return done
        except Busy:
            continue


def crowd(session: Session, project: Project) -> list[Person]:
    people = []
    for n in range(PEOPLE):
        person = accounts.create(session, f"crowd-{n}@example.org", f"Crowd {n}", by=None)
        memberships.grant(session, project.id, person, Role.annotator, by=person)
        people.append(person)
    return people


def next_one(session: Session, project: Project, person: Person) -> int | None:
    given = queue.claim(session, project, by=person)
    if given is None:
        return None
    draw = Random(given.id)
    said = judge(session, given, draw.choice([1, 7]), person)
    if draw.random() < 0.5:
        answer = answers.read(session, given, draw.choice([1, 7]))
        try:
            judgments.change(session, project, said, answer, key=new_key())
        except Conflict:
            assert given.told_at is not None
    return given.id


def everybody(database: Database, project: Project, people: list[Person]) -> None:
    """Let everybody judge until there is nothing left for them."""

    def work(person: Person) -> None:
        while act(database, lambda session: next_one(session, project, person)) is not None:
            pass

    with ThreadPoolExecutor(len(people)) as pool:
        for done in [pool.submit(work, person) for person in people]:
            done.result(timeout=120)


def test_tallies_agree_with_answers_unscored_while_people_judge_them(database: Database) -> None:
    with database.writing() as session:
        cast = make_cast(session)
        project = make_project(
            session, cast, gold_share=0.5, judgments_per_comparison=PEOPLE, change_window_minutes=60
        )
        rows = [make_row(n, gold=0 if n % 2 else None) for n in range(16)]
        load_rows(session, project, rows, by=cast.olga)
        people = crowd(session, project)
        known = session.scalars(sa.select(Gold.comparison_id)).all()
        session.commit()

    def unscore(comparison_id: int) -> None:
        def verb(session: Session) -> None:
            comparison = session.get_one(Comparison, comparison_id)
            gold.unscore(session, comparison, "Wrong.", by=cast.olga)

        act(database, verb)

    owner = threading.Thread(target=lambda: [unscore(each) for each in known])
    owner.start()
    everybody(database, project, people)
    owner.join(timeout=120)
    with database.reading() as session:
        assert list(audit.faults(session)) == []
        assert not session.scalars(sa.select(Gold).where(Gold.unscored_at.is_(None))).all()


def test_attempts_agree_with_what_many_newcomers_answer(database: Database) -> None:
    with database.writing() as session:
        cast = make_cast(session)
        project = make_project(session, cast, qualification={"questions": 4, "right": 2})
        load_rows(session, project, [make_row(n) for n in range(8)], by=cast.olga)
        rows = [make_row(100 + n, gold=0) for n in range(4)]
        load_rows(session, project, rows, by=cast.olga, for_qualification=True)
        people = crowd(session, project)
        session.commit()
    everybody(database, project, people)
    with database.reading() as session:
        assert list(audit.faults(session)) == []
        for person in people:
            attempt = session.scalars(
                sa.select(Qualification).where(Qualification.person_id == person.id)
            ).one()
            assert attempt.asked == 4
            others = (
                sa.select(Judgment.id)
                .join(Comparison, Comparison.id == Judgment.comparison_id)
                .join(Batch, Batch.id == Comparison.batch_id)
                .where(Judgment.person_id == person.id, ~Batch.is_qualification)
            )
            assert attempt.passed_at is not None or not session.scalars(others).all()


def test_two_windows_begin_one_attempt_and_are_given_one_question(database: Database) -> None:
    with database.writing() as session:
        cast: Cast = make_cast(session)
        project = make_project(session, cast, qualification={"questions": 2, "right": 2})
        rows = [make_row(100 + n, gold=0) for n in range(9)]
        load_rows(session, project, rows, by=cast.olga, for_qualification=True)
        session.commit()
    both = threading.Barrier(2, timeout=30)

    def claim(_window: int) -> int:
        both.wait()

        def verb(session: Session) -> int:
            given = queue.claim(session, project, by=cast.ada)
            assert given is not None
            return given.id

        return act(database, verb)

    with ThreadPoolExecutor(2) as windows:
        first, second = windows.map(claim, range(2))
    assert first == second
    everybody(database, project, [cast.ada])

    def retry(_window: int) -> int:
        both.wait()
        return act(database, lambda session: qualification.retry(session, project, by=cast.ada).id)

    with database.reading() as session:
        if qualification.is_new(session, project, cast.ada):
            with ThreadPoolExecutor(2) as windows:
                assert len(set(windows.map(retry, range(2)))) == 1
    with database.reading() as session:
        assert list(audit.faults(session)) == []
        held = sa.select(sa.func.count(Assignment.id)).where(
            Assignment.state == AssignmentState.judged
        )
        assert session.scalar(held) == 2


def test_who_unscores_waits_for_a_change_that_is_under_way(database: Database) -> None:
    with database.writing() as session:
        cast = make_cast(session)
        project = make_project(session, cast, gold_share=0.5)
        project.gold_share = 1.0
        load_rows(session, project, [make_row(1), make_row(2, gold=0)], by=cast.olga)
        given = queue.claim(session, project, by=cast.ada)
        assert given is not None
        said = judge(session, given, 1, cast.ada)
        session.commit()
    done = threading.Event()

    def unscore() -> None:
        def verb(session: Session) -> None:
            comparison = session.get_one(Comparison, given.comparison_id)
            gold.unscore(session, comparison, "Wrong.", by=cast.olga)

        act(database, verb)
        done.set()

    other = threading.Thread(target=unscore)
    with database.writing() as session:
        before = session.get_one(Judgment, said.id)
        answer = answers.read(session, session.get_one(Assignment, given.id), 7)
        judgments.change(session, project, before, answer, key=new_key())
        other.start()
        assert not done.wait(0.5), "it would take away a grade that is being changed"
        session.commit()
    other.join(timeout=60)
    assert done.is_set()
    with database.reading() as session:
        assert list(audit.faults(session)) == []
