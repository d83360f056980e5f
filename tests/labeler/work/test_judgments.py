"""Judgments: stored once with their pay, changed by new versions only, never worth nothing."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler.errors import Conflict, Invalid, NotFound
from labeler.pay import ledger
from labeler.people.accounts import Person
from labeler.quality import decisions
from labeler.work import answers, assignments, changes, judgments, listings, projects, queue
from labeler.work.assignments import Assignment, AssignmentState, SkipReason
from labeler.work.comparisons import Comparison
from labeler.work.judgments import Judgment, JudgmentState, Receipt
from labeler.work.projects import Project, ProjectState
from labeler.work.rubrics import Verdict
from tests.cast import Cast
from tests.conftest import StoppedClock
from tests.make import judge, judge_next, make_batch, make_project, new_key


@pytest.fixture
def project(session: Session, cast: Cast, frozen: StoppedClock) -> Project:
    """One pair, wanted once, an hour for it and another to change one's mind."""
    project = make_project(session, cast, judgments_per_comparison=1)
    make_batch(session, project, cast, pairs=1)
    return project


@pytest.fixture
def assignment(session: Session, cast: Cast, project: Project) -> Assignment:
    """Ada's."""
    assignment = queue.claim(session, project, by=cast.ada)
    assert assignment is not None
    return assignment


def submit(
    session: Session,
    assignment: Assignment,
    choice: str | int,
    by: Person,
    key: str,
    reason: str = "",
) -> Receipt:
    answer = answers.read(session, assignment, choice, reason)
    return judgments.submit(session, assignment, answer, by=by, key=key)


def change(
    session: Session, project: Project, judgment: Judgment, choice: str | int, key: str = ""
) -> Receipt:
    assignment = session.get_one(Assignment, judgment.assignment_id)
    answer = answers.read(session, assignment, choice)
    return judgments.change(session, project, judgment, answer, key=key or new_key())


def standing(session: Session) -> tuple[int, int]:
    """Return the open slots and the count of the one comparison."""
    return tuple(
        session.execute(sa.select(Comparison.wanted - Comparison.taken, Comparison.judged)).one()
    )


def earned(session: Session, person: Person) -> int:
    return ledger.earned(session, person_id=person.id).get("EUR", 0)


# Submitting


def test_a_judgment_says_what_was_chosen_of_which_response(
    session: Session, cast: Cast, assignment: Assignment, frozen: StoppedClock
) -> None:
    assignment.places = [1, 0]
    frozen.forward(seconds=12.5)
    stored = submit(session, assignment, 2, cast.ada, new_key(), " It is right. ").judgment
    session.expire_all()
    assert (stored.verdict, stored.step, stored.place) == (Verdict.preference, 2, 0)
    assert (stored.preferred, stored.strength) == (1, 2)
    assert stored.reason == "It is right."
    assert stored.duration_ms == 12_500
    assert stored.created_at == frozen.time
    assert (stored.version, stored.is_current) == (1, True)
    assert stored.state is JudgmentState.accepted
    assert assignment.state is AssignmentState.judged
    assert standing(session) == (0, 1)
    assert earned(session, cast.ada) == 35


def test_the_same_key_again_is_the_same_judgment(
    session: Session, cast: Cast, assignment: Assignment
) -> None:
    key = new_key()
    first = submit(session, assignment, 2, cast.ada, key)
    again = submit(session, assignment, 2, cast.ada, key.upper())
    assert (first.repeated, again.repeated) == (False, True)
    assert again.judgment is first.judgment
    assert standing(session) == (0, 1)
    assert earned(session, cast.ada) == 35


@pytest.mark.parametrize(("choice", "reason"), [(3, ""), ("tie", ""), (2, "Because.")])
def test_the_same_key_with_another_answer_is_refused(
    session: Session, cast: Cast, assignment: Assignment, choice: str | int, reason: str
) -> None:
    key = new_key()
    submit(session, assignment, 2, cast.ada, key)
    with pytest.raises(Conflict, match="key was used for another judgment"):
        submit(session, assignment, choice, cast.ada, key, reason)


