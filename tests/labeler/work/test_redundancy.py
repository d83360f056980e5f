"""Redundancy: an adaptive project asks for one more judgment only where the answer is unsure."""

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from labeler import audit
from labeler.errors import Invalid
from labeler.people import accounts, memberships
from labeler.people.accounts import Person
from labeler.people.memberships import Role
from labeler.quality import decisions
from labeler.work import answers, assignments, drafts, judgments, listings, queue
from labeler.work.assignments import SkipReason
from labeler.work.comparisons import Comparison
from labeler.work.counts import Topic, totals
from labeler.work.projects import Project
from labeler.work.redundancy import Reliability, Rule
from tests.cast import Cast
from tests.make import judge, judge_next, load_rows, make_project, make_row, new_key

ADAPTIVE = {"most": 5, "confidence": 0.95, "audit_share": 0}
PAIR = {"steps": 4, "tie": False, "both_bad": False}


def make_adaptive(session: Session, cast: Cast, *, pairs: int = 1, **changes: object) -> Project:
    project = make_project(
        session,
        cast,
        **{"adaptive": ADAPTIVE, "rubric": PAIR, "change_window_minutes": 60} | changes,
    )
    load_rows(session, project, [make_row(n) for n in range(pairs)], by=cast.olga)
    return project


def make_annotators(session: Session, project: Project, cast: Cast, number: int) -> list[Person]:
    people = [
        accounts.create(session, f"a{n}@example.org", f"Annotator {n}", by=None)
        for n in range(number)
    ]
    for person in people:
        memberships.grant(session, project.id, person, Role.annotator, by=cast.olga)
    return people


def say_best(session: Session, project: Project, by: Person, response: int) -> None:
    """Claim what comes next, and find this response better wherever it stands."""
    assignment = queue.claim(session, project, by=by)
    assert assignment is not None
    judge(session, assignment, 1 if assignment.places[0] == response else 4, by)


def only(session: Session, project: Project) -> Comparison:
    return session.scalars(
        sa.select(Comparison)
        .where(Comparison.project_id == project.id)
        .execution_options(populate_existing=True)
    ).one()


def test_more_people_are_asked_until_the_answer_is_sure(session: Session, cast: Cast) -> None:
    project = make_adaptive(session, cast)
    people = make_annotators(session, project, cast, 6)
    wanted = []
    for person, response in zip(people, [0, 1, 0, 0, 0], strict=False):
        say_best(session, project, person, response)
        wanted.append(only(session, project).wanted)
    # 1:0 waits for the second; 1:1 and 2:1 are unsure, 3:1 still is (0.91), five are the most.
    assert wanted == [2, 3, 4, 5, 5]
    assert queue.claim(session, project, by=people[5]) is None
    assert not list(audit.faults(session))


def test_two_who_agree_are_not_enough_and_three_are(session: Session, cast: Cast) -> None:
    project = make_adaptive(session, cast)
    people = make_annotators(session, project, cast, 4)
    for person in people[:3]:
        say_best(session, project, person, 1)
    comparison = only(session, project)
    assert (comparison.wanted, comparison.judged) == (3, 3)
    assert queue.claim(session, project, by=people[3]) is None


def test_more_labels_make_agreement_more_telling(session: Session, cast: Cast) -> None:
    project = make_adaptive(session, cast, rubric={"steps": 5})
    for person in make_annotators(session, project, cast, 2):
        assignment = queue.claim(session, project, by=person)
        assert assignment is not None
        judge(session, assignment, "tie", person)
    assert only(session, project).wanted == 2


def test_whoever_is_judging_is_waited_for(session: Session, cast: Cast) -> None:
    project = make_adaptive(session, cast, judgments_per_comparison=3)
    first, second, third = make_annotators(session, project, cast, 3)
    held = queue.claim(session, project, by=third)
    assert held is not None
    say_best(session, project, first, 0)
    say_best(session, project, second, 1)
    assert only(session, project).wanted == 3
    judge(session, held, 1, third)
    assert only(session, project).wanted == 4


def test_what_is_skipped_is_asked_of_somebody_else(session: Session, cast: Cast) -> None:
    project = make_adaptive(session, cast)
    people = make_annotators(session, project, cast, 4)
    say_best(session, project, people[0], 0)
    say_best(session, project, people[1], 1)
    held = queue.claim(session, project, by=people[2])
    assert held is not None
    assignments.skip(session, held, SkipReason.subject)
    assert queue.claim(session, project, by=people[3]) is not None
    assert not list(audit.faults(session))


def test_sending_again_changes_nothing(session: Session, cast: Cast) -> None:
    project = make_adaptive(session, cast)
    first, second = make_annotators(session, project, cast, 2)
    say_best(session, project, first, 0)
    assignment = queue.claim(session, project, by=second)
    assert assignment is not None
    key = new_key()
    answer = answers.read(session, assignment, 1)
    for _ in range(3):
        judgments.submit(session, assignment, answer, by=second, key=key)
    assert session.get_one(Reliability, (project.id, second.id)).votes == 1
    again = judgments.current(session, assignment)
    before = only(session, project).wanted
    judgments.reconsider(session, again)
    assert only(session, project).wanted == before


