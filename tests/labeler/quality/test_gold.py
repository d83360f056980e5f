"""Known answers as owners make them: written, set, mined and unscored; totals follow."""

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler import audit
from labeler.errors import Conflict, Invalid
from labeler.events import Event
from labeler.pay import ledger
from labeler.people import accounts, memberships
from labeler.people.accounts import Person
from labeler.people.memberships import Role
from labeler.quality import decisions, gold
from labeler.quality.gold import Draft
from labeler.work import answers, comparisons, judgments, listings, queue
from labeler.work.assignments import Assignment
from labeler.work.comparisons import EVERYBODY, Comparison
from labeler.work.gold import Gold, GoldSource
from labeler.work.judgments import JudgmentState
from labeler.work.projects import Project
from labeler.work.tallies import Tally
from tests.cast import Cast
from tests.conftest import StoppedClock
from tests.make import judge, load_rows, make_project, make_row, new_key

DRAFT: dict[str, Any] = {
    "prompt": "What is two plus two?",
    "answers": ("Four.", "Five."),
    "better": 0,
    "why": "Count your fingers.",
    "language": "en",
}


@pytest.fixture
def project(session: Session, cast: Cast) -> Project:
    return make_project(session, cast, judgments_per_comparison=5, gold_share=0.5)


def crowd(session: Session, project: Project, number: int) -> list[Person]:
    people = []
    for n in range(number):
        person = accounts.create(session, f"crowd-{n}@example.org", f"Crowd {n}", by=None)
        memberships.grant(session, project.id, person, Role.annotator, by=person)
        people.append(person)
    return people


def say(session: Session, project: Project, person: Person, response: int | None) -> Assignment:
    """Claim what comes next, and prefer this response, or neither."""
    given = queue.claim(session, project, by=person)
    assert given is not None
    prefer(session, given, response, person)
    return given


def prefer(session: Session, given: Assignment, response: int | None, person: Person) -> None:
    choice = "tie" if response is None else 1 if given.places[0] == response else 7
    judge(session, given, choice, person)


def pair(session: Session, project: Project, cast: Cast, number: int = 1) -> Comparison:
    load_rows(session, project, [make_row(number)], by=cast.olga)
    found = sa.select(Comparison).where(Comparison.external_id == f"pair-{number}")
    return session.scalars(found).one()


def gold_of(session: Session, person: Person) -> tuple[int, int]:
    """Return how many known answers the person's tallies have, and how many right."""
    totals = sa.select(sa.func.sum(Tally.gold), sa.func.sum(Tally.gold_right))
    judged, right = session.execute(totals.where(Tally.person_id == person.id)).one()
    return judged or 0, right or 0


# Written


