"""Assignments: one at a time, nothing twice, and no comparison given to more than it wants."""

from collections import Counter
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler.errors import Conflict, NotFound
from labeler.work import assignments, comparisons, projects, queue
from labeler.work.assignments import Assignment, AssignmentState, SkipReason
from labeler.work.comparisons import Comparison
from labeler.work.projects import Project, ProjectState
from tests.cast import Cast
from tests.conftest import StoppedClock
from tests.make import judge, judge_next, make_batch, make_project

HOUR = 3600


@pytest.fixture
def project(session: Session, cast: Cast, frozen: StoppedClock) -> Project:
    """Three pairs, wanted twice each, an hour for each."""
    project = make_project(session, cast)
    make_batch(session, project, cast)
    return project


def claim(session: Session, project: Project, person: object) -> Assignment:
    assignment = queue.claim(session, project, by=person)  # type: ignore[arg-type]
    assert assignment is not None
    return assignment


def open_slots(session: Session, assignment: Assignment) -> int:
    return session.scalars(
        sa.select(Comparison.wanted - Comparison.taken).where(
            Comparison.id == assignment.comparison_id
        )
    ).one()


# Claiming


def test_a_claim_promises_a_comparison_until_a_deadline(
    session: Session, cast: Cast, project: Project, frozen: StoppedClock
) -> None:
    assignment = claim(session, project, cast.ada)
    assert assignment.state is AssignmentState.open
    assert assignment.person_id == cast.ada.id
    assert assignment.deadline == frozen.time + timedelta(hours=1)
    assert sorted(assignment.places) == [0, 1]
    assert (assignment.pay_minor, assignment.currency) == (35, "EUR")
    assert (assignment.guideline_number, assignment.rubric_number) == (1, 1)
    assert open_slots(session, assignment) == 1


def test_one_holds_one_at_a_time_and_gets_its_whole_time_again(
    session: Session, cast: Cast, project: Project, frozen: StoppedClock
) -> None:
    first = claim(session, project, cast.ada)
    frozen.forward(minutes=40)
    again = claim(session, project, cast.ada)
    assert again is first
    assert again.deadline == frozen.time + timedelta(hours=1)
    assert open_slots(session, first) == 1


def test_one_may_hold_one_in_each_project(session: Session, cast: Cast, project: Project) -> None:
    other = make_project(session, cast, slug="other")
    make_batch(session, other, cast)
    assert claim(session, project, cast.ada).id != claim(session, other, cast.ada).id


def test_nobody_gets_one_twice_and_in_the_end_there_is_none(
    session: Session, cast: Cast, project: Project
) -> None:
    for person in (cast.ada, cast.bea):
        seen = [judge_next(session, project, person).comparison_id for _ in range(3)]
        assert len(set(seen)) == 3
        assert queue.claim(session, project, by=person) is None
    assert queue.claim(session, project, by=cast.rex) is None  # each has its two
    judged = session.scalars(sa.select(Comparison.judged)).all()
    assert judged == [2, 2, 2]


def test_a_comparison_is_given_to_as_many_as_it_wants(
    session: Session, cast: Cast, frozen: StoppedClock
) -> None:
    project = make_project(session, cast, judgments_per_comparison=2)
    make_batch(session, project, cast, pairs=1)
    claim(session, project, cast.ada)
    claim(session, project, cast.bea)
    assert queue.claim(session, project, by=cast.rex) is None


def test_what_is_loaded_later_is_given_out_at_once(
    session: Session, cast: Cast, frozen: StoppedClock
) -> None:
    project = make_project(session, cast)
    assert queue.claim(session, project, by=cast.ada) is None
    make_batch(session, project, cast, pairs=1)
    claim(session, project, cast.ada)


def test_what_nobody_has_begun_is_given_out_from_anywhere(session: Session, cast: Cast) -> None:
    project = make_project(session, cast, judgments_per_comparison=1)
    make_batch(session, project, cast, pairs=200)
    firsts = [claim(session, project, each).comparison_id for each in vars(cast).values()]
    assert len(set(firsts)) == len(firsts)
    # As near together as in the file by chance: once in millions of draws.
    assert max(firsts) - min(firsts) >= len(firsts)


def test_what_is_begun_is_given_out_first(session: Session, cast: Cast) -> None:
    project = make_project(session, cast, judgments_per_comparison=3)
    make_batch(session, project, cast, pairs=200)
    people = (cast.ada, cast.bea, cast.rex)
    begun = {claim(session, project, person).comparison_id for person in people}
    assert len(begun) == 1
    assert claim(session, project, cast.olga).comparison_id not in begun


def test_an_administrator_without_a_part_holds_one_at_a_time_too(
    session: Session, cast: Cast, project: Project
) -> None:
    assert claim(session, project, cast.root) is claim(session, project, cast.root)


def test_the_orders_of_the_answers_are_balanced(session: Session, cast: Cast) -> None:
    project = make_project(session, cast)
    make_batch(session, project, cast, pairs=60)
    orders: dict[int, list[list[int]]] = {}
    firsts: Counter[tuple[str, int]] = Counter()
    for person in (cast.ada, cast.bea):
        for _ in range(60):
            assignment = claim(session, project, person)
            judge(session, assignment, 1, person)
            orders.setdefault(assignment.comparison_id, []).append(assignment.places)
            firsts[person.name, assignment.places[0]] += 1
    # Each comparison was shown once in each order,
    assert [sorted(pair) for pair in orders.values()] == [[[0, 1], [1, 0]]] * 60
    # and to each person in both: 60 fair draws are 30, give or take five deviations of 3.9.
    assert 10 <= firsts["Ada", 0] <= 50


