"""How far a project has come: counted by hand, with a forecast that knows what it does not know."""

from datetime import date

import pytest
from sqlalchemy.orm import Session

from labeler import progress
from labeler.quality import decisions
from labeler.work import answers, assignments, judgments, queue
from labeler.work.assignments import Assignment, SkipReason
from labeler.work.projects import Project
from tests.cast import Cast
from tests.conftest import StoppedClock
from tests.make import judge_next, load_rows, make_project, make_row, new_key

MONDAY = date(2026, 11, 23)


@pytest.fixture
def project(session: Session, cast: Cast, frozen: StoppedClock) -> Project:
    """Ten comparisons, two judgments wanted of each, and a known answer."""
    project = make_project(session, cast)
    rows = [make_row(n, gold=0 if n == 10 else None) for n in range(11)]
    load_rows(session, project, rows, by=cast.olga)
    return project


def work(session: Session, project: Project, cast: Cast, *counts: int, clock: StoppedClock) -> None:
    """Let Ada judge so many on each of some days."""
    for count in counts:
        for _ in range(count):
            judge_next(session, project, cast.ada)
        clock.forward(days=1)


def test_nothing_yet(session: Session, project: Project) -> None:
    found = progress.overview(session, project)
    assert (found.done, found.planned, found.left, found.comparisons) == (0, 20, 20, 10)
    assert (found.pace, found.ends_on, found.ends_between) == (0.0, None, None)
    assert progress.cost_by_day(session, project) == []


def test_days_between_are_days_of_nothing(
    session: Session, project: Project, cast: Cast, frozen: StoppedClock
) -> None:
    work(session, project, cast, 3, 0, 1, clock=frozen)
    days = progress.overview(session, project).days
    assert [(day.day.day, day.judgments, day.counted) for day in days] == [
        (23, 3, 3),
        (24, 0, 0),
        (25, 1, 1),
    ]
    assert [amount for _, amount in progress.cost_by_day(session, project)] == [105, 0, 35]


def test_known_answers_and_what_is_left_out_bring_the_end_no_nearer(
    session: Session, project: Project, cast: Cast, frozen: StoppedClock
) -> None:
    project.gold_share = 1.0
    judge_next(session, project, cast.ada)
    project.gold_share = 0.0
    first, second = (judge_next(session, project, cast.ada) for _ in range(2))
    decisions.exclude(session, first, "By mistake", by=cast.rex)
    assignment = session.get_one(Assignment, second.assignment_id)
    answer = answers.read(session, assignment, 6)
    judgments.change(session, project, second, answer, key=new_key())
    found = progress.overview(session, project)
    assert [(day.judgments, day.counted) for day in found.days] == [(3, 1)]
    assert found.done == 1
    assert progress.done_of(session, [project.id, 999]) == {project.id: (1, 20), 999: (0, 0)}
    assert progress.cost_by_day(session, project) == [(MONDAY, 105)]


def test_the_forecast_waits_for_three_days(
    session: Session, project: Project, cast: Cast, frozen: StoppedClock
) -> None:
    work(session, project, cast, 2, 2, clock=frozen)
    found = progress.overview(session, project)
    assert (found.pace, found.ends_on, found.ends_between) == (2, None, None)


def test_an_even_pace_has_one_end(
    session: Session, project: Project, cast: Cast, frozen: StoppedClock
) -> None:
    work(session, project, cast, 2, 2, 2, clock=frozen)
    found = progress.overview(session, project)
    end = date(2026, 12, 3)  # 14 left, 2 a day, from the 26th
    assert (found.ends_on, found.ends_between) == (end, (end, end))


def test_an_uneven_pace_has_a_range(
    session: Session, project: Project, cast: Cast, frozen: StoppedClock
) -> None:
    # 1, 2, 2, 2: mean 1.75, deviation 0.5, t(3) 3.182: 0.9545 to 2.5455 a day for 13 left.
    work(session, project, cast, 1, 2, 2, 2, clock=frozen)
    found = progress.overview(session, project)
    assert found.pace == pytest.approx(1.75)
    assert found.ends_between == (date(2026, 12, 3), date(2026, 12, 11))


def test_a_pace_that_may_be_none_has_no_last_day(
    session: Session, project: Project, cast: Cast, frozen: StoppedClock
) -> None:
    work(session, project, cast, 5, 0, 1, clock=frozen)
    found = progress.overview(session, project)
    assert found.ends_between is not None
    assert found.ends_between[1] is None


def test_a_finished_project_ends_nowhere(
    session: Session, project: Project, cast: Cast, frozen: StoppedClock
) -> None:
    work(session, project, cast, 4, 3, 3, clock=frozen)
    for _ in range(10):
        judge_next(session, project, cast.bea)
    found = progress.overview(session, project)
    assert (found.left, found.ends_on, found.ends_between) == (0, None, None)


def test_skips_by_reason(session: Session, project: Project, cast: Cast) -> None:
    for reason in (SkipReason.subject, SkipReason.language, SkipReason.subject):
        held = queue.claim(session, project, by=cast.ada)
        assert held is not None
        assignments.skip(session, held, reason)
    assert progress.skips(session, project.id) == [("subject", 2), ("language", 1)]


def test_steps_as_they_stood_on_the_page(session: Session, project: Project, cast: Cast) -> None:
    for choice in (1, 1, 4, "tie", "both_bad"):
        judge_next(session, project, cast.ada, choice)
    found = progress.steps_chosen(session, project.id, 7)
    assert found == {"1": 2, "4": 1, "tie": 1, "both_bad": 1}
    assert progress.steps_chosen(session, project.id, 5) == {}
