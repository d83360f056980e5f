"""Whoever was told that nothing is left is given what there is since, at their next claim.

The queue remembers that somebody found nothing. Here it must forget it: in each way in which work
appears, whoever else it is for.
"""

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler.people.accounts import Person
from labeler.people.memberships import Membership
from labeler.quality import decisions
from labeler.work import assignments, comparisons, queue
from labeler.work.assignments import Assignment, SkipReason
from labeler.work.batches import Batch
from labeler.work.comparisons import Comparison
from labeler.work.projects import Project
from tests.cast import Cast
from tests.conftest import StoppedClock
from tests.make import judge_next, load_rows, make_project, make_row


@pytest.fixture
def project(session: Session, cast: Cast, frozen: StoppedClock) -> Project:
    """A project with one English pair, wanted once."""
    project = make_project(session, cast, judgments_per_comparison=1, languages=["en", "fr"])
    load(session, project, cast, 0)
    return project


def load(
    session: Session, project: Project, cast: Cast, number: int, language: str = "en"
) -> Batch:
    return load_rows(session, project, [make_row(number, language=language)], by=cast.olga)


def told_nothing(session: Session, project: Project, person: Person) -> None:
    """Ask twice: the second time it is remembered."""
    for _ in range(2):
        assert queue.claim(session, project, by=person) is None


def reaches(session: Session, project: Project, person: Person) -> Comparison:
    given = queue.claim(session, project, by=person)
    assert given is not None
    return session.get_one(Comparison, given.comparison_id)


def given_to(session: Session, project: Project, person: Person) -> Assignment:
    given = queue.claim(session, project, by=person)
    assert given is not None
    return given


def membership(session: Session, project: Project, person: Person) -> Membership:
    return session.scalars(
        sa.select(Membership).where(
            Membership.project_id == project.id, Membership.person_id == person.id
        )
    ).one()


def test_a_new_batch(session: Session, cast: Cast, project: Project) -> None:
    judge_next(session, project, cast.ada)
    told_nothing(session, project, cast.ada)
    told_nothing(session, project, cast.bea)
    new = load(session, project, cast, 1)
    assert reaches(session, project, cast.bea).batch_id == new.id


def test_a_new_batch_for_who_has_had_everything(
    session: Session, cast: Cast, project: Project
) -> None:
    judge_next(session, project, cast.ada)
    for number in range(1, 4):
        told_nothing(session, project, cast.ada)
        new = load(session, project, cast, number)
        assert judge_next(session, project, cast.ada).comparison_id
        assert session.scalars(
            sa.select(Comparison.judged).where(Comparison.batch_id == new.id)
        ).one()


def test_more_judgments_wanted(session: Session, cast: Cast, project: Project) -> None:
    done = judge_next(session, project, cast.ada).comparison_id
    told_nothing(session, project, cast.bea)
    comparisons.want(session, [done], 2)
    assert reaches(session, project, cast.bea).id == done
    told_nothing(session, project, cast.ada)  # who has had it


def test_more_wanted_after_fewer_were(session: Session, cast: Cast, project: Project) -> None:
    one = session.scalars(sa.select(Comparison.id)).one()
    comparisons.want(session, [one], 0)
    told_nothing(session, project, cast.ada)
    comparisons.want(session, [one], 1)
    assert reaches(session, project, cast.ada).id == one


def test_a_judgment_that_was_excluded(session: Session, cast: Cast, project: Project) -> None:
    judgment = judge_next(session, project, cast.ada)
    told_nothing(session, project, cast.bea)
    decisions.exclude(session, judgment, "Too fast.", by=cast.rex)
    assert reaches(session, project, cast.bea).id == judgment.comparison_id
    told_nothing(session, project, cast.ada)


def test_what_somebody_skipped(session: Session, cast: Cast, project: Project) -> None:
    held = given_to(session, project, cast.ada)
    told_nothing(session, project, cast.bea)
    assignments.skip(session, held, SkipReason.subject)
    assert reaches(session, project, cast.bea).id == held.comparison_id
    told_nothing(session, project, cast.ada)