def test_an_order_that_was_not_judged_does_not_count(
    session: Session, cast: Cast, frozen: StoppedClock
) -> None:
    project = make_project(session, cast, judgments_per_comparison=2)
    make_batch(session, project, cast, pairs=1)
    first = claim(session, project, cast.ada)
    second = claim(session, project, cast.bea)
    assignments.skip(session, second, SkipReason.subject)
    assert claim(session, project, cast.rex).places == second.places != first.places


def test_only_ones_own_assignment_is_found(session: Session, cast: Cast, project: Project) -> None:
    assignment = claim(session, project, cast.ada)
    assert assignments.find(session, assignment.id, by=cast.ada) is assignment
    for assignment_id, person in ((assignment.id, cast.bea), (10**9, cast.ada)):
        with pytest.raises(NotFound, match="no such assignment"):
            assignments.find(session, assignment_id, by=person)


# Pausing and closing


@pytest.mark.parametrize("state", [ProjectState.paused, ProjectState.closed])
def test_a_resting_project_gives_out_nothing_new(
    session: Session, cast: Cast, project: Project, state: ProjectState
) -> None:
    held = claim(session, project, cast.ada)
    projects.move(session, project, state, by=cast.olga)
    with pytest.raises(Conflict, match=f"This project is {state.value}"):
        queue.claim(session, project, by=cast.bea)
    assert claim(session, project, cast.ada) is held  # what was begun may be finished
    judge(session, held, 1, cast.ada)
    with pytest.raises(Conflict):
        queue.claim(session, project, by=cast.ada)
    projects.move(session, project, ProjectState.active, by=cast.olga)
    claim(session, project, cast.bea)


# Skipping


def test_a_skip_gives_the_slot_back_and_never_brings_it_again(
    session: Session, cast: Cast, project: Project
) -> None:
    skipped = claim(session, project, cast.ada)
    assignments.skip(session, skipped, SkipReason.language)
    assert open_slots(session, skipped) == 2
    assert (skipped.state, skipped.skip_reason) == (AssignmentState.skipped, SkipReason.language)
    others = {judge_next(session, project, cast.ada).comparison_id for _ in range(2)}
    assert skipped.comparison_id not in others
    assert queue.claim(session, project, by=cast.ada) is None


def test_skipping_twice_with_the_same_reason_gives_back_one_slot(
    session: Session, cast: Cast, project: Project
) -> None:
    assignment = claim(session, project, cast.ada)
    assignments.skip(session, assignment, SkipReason.broken)
    assignments.skip(session, assignment, SkipReason.broken)
    assert open_slots(session, assignment) == 2
    with pytest.raises(Conflict, match="already skipped"):
        assignments.skip(session, assignment, SkipReason.other)


def test_what_was_judged_cannot_be_skipped(session: Session, cast: Cast, project: Project) -> None:
    assignment = claim(session, project, cast.ada)
    judge(session, assignment, 1, cast.ada)
    with pytest.raises(Conflict, match="already judged"):
        assignments.skip(session, assignment, SkipReason.other)
    assert open_slots(session, assignment) == 1


# Deadlines


def test_what_lapsed_is_given_to_the_next_who_asks(
    session: Session, cast: Cast, frozen: StoppedClock
) -> None:
    project = make_project(session, cast, judgments_per_comparison=1)
    make_batch(session, project, cast, pairs=1)
    lapsing = claim(session, project, cast.ada)
    frozen.forward(seconds=HOUR)
    assert queue.claim(session, project, by=cast.bea) is None  # the last second is hers
    frozen.forward(seconds=1)
    assert claim(session, project, cast.bea).comparison_id == lapsing.comparison_id
    session.refresh(lapsing)
    assert lapsing.state is AssignmentState.expired


def test_nobody_takes_back_what_nobody_else_asks_for(
    session: Session, cast: Cast, project: Project, frozen: StoppedClock
) -> None:
    held = claim(session, project, cast.ada)
    frozen.forward(days=3)
    assert claim(session, project, cast.ada) is held
    judge(session, held, 1, cast.ada)


def test_who_let_one_lapse_is_not_given_it_again(
    session: Session, cast: Cast, project: Project, frozen: StoppedClock
) -> None:
    lapsed = claim(session, project, cast.ada)
    frozen.forward(hours=2)
    claim(session, project, cast.bea)
    seen = {judge_next(session, project, cast.ada).comparison_id for _ in range(2)}
    assert lapsed.comparison_id not in seen
    assert queue.claim(session, project, by=cast.ada) is None


def test_a_lapsed_one_can_still_be_skipped_and_gives_back_nothing_more(
    session: Session, cast: Cast, project: Project, frozen: StoppedClock
) -> None:
    lapsed = claim(session, project, cast.ada)
    frozen.forward(hours=2)
    assignments.expire(session, project)
    assert open_slots(session, lapsed) == 2
    assignments.skip(session, lapsed, SkipReason.distressing)
    assert open_slots(session, lapsed) == 2
    assert lapsed.state is AssignmentState.skipped


def test_many_lapse_at_once(session: Session, cast: Cast, frozen: StoppedClock) -> None:
    project = make_project(session, cast, judgments_per_comparison=4)
    make_batch(session, project, cast, pairs=1)
    for person in (cast.ada, cast.bea, cast.rex):
        claim(session, project, person)
    frozen.forward(hours=2)
    assignments.expire(session, project)
    [comparison] = comparisons.page(session, project.id)
    session.refresh(comparison)
    assert comparison.open_slots == 4


def test_a_project_of_others_does_not_lapse(
    session: Session, cast: Cast, project: Project, frozen: StoppedClock
) -> None:
    other = make_project(session, cast, slug="other")
    held = claim(session, project, cast.ada)
    frozen.forward(hours=2)
    assignments.expire(session, other)
    session.refresh(held)
    assert held.state is AssignmentState.open
