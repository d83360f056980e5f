"""How many statements the busiest verbs take: each is a way to the database and back."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler import recounts
from labeler.people.accounts import Person
from labeler.work import answers, assignments, judgments, looks, queue, second_looks
from labeler.work.assignments import Assignment, SkipReason
from labeler.work.comparisons import Comparison
from labeler.work.lanes import Lane
from labeler.work.projects import Project
from labeler.work.second_looks import REST
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
    answer = answers.read(session, assignment, 1)
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


def test_behind_many_finished_batches(session: Session, cast: Cast, project: Project) -> None:
    for batch in range(30):
        load_rows(session, project, [make_row(batch)], by=cast.olga)
    session.execute(sa.update(Comparison).values(wanted=1))
    session.execute(sa.update(Lane).values(wanted=1))
    for _ in range(30):
        judge_next(session, project, cast.ada)
    load_rows(session, project, [make_row(100 + n) for n in range(40)], by=cast.olga)
    given, _ = claimed(session, project, cast.bea)  # finds that the last of them is finished
    assert given is not None
    submitted(session, given, cast.bea)
    for person in (cast.bea, cast.rex, cast.olga):  # people who have never been here, too
        given, statements = claimed(session, project, person)
        assert given is not None
        assert statements <= CLAIM
    assert list(recounts.faults(session)) == []


def test_before_many_batches_that_wait(session: Session, cast: Cast, project: Project) -> None:
    project.most_per_person, project.most_per_language = 1000, {"en": 1000}
    for batch in range(looks.MOST + 10):
        load_rows(session, project, [make_row(batch)], by=cast.olga)
    for turn in range(looks.MOST + 10):
        with heard(session) as said:
            given = queue.claim(session, project, by=cast.ada)
        assert given is not None, turn
        # One more lane is found to hold nothing that she has not had: looked for, noted, gone on.
        assert len(said) <= CLAIM + 3 * (turn > 0)
        submitted(session, given, cast.ada)
    assert queue.claim(session, project, by=cast.ada) is None


def test_whoever_has_had_all_known_answers(session: Session, cast: Cast, project: Project) -> None:
    project.gold_share = 1.0
    rows = [make_row(number, gold=1 if number < 3 else None) for number in range(40)]
    load_rows(session, project, rows, by=cast.olga)
    for _ in range(3):
        judge_next(session, project, cast.ada)
    assert claimed(session, project, cast.ada)[1] <= CLAIM + 3  # it is noted once
    judge_next(session, project, cast.ada)
    for _ in range(3):
        given, statements = claimed(session, project, cast.ada)
        assert given is not None
        assert statements <= CLAIM
        submitted(session, given, cast.ada)


def test_whoever_looks_a_second_time(
    session: Session, cast: Cast, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(second_looks, "DAY", timedelta(0))
    make_batch(session, project, cast, pairs=REST + 30)
    for _ in range(REST + 10):
        judge_next(session, project, cast.ada)
    project.repeat_share = 1.0
    for _ in range(5):
        given, statements = claimed(session, project, cast.ada)
        assert given is not None
        assert given.is_repeat
        assert statements <= CLAIM
        assert submitted(session, given, cast.ada) <= SUBMIT


def test_the_last_of_what_others_began(session: Session, cast: Cast, project: Project) -> None:
    make_batch(session, project, cast, pairs=2 * SAMPLE)
    for _ in range(2 * SAMPLE):
        judge_next(session, project, cast.bea)
    for _ in range(2 * SAMPLE):
        given, statements = claimed(session, project, cast.ada)
        assert given is not None
        assert statements <= CLAIM
        submitted(session, given, cast.ada)


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