def test_what_is_written_is_gold_like_any_other(
    session: Session, cast: Cast, project: Project
) -> None:
    known = gold.write(session, project, Draft(**DRAFT), by=cast.olga)
    stored = session.get_one(Gold, known.id)
    assert (stored.source, stored.better, stored.why) == (
        GoldSource.written,
        0,
        "Count your fingers.",
    )
    assert [each.text for each in comparisons.responses(session, known.id)] == ["Four.", "Five."]
    assert (known.is_gold, known.wanted, known.language) == (True, EVERYBODY, "en")
    gold.write(session, project, Draft(**DRAFT | {"prompt": "And two times two?"}), by=cast.olga)
    pair(session, project, cast)
    project.gold_share = 1.0
    say(session, project, cast.ada, 0)
    assert gold_of(session, cast.ada) == (1, 1)
    assert list(audit.faults(session)) == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"answers": ("Four.", " Four. ")}, "responses"),
        ({"answers": ("Four.", " ")}, "responses.1.text"),
        ({"prompt": " "}, "prompt.0.content"),
        ({"prompt": "\0"}, "prompt.0.content"),
        ({"language": "not a tag"}, "language"),
    ],
)
def test_what_is_no_comparison_is_refused_with_its_field(
    session: Session, cast: Cast, project: Project, change: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        gold.write(session, project, Draft(**DRAFT | change), by=cast.olga)
    assert list(refused.value.fields) == [field]


def test_the_same_is_written_once(session: Session, cast: Cast, project: Project) -> None:
    gold.write(session, project, Draft(**DRAFT), by=cast.olga)
    with pytest.raises(Conflict, match="already"):
        gold.write(session, project, Draft(**DRAFT | {"better": 1}), by=cast.olga)


def test_a_form_that_asks_for_no_best_answer_takes_no_known_one(
    session: Session, cast: Cast
) -> None:
    rubric = {"questions": [{"kind": "criteria", "criteria": [{"name": "Clear"}]}]}
    project = make_project(session, cast, rubric=rubric)
    with pytest.raises(Invalid, match="best"):
        gold.write(session, project, Draft(**DRAFT), by=cast.olga)


# Set


def test_a_copy_becomes_gold_and_the_original_stays_data(
    session: Session, cast: Cast, project: Project
) -> None:
    original = pair(session, project, cast)
    say(session, project, cast.ada, 1)
    known = gold.set_answer(session, project, original, better=0, why="Count.", by=cast.olga)
    stored = session.get_one(Gold, known.id)
    assert (stored.source, stored.copied_from_id) == (GoldSource.set, original.id)
    assert known.prompt_id == original.prompt_id
    texts = [comparisons.responses(session, each.id) for each in (original, known)]
    first, second = ([each.text for each in some] for some in texts)
    assert first == second
    assert [each.model for each in texts[1]] == ["model-x", "model-y"]
    session.refresh(original)
    assert (original.is_gold, original.judged) == (False, 1)
    assert comparisons.read_votes(original.votes) == [0, 1, 0, 0]
    assert list(audit.faults(session)) == []


def test_nobody_meets_the_original_and_its_copy(
    session: Session, cast: Cast, project: Project
) -> None:
    original = pair(session, project, cast)
    say(session, project, cast.ada, 1)
    gold.set_answer(session, project, original, better=0, why="Count.", by=cast.olga)
    load_rows(session, project, [make_row(n) for n in range(2, 30)], by=cast.olga)
    project.gold_share = 1.0
    met = {cast.ada: set[int](), cast.bea: set[int]()}
    for person, had in met.items():
        while (given := queue.claim(session, project, by=person)) is not None:
            had.add(given.comparison_id)
            judge(session, given, "tie", person)
    known = session.scalars(sa.select(Gold.comparison_id)).one()
    assert known not in met[cast.ada]
    assert known in met[cast.bea]
    assert original.id not in met[cast.bea]


def test_what_is_gold_withdrawn_or_copied_is_not_set(
    session: Session, cast: Cast, project: Project
) -> None:
    original = pair(session, project, cast)
    known = gold.set_answer(session, project, original, better=0, why="Count.", by=cast.olga)
    withdrawn = pair(session, project, cast, 2)
    decisions.withdraw(session, withdrawn, "It shows a name.", by=cast.olga)
    for comparison in (known, withdrawn, original):
        with pytest.raises(Conflict):
            gold.set_answer(session, project, comparison, better=0, why="So.", by=cast.olga)
    with pytest.raises(Invalid):
        other = pair(session, project, cast, 3)
        gold.set_answer(session, project, other, better=2, why="So.", by=cast.olga)


# Mined


def test_agreement_makes_candidates(session: Session, cast: Cast, project: Project) -> None:
    people = crowd(session, project, 5)
    for number, said in enumerate([[1] * 5, [1, 1, 1, 1, 0], [1, 1, 1, 1, None], [None] * 5]):
        pair(session, project, cast, number)
        for person, response in zip(people, said, strict=True):
            say(session, project, person, response)
    found = gold.candidates(session, project.id)
    assert [(each.external_id, each.better, each.agreed, each.judged) for each in found] == [
        ("pair-0", 1, 5, 5)
    ]
    most = gold.candidates(session, project.id, share=0.8)
    assert [each.external_id for each in most] == ["pair-0", "pair-1", "pair-2"]
    assert gold.candidates(session, project.id, least=6) == []
    after = gold.candidates(session, project.id, share=0.8, after=most[0].comparison_id, limit=1)
    assert after == most[1:2]


def test_what_is_mined_is_no_candidate_again(
    session: Session, cast: Cast, project: Project
) -> None:
    original = pair(session, project, cast)
    for person in crowd(session, project, 5):
        say(session, project, person, 1)
    [known] = gold.mine(session, project, {original.id: ""}, by=cast.olga)
    stored = session.get_one(Gold, known.id)
    assert (stored.source, stored.better, stored.why) == (GoldSource.mined, 1, None)
    assert gold.candidates(session, project.id) == []
    with pytest.raises(Conflict, match="otherwise"):
        gold.mine(session, project, {original.id: ""}, by=cast.olga)
    assert list(audit.faults(session)) == []


def test_nothing_is_mined_against_what_people_said_meanwhile(
    session: Session, cast: Cast, project: Project
) -> None:
    original = pair(session, project, cast)
    people = crowd(session, project, 5)
    done = [say(session, project, person, 1) for person in people]
    assert len(gold.candidates(session, project.id)) == 1
    answer = answers.read(session, done[0], "tie")
    judgments.change(session, project, judgments.current(session, done[0]), answer, key=new_key())
    with pytest.raises(Conflict):
        gold.mine(session, project, {original.id: ""}, by=cast.olga)


# Unscored


@pytest.fixture
def known(session: Session, cast: Cast, project: Project) -> Comparison:
    """A known answer that Ada has right and Bea wrong, beside another one that both have right."""
    project.gold_share = 1.0
    rows = [make_row(1), make_row(2, gold=0), make_row(3, gold=1)]
    load_rows(session, project, rows, by=cast.olga)
    for person, said in ((cast.ada, (0, 1)), (cast.bea, (1, 1))):
        for _ in said:
            given = queue.claim(session, project, by=person)
            assert given is not None
            name = session.get_one(Comparison, given.comparison_id).external_id
            prefer(session, given, said[name == "pair-3"], person)
    found = sa.select(Comparison).where(Comparison.external_id == "pair-2")
    return session.scalars(found).one()


def test_an_unscored_answer_counts_for_and_against_nobody(
    session: Session, cast: Cast, project: Project, known: Comparison
) -> None:
    assert (gold_of(session, cast.ada), gold_of(session, cast.bea)) == ((2, 2), (2, 1))
    earned = ledger.earned(session, person_id=cast.bea.id)
    gold.unscore(session, known, "Both are right.", by=cast.olga)
    assert (gold_of(session, cast.ada), gold_of(session, cast.bea)) == ((1, 1), (1, 1))
    assert ledger.earned(session, person_id=cast.bea.id) == earned
    grades = {each.gold_right for each, _ in listings.of_comparison(session, known.id)}
    assert grades == {True, False}, "what was graded stays on record"
    assert list(audit.faults(session)) == []
    stored = session.get_one(Gold, known.id)
    assert (stored.unscored_by, stored.unscored_reason) == (cast.olga.id, "Both are right.")
    event = session.scalars(sa.select(Event).order_by(Event.id.desc()).limit(1)).one()
    assert (event.kind, event.data["subject"]) == ("gold.unscored", known.id)


def test_it_is_given_to_nobody(
    session: Session, cast: Cast, project: Project, known: Comparison
) -> None:
    ahead = queue.reserve(session, project, by=cast.rex)
    assert ahead is not None
    gold.unscore(session, session.get_one(Comparison, ahead.comparison_id), "Wrong.", by=cast.olga)
    if ahead.comparison_id != known.id:
        gold.unscore(session, known, "Wrong.", by=cast.olga)
    given = queue.claim(session, project, by=cast.rex)
    assert given is not None
    assert given.comparison_id not in (known.id, ahead.comparison_id)
    assert list(audit.faults(session)) == []


def test_what_arrives_later_is_graded_paid_and_not_scored(
    session: Session, cast: Cast, project: Project, known: Comparison, frozen: StoppedClock
) -> None:
    held = {person: queue.claim(session, project, by=person) for person in (cast.rex, cast.olga)}
    for given in held.values():
        assert given is not None
        comparison = session.get_one(Comparison, given.comparison_id)
        assert comparison.is_gold
        if session.get_one(Gold, comparison.id).unscored_at is None:
            gold.unscore(session, comparison, "Wrong.", by=cast.olga)
    first, second = held.values()
    assert first is not None
    assert second is not None
    assert judge(session, first, 1, cast.rex).state is JudgmentState.accepted
    frozen.forward(hours=2)
    queue.claim(session, project, by=cast.ada)  # which gives back what is overdue
    late = judge(session, second, 1, cast.olga)
    assert late.state is JudgmentState.late
    assert late.gold_right is not None
    assert ledger.earned(session, person_id=cast.olga.id) == {"EUR": 35}
    for person in (cast.rex, cast.olga):
        assert gold_of(session, person) == (0, 0)
    assert list(audit.faults(session)) == []


def test_a_change_or_an_exclusion_afterwards_moves_no_score(
    session: Session, cast: Cast, project: Project, known: Comparison
) -> None:
    said = {person.id: each for each, person in listings.of_comparison(session, known.id)}
    gold.unscore(session, known, "Wrong.", by=cast.olga)
    given = session.get_one(Assignment, said[cast.bea.id].assignment_id)
    choice = 1 if given.places[0] == 0 else 7
    answer = answers.read(session, given, choice)
    later = judgments.change(session, project, said[cast.bea.id], answer, key=new_key()).judgment
    assert later.gold_right is True
    decisions.exclude(session, said[cast.ada.id], "Too fast.", by=cast.rex)
    assert (gold_of(session, cast.ada), gold_of(session, cast.bea)) == ((1, 1), (1, 1))
    assert list(audit.faults(session)) == []


def test_it_takes_a_reason_and_a_known_answer_once(
    session: Session, cast: Cast, project: Project, known: Comparison
) -> None:
    with pytest.raises(Invalid):
        gold.unscore(session, known, " ", by=cast.olga)
    plain = session.scalars(sa.select(Comparison).where(~Comparison.is_gold).limit(1)).one()
    with pytest.raises(Conflict):
        gold.unscore(session, plain, "Wrong.", by=cast.olga)
    gold.unscore(session, known, "Wrong.", by=cast.olga)
    with pytest.raises(Conflict, match="already"):
        gold.unscore(session, known, "Wrong.", by=cast.olga)


def test_an_audit_names_gold_that_is_unscored_and_still_given(
    session: Session, cast: Cast, project: Project, known: Comparison
) -> None:
    gold.unscore(session, known, "Wrong.", by=cast.olga)
    session.execute(sa.text("UPDATE golds SET unscored_at = NULL"))
    assert f"comparison {known.id} is gold unscored and still given, or the reverse" in [
        *audit.faults(session)
    ]