def test_a_key_belongs_to_one_assignment(session: Session, cast: Cast) -> None:
    project = make_project(session, cast)
    make_batch(session, project, cast)
    key = new_key()
    for person in (cast.ada, cast.bea):
        assignment = queue.claim(session, project, by=person)
        assert assignment is not None
        if person is cast.ada:
            submit(session, assignment, 1, person, key)
        else:
            with pytest.raises(Conflict, match="key was used"), session.begin_nested():
                submit(session, assignment, 1, person, key)
    session.refresh(assignment)
    assert assignment.state is AssignmentState.open


def test_another_key_cannot_judge_again(
    session: Session, cast: Cast, assignment: Assignment
) -> None:
    submit(session, assignment, 2, cast.ada, new_key())
    with pytest.raises(Conflict, match="You have already judged this comparison"):
        submit(session, assignment, 2, cast.ada, new_key())
    assert earned(session, cast.ada) == 35


def test_what_was_skipped_cannot_be_judged(
    session: Session, cast: Cast, assignment: Assignment
) -> None:
    assignments.skip(session, assignment, SkipReason.other)
    with pytest.raises(Conflict, match="You have already skipped this comparison"):
        submit(session, assignment, 2, cast.ada, new_key())


@pytest.mark.parametrize("key", ["", "1", "not-a-uuid", None, 7])
def test_a_key_is_a_uuid(session: Session, cast: Cast, assignment: Assignment, key: str) -> None:
    with pytest.raises(Invalid) as refusal:
        submit(session, assignment, 2, cast.ada, key)
    assert list(refusal.value.fields) == ["key"]


# Late


def test_late_but_still_free_counts(
    session: Session, cast: Cast, project: Project, assignment: Assignment, frozen: StoppedClock
) -> None:
    frozen.forward(hours=2)
    assignments.expire(session, project)
    assert standing(session) == (1, 0)
    stored = submit(session, assignment, 1, cast.ada, new_key()).judgment
    assert stored.state is JudgmentState.accepted
    assert standing(session) == (0, 1)
    assert earned(session, cast.ada) == 35


def test_late_and_given_to_another_is_kept_and_paid_outside_the_count(
    session: Session, cast: Cast, project: Project, assignment: Assignment, frozen: StoppedClock
) -> None:
    frozen.forward(hours=2)
    other = judge_next(session, project, cast.bea)
    late = submit(session, assignment, 1, cast.ada, new_key()).judgment
    assert other.state is JudgmentState.accepted
    assert (late.state, late.is_current) == (JudgmentState.late, True)
    assert standing(session) == (0, 1)
    assert (earned(session, cast.ada), earned(session, cast.bea)) == (35, 35)


def test_a_late_one_comes_in_once(
    session: Session, cast: Cast, project: Project, assignment: Assignment, frozen: StoppedClock
) -> None:
    frozen.forward(hours=2)
    judge_next(session, project, cast.bea)
    key = new_key()
    submit(session, assignment, 1, cast.ada, key)
    assert submit(session, assignment, 1, cast.ada, key).repeated
    with pytest.raises(Conflict):
        submit(session, assignment, 1, cast.ada, new_key())
    assert earned(session, cast.ada) == 35


def test_a_clock_that_is_set_back_takes_nothing_away(
    session: Session, cast: Cast, project: Project, assignment: Assignment, frozen: StoppedClock
) -> None:
    frozen.forward(hours=-1)
    assert queue.claim(session, project, by=cast.bea) is None  # Ada's is hers still
    stored = judge(session, assignment, 1, cast.ada)
    assert (stored.state, stored.duration_ms) == (JudgmentState.accepted, 0)
    assert change(session, project, stored, 2).judgment.version == 2


