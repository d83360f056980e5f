"""What annotators see of themselves: what is left of a project for them, whatever others do."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from labeler import progress
from labeler.people import memberships
from labeler.people.accounts import Person
from labeler.progress import Work, reach
from labeler.work import assignments, queue
from labeler.work.assignments import SkipReason
from labeler.work.projects import Project, ProjectState
from tests.cast import Cast
from tests.conftest import StoppedClock
from tests.labeler.work.offers import offers
from tests.make import judge, judge_next, load_rows, make_batch, make_project, make_row


@pytest.fixture
def project(session: Session, cast: Cast, frozen: StoppedClock) -> Project:
    """A project in which each pair is wanted once."""
    return make_project(session, cast, judgments_per_comparison=1, languages=["en", "fr"])


def work(session: Session, person: Person) -> Work:
    (found,) = progress.work_of(session, person)
    return found


def test_what_others_filled_is_not_promised(session: Session, cast: Cast, project: Project) -> None:
    make_batch(session, project, cast, pairs=5)
    judge_next(session, project, cast.ada)
    assert (work(session, cast.ada).total, work(session, cast.ada).is_open) == (5, True)
    for _ in range(4):
        judge_next(session, project, cast.bea)
    found = work(session, cast.ada)
    assert (found.done, found.total, found.is_open) == (1, 1, False)
    assert queue.claim(session, project, by=cast.ada) is None


def test_what_was_skipped_is_not_promised(session: Session, cast: Cast, project: Project) -> None:
    make_batch(session, project, cast, pairs=3)
    held = queue.claim(session, project, by=cast.ada)
    assert held is not None
    assert (work(session, cast.ada).left, work(session, cast.ada).total) == (2, 3)
    assignments.skip(session, held, SkipReason.subject)
    assert (work(session, cast.ada).left, work(session, cast.ada).total) == (2, 2)


def test_other_languages_are_not_promised(session: Session, cast: Cast, project: Project) -> None:
    rows = [make_row(n, language="fr" if n else "en") for n in range(4)]
    load_rows(session, project, rows, by=cast.olga)
    english = memberships.read_placement({"languages": ["en"]})
    memberships.place(session, project.id, cast.ada, english, by=cast.olga)
    assert work(session, cast.ada).left == len(offers(session, project, cast.ada)) == 1
    assert work(session, cast.bea).left == len(offers(session, project, cast.bea)) == 4


def test_a_limit_is_the_most_that_is_promised(
    session: Session, cast: Cast, project: Project
) -> None:
    make_batch(session, project, cast, pairs=5)
    project.most_per_person = 2
    assert work(session, cast.ada).total == 2
    for _ in range(2):
        judge_next(session, project, cast.ada)
    assert not work(session, cast.ada).is_open


def test_what_is_overdue_with_somebody_else_counts(
    session: Session, cast: Cast, project: Project
) -> None:
    make_batch(session, project, cast, pairs=1)
    held = queue.claim(session, project, by=cast.bea)
    assert held is not None
    assert not work(session, cast.ada).is_open
    held.deadline = held.opened_at - timedelta(seconds=1)
    session.flush()
    assert work(session, cast.ada).left == 1
    assert queue.claim(session, project, by=cast.ada) is not None


def test_of_much_the_most_is_said_that_it_can_be(
    session: Session, cast: Cast, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reach, "SEEN", 2)
    make_batch(session, project, cast, pairs=5)
    judge_next(session, project, cast.ada)
    for _ in range(2):
        assert work(session, cast.ada).total == 5
        judge_next(session, project, cast.bea)


def test_a_project_that_gives_out_nothing(session: Session, cast: Cast, project: Project) -> None:
    make_batch(session, project, cast)
    project.state = ProjectState.paused
    assert not work(session, cast.ada).is_open


def test_the_page_for_judging_counts_to_the_end(
    session: Session, cast: Cast, project: Project
) -> None:
    make_batch(session, project, cast, pairs=3)
    for done in range(3):
        held = queue.claim(session, project, by=cast.ada)
        assert held is not None
        own = progress.of_annotator(session, project, cast.ada)
        assert (own.done, own.total) == (done, 3)
        judge(session, held, 1, cast.ada)
    assert progress.of_annotator(session, project, cast.ada).total == 3
