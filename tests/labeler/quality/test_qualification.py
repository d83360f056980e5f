"""Qualification: who is asked what before the work itself, how it ends, who lets in whom."""

import random

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler import audit
from labeler.errors import Conflict, Invalid
from labeler.events import Event
from labeler.pay import ledger
from labeler.people.accounts import Person
from labeler.progress import reach
from labeler.quality import gold, qualification
from labeler.quality.qualification import Standing
from labeler.work import answers, arrangements, assignments, judgments, queue
from labeler.work.additions import Collection
from labeler.work.arrangements import Arrangement
from labeler.work.assignments import Assignment, SkipReason
from labeler.work.batches import Batch
from labeler.work.comparisons import Comparison
from labeler.work.gold import Gold
from labeler.work.projects import Project
from labeler.work.qualifications import Qualification
from tests.cast import Cast
from tests.conftest import StoppedClock
from tests.make import judge, load_rows, make_project, make_row, new_key

WORK, QUESTIONS = 6, 7


@pytest.fixture
def project(session: Session, cast: Cast) -> Project:
    """Six pairs and a known answer; three of seven questions first, of which two must be right."""
    project = make_project(
        session, cast, gold_share=0.5, qualification={"questions": 3, "right": 2}
    )
    rows = [*(make_row(n) for n in range(WORK)), make_row(90, gold=0)]
    load_rows(session, project, rows, by=cast.olga)
    load_questions(session, project, cast, QUESTIONS)
    return project


def load_questions(session: Session, project: Project, cast: Cast, number: int) -> Batch:
    rows = [make_row(100 + n, gold=0) for n in range(number)]
    return load_rows(session, project, rows, by=cast.olga, for_qualification=True)


def is_question(session: Session, given: Assignment) -> bool:
    comparison = session.get_one(Comparison, given.comparison_id)
    return session.get_one(Batch, comparison.batch_id).is_qualification


def claim(session: Session, project: Project, person: Person) -> Assignment:
    given = queue.claim(session, project, by=person)
    assert given is not None
    return given


def answer(session: Session, given: Assignment, person: Person, *, right: bool) -> None:
    better = session.get_one(Gold, given.comparison_id).better
    judge(session, given, 1 if (given.places[0] == better) is right else 7, person)


def attempt(session: Session, project: Project, person: Person, said: str) -> None:
    """Answer what comes, rightly (+) or wrongly (-)."""
    for sign in said:
        given = claim(session, project, person)
        assert is_question(session, given)
        answer(session, given, person, right=sign == "+")


def stands(session: Session, project: Project, person: Person) -> Standing:
    found = qualification.standing(session, project, person)
    assert found is not None
    return found


# What is given


def test_questions_come_first_and_never_again(
    session: Session, cast: Cast, project: Project
) -> None:
    attempt(session, project, cast.ada, "++-")
    assert stands(session, project, cast.ada).has_passed
    while (given := queue.claim(session, project, by=cast.ada)) is not None:
        assert not is_question(session, given)
        judge(session, given, "tie", cast.ada)
    judged = sa.select(sa.func.count(Assignment.id)).where(Assignment.person_id == cast.ada.id)
    assert (session.scalar(judged) or 0) >= 3 + WORK
    assert list(audit.faults(session)) == []


def test_they_are_paid_like_other_work(session: Session, cast: Cast, project: Project) -> None:
    attempt(session, project, cast.ada, "---")
    assert ledger.earned(session, person_id=cast.ada.id) == {"EUR": 3 * 35}


def test_reviewers_and_owners_are_asked_nothing(
    session: Session, cast: Cast, project: Project
) -> None:
    for person in (cast.rex, cast.olga, cast.root):
        assert not is_question(session, claim(session, project, person))
        assert qualification.standing(session, project, person) is None


def test_without_the_setting_nobody_is_asked(session: Session, cast: Cast) -> None:
    project = make_project(session, cast)
    load_questions(session, project, cast, 3)
    assert queue.claim(session, project, by=cast.ada) is None
    load_rows(session, project, [make_row(1)], by=cast.olga)
    assert not is_question(session, claim(session, project, cast.ada))
    assert qualification.standing(session, project, cast.ada) is None


def test_an_attempt_gives_no_more_than_it_asks(
    session: Session, cast: Cast, project: Project
) -> None:
    attempt(session, project, cast.ada, "+")
    held = claim(session, project, cast.ada)
    ahead = queue.reserve(session, project, by=cast.ada)
    assert ahead is not None, "the third of three may be drawn ahead"
    answer(session, held, cast.ada, right=True)
    assert claim(session, project, cast.ada) is ahead
    assert queue.reserve(session, project, by=cast.ada) is None, "there is no fourth"
    answer(session, ahead, cast.ada, right=True)
    assert not is_question(session, claim(session, project, cast.ada))


