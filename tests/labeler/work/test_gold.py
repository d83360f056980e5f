"""Gold: asked of everybody beside the work, at its share of it, and graded on arrival."""

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler.work import assignments, gold, queue
from labeler.work.assignments import Assignment, SkipReason
from labeler.work.comparisons import EVERYBODY, Comparison
from labeler.work.projects import Project
from tests.cast import Cast
from tests.make import judge, load_rows, make_project, make_row


@pytest.fixture
def project(session: Session, cast: Cast) -> Project:
    """Ten pairs, wanted twice each, and ten known answers; half of the work is gold."""
    project = make_project(session, cast, gold_share=0.5)
    rows = [*(make_row(n) for n in range(10)), *(make_row(n, gold=n % 2) for n in range(10, 20))]
    load_rows(session, project, rows, by=cast.olga)
    return project


def is_gold(session: Session, assignment: Assignment) -> bool:
    return session.get_one(Comparison, assignment.comparison_id).is_gold


def everything(session: Session, project: Project, cast: Cast, person: str) -> list[Assignment]:
    """Judge until there is nothing left."""
    done, by = [], getattr(cast, person)
    while (assignment := queue.claim(session, project, by=by)) is not None:
        judge(session, assignment, 1, by)
        done.append(assignment)
    return done


@pytest.mark.parametrize(
    ("preferred", "right"),
    [(1, True), (0, False), (None, False)],
)
def test_only_the_known_answer_is_right(
    session: Session, cast: Cast, preferred: int | None, right: bool
) -> None:
    project = make_project(session, cast)
    load_rows(session, project, [make_row(1, gold=1)], by=cast.olga)
    comparison_id = session.scalars(sa.select(Comparison.id)).one()
    assert gold.grade(session, comparison_id, preferred) == (right, True)


@pytest.mark.parametrize("places", [[0, 1], [1, 0]])
def test_a_judgment_on_gold_is_graded_by_response_not_by_place(
    session: Session, cast: Cast, project: Project, places: list[int]
) -> None:
    while (assignment := queue.claim(session, project, by=cast.ada)) is not None:
        assignment.places = places
        stored = judge(session, assignment, 1, cast.ada)  # the answer at A
        known = gold.of_comparisons(session, [assignment.comparison_id])
        if known:
            assert stored.gold_right is (known[assignment.comparison_id].better == places[0])
        else:
            assert stored.gold_right is None


def test_known_answers_come_at_their_share(session: Session, cast: Cast) -> None:
    project = make_project(session, cast, gold_share=0.25)
    rows = [make_row(n, gold=0 if n % 2 else None) for n in range(400)]
    load_rows(session, project, rows, by=cast.olga)
    found = 0
    for _ in range(200):
        assignment = queue.claim(session, project, by=cast.ada)
        assert assignment is not None
        found += is_gold(session, assignment)
        assignments.skip(session, assignment, SkipReason.other)
    # 200 draws of one in four: 50, give or take five standard deviations of 6.1.
    assert 20 <= found <= 80


def test_without_a_share_none_are_given(session: Session, cast: Cast, project: Project) -> None:
    project.gold_share = 0.0
    done = everything(session, project, cast, "ada")
    assert len(done) == 10
    assert not any(is_gold(session, assignment) for assignment in done)


def test_when_the_known_answers_run_out_the_work_goes_on(session: Session, cast: Cast) -> None:
    project = make_project(session, cast, gold_share=0.5)
    rows = [*(make_row(n) for n in range(20)), make_row(20, gold=0)]
    load_rows(session, project, rows, by=cast.olga)
    done = everything(session, project, cast, "ada")
    assert sum(not is_gold(session, assignment) for assignment in done) == 20


def test_they_are_asked_of_everybody_and_not_counted_in_what_is_wanted(
    session: Session, cast: Cast, project: Project
) -> None:
    for person in ("ada", "bea", "rex", "olga"):
        everything(session, project, cast, person)
    session.expire_all()
    work = session.scalars(sa.select(Comparison).where(~Comparison.is_gold)).all()
    assert {(comparison.wanted, comparison.judged) for comparison in work} == {(2, 2)}
    golds = session.scalars(sa.select(Comparison).where(Comparison.is_gold)).all()
    assert all(each.wanted == EVERYBODY for each in golds)
    assert all(each.open_slots + each.judged == EVERYBODY for each in golds)
    assert sum(each.judged for each in golds) > 2


def test_nobody_gets_a_known_answer_twice(session: Session, cast: Cast, project: Project) -> None:
    for person in ("ada", "bea"):
        done = everything(session, project, cast, person)
        assert len({assignment.comparison_id for assignment in done}) == len(done)
