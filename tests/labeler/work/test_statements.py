"""How many statements the busiest verbs take: each is a way to the database and back."""

import pytest
from sqlalchemy.orm import Session

from labeler.people.accounts import Person
from labeler.work import assignments, judgments, queue
from labeler.work.assignments import Assignment, SkipReason
from labeler.work.comparisons import Comparison
from labeler.work.projects import Project
from labeler.work.slots import SAMPLE
from tests.cast import Cast
from tests.conftest import StoppedClock
from tests.make import judge_next, load_rows, make_batch, make_project, make_row, new_key
from tests.statements import heard

CLAIM, SUBMIT = 4, 8
"""The most statements of each."""


@pytest.fixture
def project(session: Session, cast: Cast, frozen: StoppedClock) -> Project:
    """A project in which each pair is wanted thrice."""
    return make_project(session, cast, judgments_per_comparison=3, gold_share=0.5)


def claimed(session: Session, project: Project, person: Person) -> tuple[Assignment | None, int]:
    """Claim; return what was given and how many statements it took."""
    with heard(session) as said:
        given = queue.claim(session, project, by=person)
    return given, len(said)


def submitted(session: Session, assignment: Assignment, person: Person) -> int:
    """Judge; return how many statements it took."""
    answer = judgments.read_answer(session, assignment, 1)
    with heard(session) as said:
        judgments.submit(session, assignment, answer, by=person, key=new_key())
    return len(said)


def test_whoever_begins(session: Session, cast: Cast, project: Project) -> None:
    make_batch(session, project, cast, pairs=40)
    given, statements = claimed(session, project, cast.ada)
    assert given is not None
    assert statements <= CLAIM
    assert submitted(session, given, cast.ada) <= SUBMIT
    assert claimed(session, project, cast.bea)[1] <= CLAIM


def test_whoever_has_had_much_of_it(session: Session, cast: Cast, project: Project) -> None:
    make_batch(session, project, cast, pairs=2 * SAMPLE + 10)
    for _ in range(2 * SAMPLE):
        judge_next(session, project, cast.ada)
    for _ in range(10):
        given, statements = claimed(session, project, cast.ada)
        assert given is not None
        assert statements <= CLAIM
        assert submitted(session, given, cast.ada) <= SUBMIT


def test_whoever_is_given_known_answers(session: Session, cast: Cast, project: Project) -> None:
    rows = [make_row(number, gold=1 if number % 2 else None) for number in range(80)]
    load_rows(session, project, rows, by=cast.olga)
    golden = 0
    for _ in range(25):  # at a share of one half: no known answer in once of 30 million runs
        given, statements = claimed(session, project, cast.ada)
        assert given is not None
        assert statements <= CLAIM
        assert submitted(session, given, cast.ada) <= SUBMIT
        golden += session.get_one(Comparison, given.comparison_id).is_gold
    assert golden > 0


def test_where_there_are_many_lanes(session: Session, cast: Cast, project: Project) -> None:
    for batch in range(4):
        rows = [
            make_row(40 * batch + number, language=language)
            for number, language in enumerate(20 * ["en", "fr"])
        ]
        load_rows(session, project, rows, by=cast.olga)
    for _ in range(10):
        given, statements = claimed(session, project, cast.ada)
        assert given is not None
        assert statements <= CLAIM
        assert submitted(session, given, cast.ada) <= SUBMIT


def test_whoever_holds_one_already(session: Session, cast: Cast, project: Project) -> None:
    make_batch(session, project, cast)
    held, _ = claimed(session, project, cast.ada)
    again, statements = claimed(session, project, cast.ada)
    assert again is held
    assert statements <= 2


def test_whoever_has_had_everything(session: Session, cast: Cast, project: Project) -> None:
    for batch in range(3):
        rows = [make_row(10 * batch + number) for number in range(3)]
        load_rows(session, project, rows, by=cast.olga)
    for _ in range(9):
        judge_next(session, project, cast.ada)
    nothing, _ = claimed(session, project, cast.ada)
    assert nothing is None
    # Once they were told so, nothing is looked through again.
    for _ in range(2):
        assert claimed(session, project, cast.ada) == (None, 1)


def test_whoever_skips(session: Session, cast: Cast, project: Project) -> None:
    make_batch(session, project, cast)
    given, _ = claimed(session, project, cast.ada)
    assert given is not None
    with heard(session) as said:
        assignments.skip(session, given, SkipReason.other)
    assert len(said) <= CLAIM
    assert claimed(session, project, cast.ada)[1] <= CLAIM