def test_the_page_says_how_many_are_left(session: Session, cast: Cast, project: Project) -> None:
    assert reach.left_for(session, project, cast.ada, had={})[:2] == (3, False)
    attempt(session, project, cast.ada, "+")
    assert reach.left_for(session, project, cast.ada, had={})[:2] == (2, False)
    attempt(session, project, cast.ada, "--")
    assert reach.left_for(session, project, cast.ada, had={})[:2] == (0, False)
    qualification.retry(session, project, by=cast.ada)
    attempt(session, project, cast.ada, "+++")
    assert reach.left_for(session, project, cast.ada, had={})[:2] == (WORK, False)


def test_what_is_copied_for_qualification_is_not_given_to_who_had_the_original(
    session: Session, cast: Cast
) -> None:
    project = make_project(session, cast)
    load_rows(session, project, [make_row(1)], by=cast.olga)
    had = claim(session, project, cast.ada)
    judge(session, had, 1, cast.ada)
    original = session.get_one(Comparison, had.comparison_id)
    gold.set_answer(
        session, project, original, better=0, why="Count.", to=Collection.questions, by=cast.olga
    )
    project.qualification_questions = project.qualification_right = 1
    session.flush()
    assert queue.claim(session, project, by=cast.ada) is None
    assert stands(session, project, cast.ada).waits
    assert is_question(session, claim(session, project, cast.bea))


def test_only_lanes_that_are_theirs_are_looked_at(
    session: Session, cast: Cast, project: Project
) -> None:
    # More lanes of plain work than are looked at together, all before the questions.
    for n in range(62):
        batch = load_rows(session, project, [make_row(200 + n)], by=cast.olga)
        arrangements.arrange(session, batch, Arrangement(priority=5), by=cast.olga)
    assert is_question(session, claim(session, project, cast.ada))


# How it ends


def test_too_few_right_ends_it_and_one_press_begins_it_anew(
    session: Session, cast: Cast, project: Project
) -> None:
    attempt(session, project, cast.ada, "+--")
    first = stands(session, project, cast.ada)
    assert (first.has_ended, first.may_retry, first.waits) == (True, True, False)
    assert queue.claim(session, project, by=cast.ada) is None
    begun = qualification.retry(session, project, by=cast.ada)
    assert qualification.retry(session, project, by=cast.ada).id == begun.id, "in another window"
    attempt(session, project, cast.ada, "-++")
    assert stands(session, project, cast.ada).has_passed
    had = session.scalars(
        sa.select(Assignment.comparison_id).where(Assignment.person_id == cast.ada.id)
    ).all()
    assert len(set(had)) == len(had) == 6
    assert list(audit.faults(session)) == []


def test_when_too_few_questions_are_left_a_person_decides(
    session: Session, cast: Cast, project: Project
) -> None:
    attempt(session, project, cast.ada, "---")
    qualification.retry(session, project, by=cast.ada)
    attempt(session, project, cast.ada, "---")
    last = stands(session, project, cast.ada)
    assert (last.waits, last.may_retry) == (True, False)
    with pytest.raises(Conflict, match="person"):
        qualification.retry(session, project, by=cast.ada)
    with pytest.raises(Invalid):
        qualification.admit(session, project, cast.ada, " ", by=cast.rex)
    qualification.admit(session, project, cast.ada, "We have talked.", by=cast.rex)
    assert stands(session, project, cast.ada).has_passed
    assert not is_question(session, claim(session, project, cast.ada))
    event = session.scalars(sa.select(Event).order_by(Event.id.desc()).limit(1)).one()
    assert (event.kind, event.person_id) == ("person.admitted", cast.rex.id)
    assert event.data == {"subject": cast.ada.id, "reason": "We have talked."}
    with pytest.raises(Conflict):
        qualification.admit(session, project, cast.ada, "Again.", by=cast.rex)
    assert list(audit.faults(session)) == []


def test_too_few_questions_from_the_start_is_for_a_person_too(session: Session, cast: Cast) -> None:
    project = make_project(session, cast, qualification={"questions": 3, "right": 1})
    load_questions(session, project, cast, 2)
    assert stands(session, project, cast.ada).waits
    attempt(session, project, cast.ada, "++")
    assert queue.claim(session, project, by=cast.ada) is None
    assert stands(session, project, cast.ada).waits
    qualification.admit(session, project, cast.ada, "There were too few.", by=cast.rex)
    assert stands(session, project, cast.ada).has_passed
    assert list(audit.faults(session)) == []


def test_skipped_and_expired_questions_are_replaced_by_others(
    session: Session, cast: Cast, project: Project, frozen: StoppedClock
) -> None:
    skipped = claim(session, project, cast.ada)
    assignments.skip(session, skipped, SkipReason.subject)
    expired = claim(session, project, cast.ada)
    frozen.forward(hours=2)
    claim(session, project, cast.rex)  # which gives back what is overdue
    attempt(session, project, cast.ada, "+-+")
    assert stands(session, project, cast.ada).has_passed
    late = judge(session, expired, 1, cast.ada)
    assert late.gold_right is not None
    assert ledger.earned(session, person_id=cast.ada.id) == {"EUR": 4 * 35}
    assert list(audit.faults(session)) == []