@pytest.mark.parametrize("state", [ProjectState.paused, ProjectState.closed])
def test_what_was_begun_is_taken_while_the_project_rests(
    session: Session, cast: Cast, project: Project, assignment: Assignment, state: ProjectState
) -> None:
    projects.move(session, project, state, by=cast.olga)
    assert judge(session, assignment, 1, cast.ada).state is JudgmentState.accepted


# Changing


def test_a_change_is_a_new_version_and_the_old_one_stays(
    session: Session, cast: Cast, project: Project, assignment: Assignment
) -> None:
    first = judge(session, assignment, 1, cast.ada, reason="At first sight.")
    later = change(session, project, first, "tie").judgment
    session.expire_all()
    assert [(each.version, each.is_current) for each in (first, later)] == [(1, False), (2, True)]
    assert (first.step, first.reason) == (1, "At first sight.")
    assert later.verdict is Verdict.tie
    said = [each.id for each, _person in listings.of_comparison(session, first.comparison_id)]
    assert said == [first.id, later.id]
    assert standing(session) == (0, 1)
    assert earned(session, cast.ada) == 35  # once


def test_the_window_ends(
    session: Session, cast: Cast, project: Project, assignment: Assignment, frozen: StoppedClock
) -> None:
    first = judge(session, assignment, 1, cast.ada)
    end = changes.changeable_until(project, assignment)
    assert end == frozen.time + timedelta(hours=1)
    frozen.time = end
    second = change(session, project, first, 2).judgment
    frozen.forward(seconds=1)
    with pytest.raises(Conflict, match="time in which this judgment could be changed is over"):
        change(session, project, second, 3)


def test_a_change_is_made_once_for_each_key(
    session: Session, cast: Cast, project: Project, assignment: Assignment
) -> None:
    first, key = judge(session, assignment, 1, cast.ada), new_key()
    later = change(session, project, first, 2, key)
    again = change(session, project, later.judgment, 2, key)
    assert again.repeated
    assert again.judgment is later.judgment
    with pytest.raises(Conflict, match="key was used"):
        change(session, project, later.judgment, 3, key)


def test_two_tabs_cannot_both_change_the_same_version(
    session: Session, cast: Cast, project: Project, assignment: Assignment
) -> None:
    first = judge(session, assignment, 1, cast.ada)
    change(session, project, first, 2)
    with pytest.raises(Conflict, match="changed this judgment elsewhere"):
        change(session, project, first, 3)


def test_a_closed_project_and_a_reviewed_judgment_stay_as_they_are(
    session: Session, cast: Cast, project: Project, assignment: Assignment
) -> None:
    judgment = judge(session, assignment, 1, cast.ada)
    projects.move(session, project, ProjectState.closed, by=cast.olga)
    with pytest.raises(Conflict, match="project is closed"):
        change(session, project, judgment, 2)
    projects.move(session, project, ProjectState.active, by=cast.olga)
    decisions.exclude(session, judgment, "Too fast.", by=cast.rex)
    with pytest.raises(Conflict, match="has been reviewed"):
        change(session, project, judgment, 2)


def test_a_late_judgment_changed_is_late_still(
    session: Session, cast: Cast, project: Project, assignment: Assignment, frozen: StoppedClock
) -> None:
    frozen.forward(hours=2)
    judge_next(session, project, cast.bea)
    late = judge(session, assignment, 1, cast.ada)
    assert change(session, project, late, 7).judgment.state is JudgmentState.late
    assert standing(session) == (0, 1)


# Excluding