def test_a_change_of_mind_asks_for_more(session: Session, cast: Cast) -> None:
    project = make_adaptive(session, cast)
    people = make_annotators(session, project, cast, 4)
    for person in people[:3]:
        say_best(session, project, person, 0)
    assert only(session, project).wanted == 3
    judgment = listings.of_person(session, people[2])[0]
    assignment = assignments.find(session, judgment.assignment_id, by=people[2])
    other = 4 if assignment.places[0] == 0 else 1
    answer = answers.read(session, assignment, other)
    judgments.change(session, project, judgment, answer, key=new_key())
    assert only(session, project).wanted == 4
    assert not list(audit.faults(session))


def test_leaving_a_judgment_out_asks_again_if_need_be(session: Session, cast: Cast) -> None:
    project = make_adaptive(session, cast)
    for person, response in zip(
        make_annotators(session, project, cast, 4), [0, 0, 1, 0], strict=True
    ):
        say_best(session, project, person, response)
    assert only(session, project).wanted == 5
    dissent = session.scalars(
        sa.select(judgments.Judgment).order_by(judgments.Judgment.id).offset(2).limit(1)
    ).one()
    decisions.exclude(session, dissent, "Mistaken: see the comment.", by=cast.rex)
    comparison = only(session, project)
    assert (comparison.judged, comparison.wanted) == (3, 3)
    assert not list(audit.faults(session))


def test_reliable_people_settle_more(session: Session, cast: Cast) -> None:
    project = make_adaptive(session, cast)
    people = make_annotators(session, project, cast, 2)
    for person in people:
        session.add(Reliability(project_id=project.id, person_id=person.id, right=95, votes=100))
    session.flush()
    for person in people:
        say_best(session, project, person, 0)
    assert only(session, project).wanted == 2


@pytest.mark.parametrize(
    ("asked", "better", "worse"),
    [
        ({"kind": "ranking"}, {"ranking": ["A", "B"]}, {"ranking": ["B", "A"]}),
        (
            {"kind": "criteria", "criteria": [{"name": "Correct", "asks": "comparison"}]},
            {"criteria": {"Correct": 1}},
            {"criteria": {"Correct": 5}},
        ),
    ],
)
def test_rankings_and_criteria_adapt_too(
    session: Session,
    cast: Cast,
    asked: dict[str, object],
    better: dict[str, object],
    worse: dict[str, object],
) -> None:
    project = make_adaptive(session, cast, rubric={"questions": [asked]})
    wanted = []
    for person, response in zip(make_annotators(session, project, cast, 3), [0, 1, 0], strict=True):
        assignment = queue.claim(session, project, by=person)
        assert assignment is not None
        said = better if assignment.places[0] == response else worse
        answer = answers.read(session, assignment, answers=said)
        judgments.submit(session, assignment, answer, by=person, key=new_key())
        wanted.append(only(session, project).wanted)
    assert wanted == [2, 3, 4]
    assert not list(audit.faults(session))


def test_the_audit_slice_has_a_fixed_number_and_alone_tells_agreement(
    session: Session, cast: Cast
) -> None:
    adaptive = ADAPTIVE | {"audit_share": 1, "audit_judgments": 3}
    project = make_adaptive(session, cast, adaptive=adaptive)
    people = make_annotators(session, project, cast, 3)
    for person, response in zip(people, [0, 1, 0], strict=True):
        say_best(session, project, person, response)
    comparison = only(session, project)
    assert (comparison.is_adaptive, comparison.wanted) == (False, 3)
    assert sum(totals(session, project.id, Topic.votes).values()) == 3


def test_votes_that_were_asked_for_because_of_others_tell_no_agreement(
    session: Session, cast: Cast
) -> None:
    project = make_adaptive(session, cast)
    judge_next(session, project, cast.ada)
    judge_next(session, project, cast.bea)
    assert not totals(session, project.id, Topic.votes)
    assert not list(audit.faults(session))


def test_the_most_is_not_below_the_least() -> None:
    with pytest.raises(Invalid) as refused:
        drafts.read({"title": "T", "judgments_per_comparison": 5, "adaptive": {"most": 4}})
    assert "fewer than the least" in str(refused.value.fields)


@given(
    least=st.integers(1, 5),
    further=st.integers(0, 5),
    given_=st.integers(0, 12),
    confidence=st.floats(0, 1),
    data=st.data(),
)
def test_the_rule_never_asks_beyond_the_most_nor_takes_back(
    least: int, further: int, given_: int, confidence: float, data: st.DataObject
) -> None:
    rule = Rule(least, least + further, 0.9)
    in_flight = data.draw(st.integers(0, given_))
    wanted = rule.wanted(given_, in_flight, confidence)
    assert wanted >= given_
    assert wanted >= least
    assert wanted <= max(rule.most, given_)
    assert wanted - max(least, given_) in (0, 1)
    assert rule.wanted(given_, in_flight, confidence) == wanted