def test_what_somebody_left_lying(
    session: Session, cast: Cast, project: Project, frozen: StoppedClock
) -> None:
    held = given_to(session, project, cast.ada)
    told_nothing(session, project, cast.bea)
    frozen.forward(minutes=61)
    assert reaches(session, project, cast.bea).id == held.comparison_id


def test_what_a_third_person_found_overdue(
    session: Session, cast: Cast, project: Project, frozen: StoppedClock
) -> None:
    held = given_to(session, project, cast.ada)
    told_nothing(session, project, cast.bea)
    frozen.forward(minutes=61)
    assert reaches(session, project, cast.rex).id == held.comparison_id
    told_nothing(session, project, cast.bea)
    rexs = given_to(session, project, cast.rex)
    assignments.skip(session, rexs, SkipReason.other)
    assert reaches(session, project, cast.bea).id == held.comparison_id


def test_a_language_that_somebody_learnt(session: Session, cast: Cast, project: Project) -> None:
    load(session, project, cast, 1, "fr")
    membership(session, project, cast.ada).languages = ["en"]
    judge_next(session, project, cast.ada)
    told_nothing(session, project, cast.ada)
    membership(session, project, cast.ada).languages = ["en", "fr"]
    assert reaches(session, project, cast.ada).language == "fr"


def test_a_language_while_nothing_was_said_of_it(
    session: Session, cast: Cast, project: Project
) -> None:
    load(session, project, cast, 1, "fr")
    membership(session, project, cast.ada).languages = ["de"]
    told_nothing(session, project, cast.ada)
    membership(session, project, cast.ada).languages = []
    assert reaches(session, project, cast.ada).language in ("en", "fr")


def test_a_cohort_that_somebody_joined(session: Session, cast: Cast, project: Project) -> None:
    load(session, project, cast, 1).cohorts = ["nurses"]
    judge_next(session, project, cast.ada)
    told_nothing(session, project, cast.ada)
    membership(session, project, cast.ada).cohorts = ["nurses", "night"]
    reaches(session, project, cast.ada)


def test_a_batch_that_is_for_everybody_now(session: Session, cast: Cast, project: Project) -> None:
    closed = load(session, project, cast, 1)
    closed.cohorts = ["nurses"]
    judge_next(session, project, cast.ada)
    told_nothing(session, project, cast.ada)
    closed.cohorts = []
    assert reaches(session, project, cast.ada).batch_id == closed.id


def test_a_raised_limit_of_the_project(session: Session, cast: Cast, project: Project) -> None:
    load(session, project, cast, 1)
    project.most_per_person = 1
    judge_next(session, project, cast.ada)
    told_nothing(session, project, cast.ada)
    project.most_per_person = 2
    reaches(session, project, cast.ada)


def test_a_raised_limit_of_a_language(session: Session, cast: Cast, project: Project) -> None:
    load(session, project, cast, 1)
    project.most_per_language = {"en": 1}
    judge_next(session, project, cast.ada)
    told_nothing(session, project, cast.ada)
    project.most_per_language = {"en": 2}
    reaches(session, project, cast.ada)


def test_a_raised_limit_of_a_batch(session: Session, cast: Cast, project: Project) -> None:
    batch = load_rows(session, project, [make_row(1), make_row(2)], by=cast.olga)
    batch.priority, batch.most_per_person = 1, 1
    judge_next(session, project, cast.ada)
    judge_next(session, project, cast.ada)
    told_nothing(session, project, cast.ada)
    batch.most_per_person = None
    assert reaches(session, project, cast.ada).batch_id == batch.id


def test_a_limit_that_is_reached_no_more(
    session: Session, cast: Cast, project: Project, frozen: StoppedClock
) -> None:
    load(session, project, cast, 1)
    project.most_per_person = 1
    held = given_to(session, project, cast.ada)
    frozen.forward(minutes=61)
    load(session, project, cast, 2)
    given_to(session, project, cast.bea)
    # What she left lying is not counted against her.
    assert reaches(session, project, cast.ada).id != held.comparison_id