def test_what_is_left_out_stays_paid_and_the_comparison_wants_another(
    session: Session, cast: Cast, project: Project, assignment: Assignment, frozen: StoppedClock
) -> None:
    judgment = judge(session, assignment, 1, cast.ada)
    decisions.exclude(session, judgment, "Too fast.", by=cast.rex)
    session.expire_all()
    assert (judgment.state, judgment.excluded_at) == (JudgmentState.excluded, frozen.time)
    assert judgment.step == 1
    assert standing(session) == (1, 0)
    assert earned(session, cast.ada) == 35
    assert queue.claim(session, project, by=cast.ada) is None  # not the same person
    judge_next(session, project, cast.bea)
    assert standing(session) == (0, 1)


def test_leaving_out_needs_a_reason_and_happens_once(
    session: Session, cast: Cast, project: Project, assignment: Assignment
) -> None:
    judgment = judge(session, assignment, 1, cast.ada)
    for reason in ("  ", "a\0b", "x" * 10_001):
        with pytest.raises(Invalid) as refusal:
            decisions.exclude(session, judgment, reason, by=cast.rex)
        assert list(refusal.value.fields) == ["reason"]
    decisions.exclude(session, judgment, "Too fast.", by=cast.rex)
    with pytest.raises(Conflict, match="does not count already"):
        decisions.exclude(session, judgment, "Too fast.", by=cast.rex)
    assert standing(session) == (1, 0)


def test_an_earlier_version_cannot_be_left_out(
    session: Session, cast: Cast, project: Project, assignment: Assignment
) -> None:
    first = judge(session, assignment, 1, cast.ada)
    change(session, project, first, 2)
    with pytest.raises(Conflict, match="was changed"):
        decisions.exclude(session, first, "Too fast.", by=cast.rex)
    assert standing(session) == (0, 1)


def test_a_late_one_is_outside_the_count_and_cannot_be_left_out_of_it(
    session: Session, cast: Cast, project: Project, assignment: Assignment, frozen: StoppedClock
) -> None:
    frozen.forward(hours=2)
    judge_next(session, project, cast.bea)
    late = judge(session, assignment, 1, cast.ada)
    with pytest.raises(Conflict, match="does not count already"):
        decisions.exclude(session, late, "Too fast.", by=cast.rex)
    assert standing(session) == (0, 1)


def test_a_change_that_meets_an_exclusion_gives_way(
    session: Session, cast: Cast, project: Project, assignment: Assignment
) -> None:
    judgment = judge(session, assignment, 1, cast.ada)
    # What another session would do between our looking and our writing.
    session.execute(
        sa.update(Judgment)
        .values(state=JudgmentState.excluded)
        .execution_options(synchronize_session=False)
    )
    with pytest.raises(Conflict, match="elsewhere"):
        change(session, project, judgment, 2)


# Finding


def test_the_last_version_is_what_stands(
    session: Session, cast: Cast, project: Project, assignment: Assignment
) -> None:
    with pytest.raises(NotFound):
        judgments.current(session, assignment)
    first = judge(session, assignment, 1, cast.ada)
    assert judgments.current(session, assignment) is first
    later = change(session, project, first, 2).judgment
    assert judgments.current(session, assignment) is later


def test_a_change_takes_no_time_of_its_own(
    session: Session,
    cast: Cast,
    project: Project,
    assignment: Assignment,
    frozen: StoppedClock,
) -> None:
    first = judge(session, assignment, 1, cast.ada)
    frozen.forward(minutes=30)
    assert change(session, project, first, 2).judgment.duration_ms == first.duration_ms


def test_lists_go_back_in_time_and_pages_forward(session: Session, cast: Cast) -> None:
    project = make_project(session, cast, judgments_per_comparison=1)
    make_batch(session, project, cast, pairs=7)
    made = [judge_next(session, project, cast.ada) for _ in range(7)]
    newest = listings.of_person(session, cast.ada, limit=3)
    assert newest == made[:3:-1]
    assert listings.of_person(session, cast.ada, before=newest[-1].id) == made[3::-1]
    assert listings.of_person(session, cast.bea) == []
    first = listings.page(session, project.id, limit=4)
    assert [*first, *listings.page(session, project.id, after=first[-1].id)] == made