def test_a_late_answer_counts_for_the_attempt_that_asked_it(
    session: Session, cast: Cast, project: Project, frozen: StoppedClock
) -> None:
    expired = claim(session, project, cast.ada)
    frozen.forward(hours=2)
    claim(session, project, cast.rex)  # which gives back what is overdue
    attempt(session, project, cast.ada, "---")
    second = qualification.retry(session, project, by=cast.ada)
    answer(session, expired, cast.ada, right=True)
    session.refresh(second)
    assert (second.asked, second.right) == (0, 0)
    assert list(audit.faults(session)) == []


def test_terms_hold_for_the_attempt_that_began_with_them(
    session: Session, cast: Cast, project: Project
) -> None:
    attempt(session, project, cast.ada, "+")
    project.qualification_questions, project.qualification_right = 7, 7
    attempt(session, project, cast.ada, "+-")
    assert stands(session, project, cast.ada).has_passed
    assert reach.left_for(session, project, cast.bea, had={})[:2] == (7, False)


def test_a_mind_may_be_changed_until_the_attempt_ends(
    session: Session, cast: Cast, project: Project
) -> None:
    first = claim(session, project, cast.ada)
    answer(session, first, cast.ada, right=False)
    better = session.get_one(Gold, first.comparison_id).better
    said = answers.read(session, first, 1 if first.places[0] == better else 7)
    before = judgments.current(session, first)
    judgments.change(session, project, before, said, key=new_key())
    found = stands(session, project, cast.ada).attempt
    assert found is not None
    assert (found.asked, found.right) == (1, 1)
    attempt(session, project, cast.ada, "--")
    with pytest.raises(Conflict, match="told"):
        judgments.change(session, project, judgments.current(session, first), said, key=new_key())
    assert not stands(session, project, cast.ada).has_passed
    assert list(audit.faults(session)) == []


def test_what_was_right_is_told_when_it_has_ended(
    session: Session, cast: Cast, project: Project
) -> None:
    attempt(session, project, cast.ada, "+--")
    ended = stands(session, project, cast.ada).attempt
    assert ended is not None
    told = qualification.answered(session, ended)
    assert [each.judgment.gold_right for each in told] == [True, False, False]
    assert {each.gold.why for each in told} == {"Count it."}


def test_a_wrong_question_is_forgiven_and_may_let_somebody_pass(
    session: Session, cast: Cast, project: Project
) -> None:
    attempt(session, project, cast.ada, "+--")
    ended = stands(session, project, cast.ada).attempt
    assert ended is not None
    wrong = qualification.answered(session, ended)[1].comparison
    gold.unscore(session, wrong, "Both are right.", by=cast.olga)
    session.expire_all()
    assert stands(session, project, cast.ada).has_passed
    assert list(audit.faults(session)) == []


# What is for qualification


def test_every_row_of_it_needs_a_known_answer(
    session: Session, cast: Cast, project: Project
) -> None:
    rows = [make_row(300, gold=0), make_row(301)]
    with pytest.raises(Invalid, match="known answer"):
        load_rows(session, project, rows, by=cast.olga, for_qualification=True)


def test_a_batch_can_be_made_for_it_if_all_of_it_is_known(
    session: Session, cast: Cast, project: Project
) -> None:
    mixed = load_rows(session, project, [make_row(300, gold=0), make_row(301)], by=cast.olga)
    known = load_rows(session, project, [make_row(302, gold=0)], by=cast.olga)
    given = Arrangement(is_qualification=True)
    with pytest.raises(Invalid):
        list(arrangements.carry_out(session, mixed, given, by=cast.olga))
    list(arrangements.carry_out(session, known, given, by=cast.olga))
    assert known.is_qualification


def test_an_audit_names_an_attempt_that_says_otherwise_than_its_answers(
    session: Session, cast: Cast, project: Project
) -> None:
    attempt(session, project, cast.ada, "++-")
    [number] = session.scalars(sa.select(Qualification.id))
    named = f"qualification {number} does not say what its answers do"
    for edit in ("asked = 2", '"right" = 3', "passed_at = NULL", "ended_at = NULL"):
        nested = session.begin_nested()
        session.execute(sa.text(f"UPDATE qualifications SET {edit}"))
        assert named in [*audit.faults(session)], edit
        nested.rollback()


# Whatever happens


@pytest.mark.parametrize("seed", range(4))
def test_nobody_is_ever_given_what_is_not_theirs(
    session: Session, cast: Cast, project: Project, frozen: StoppedClock, seed: int
) -> None:
    draw = random.Random(seed)
    for _ in range(60):
        person = draw.choice([cast.ada, cast.bea])
        frozen.forward(minutes=draw.choice([0, 1, 70]))
        before = stands(session, project, person)
        act = draw.choice([queue.claim, queue.reserve])
        given = act(session, project, by=person)
        if given is None:
            if before.may_retry:
                qualification.retry(session, project, by=person)
            elif before.waits and draw.random() < 0.3:
                qualification.admit(session, project, person, "So.", by=cast.rex)
        else:
            assert is_question(session, given) is not before.has_passed
            if act is queue.claim and draw.random() < 0.2:
                assignments.skip(session, given, SkipReason.other)
            elif act is queue.claim:
                judge(session, given, draw.choice([1, 7, "tie"]), person)
    session.expire_all()
    assert list(audit.faults(session)) == []
