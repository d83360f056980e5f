"""Who is given what: by priority, language, group and limit, and what they judged before."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler import audit
from labeler.pay import ledger
from labeler.people import memberships
from labeler.people.accounts import Person
from labeler.people.memberships import Placement
from labeler.work import arrangements, assignments, queue, second_looks
from labeler.work.arrangements import Arrangement
from labeler.work.assignments import Assignment, SkipReason
from labeler.work.batches import Batch
from labeler.work.comparisons import Comparison
from labeler.work.judgments import Judgment, JudgmentState
from labeler.work.projects import Project
from labeler.work.second_looks import REST
from tests.cast import Cast
from tests.conftest import StoppedClock
from tests.make import judge, judge_next, load_rows, make_project, make_row


@pytest.fixture
def project(session: Session, cast: Cast) -> Project:
    return make_project(session, cast, languages=["en", "fr", "pt-BR"])


def add(
    session: Session, project: Project, cast: Cast, ids: str, *, language: str = "en", **said: Any
) -> Batch:
    """Load a pair for each letter as one batch, and arrange it."""
    rows = [
        make_row(ord(letter), id=letter, language=language, gold=0 if letter == "g" else None)
        for letter in ids
    ]
    batch = load_rows(session, project, rows, by=cast.olga)
    arrangements.arrange(session, batch, Arrangement(**said), by=cast.olga)
    return batch


def place(session: Session, project: Project, person: Person, **said: list[str]) -> None:
    memberships.place(session, project.id, person, Placement(**said), by=person)


def name_of(session: Session, assignment: Assignment) -> str:
    return session.get_one(Comparison, assignment.comparison_id).external_id


def judge_all(session: Session, project: Project, person: Person) -> str:
    """Judge until nothing is left; return the letters of what was given, in order."""
    seen = ""
    while (given := queue.claim(session, project, by=person)) is not None:
        seen += name_of(session, given)
        judge(session, given, 1, person)
    return seen


def letters(seen: str) -> str:
    return "".join(sorted(seen))


# Priority


def test_higher_batches_go_first_then_older_ones(
    session: Session, cast: Cast, project: Project
) -> None:
    for ids, priority in (("ab", 0), ("cd", 5), ("ef", -1), ("hi", 5)):
        add(session, project, cast, ids, priority=priority)
    seen = judge_all(session, project, cast.ada)
    assert [letters(seen[n : n + 2]) for n in (0, 2, 4, 6)] == ["cd", "hi", "ab", "ef"]


def test_another_priority_holds_from_the_next_claim_on(
    session: Session, cast: Cast, project: Project
) -> None:
    add(session, project, cast, "abc")
    later = add(session, project, cast, "def")
    held = queue.claim(session, project, by=cast.ada)
    assert held is not None
    assert name_of(session, held) in "abc"
    arrangements.arrange(session, later, Arrangement(priority=1), by=cast.olga)
    assert queue.claim(session, project, by=cast.ada) is held
    judge(session, held, 1, cast.ada)
    assert letters(judge_all(session, project, cast.ada)[:3]) == "def"


# Languages


@pytest.mark.parametrize(
    ("tags", "given"),
    [
        ([], "abcdef"),
        (["en"], "ab"),
        (["fr", "en"], "abcd"),
        (["pt"], "ef"),
        (["pt-BR"], "ef"),
        (["PT-br"], "ef"),
        (["pt-PT"], ""),
        (["fr-CA"], ""),
        (["sw"], ""),
    ],
)
def test_nobody_is_given_a_language_that_is_not_theirs(
    session: Session, cast: Cast, project: Project, tags: list[str], given: str
) -> None:
    for ids, language in (("ab", "en"), ("cd", "fr"), ("ef", "pt-BR")):
        add(session, project, cast, ids, language=language)
    place(session, project, cast.ada, languages=tags)
    assert letters(judge_all(session, project, cast.ada)) == given


def test_known_answers_come_in_their_languages_only(
    session: Session, cast: Cast, project: Project
) -> None:
    project.gold_share = 1.0
    add(session, project, cast, "ab")
    add(session, project, cast, "g", language="fr")
    place(session, project, cast.ada, languages=["en"])
    assert letters(judge_all(session, project, cast.ada)) == "ab"
    assert letters(judge_all(session, project, cast.bea)) == "abg"


def test_another_language_holds_from_the_next_claim_on(
    session: Session, cast: Cast, project: Project
) -> None:
    add(session, project, cast, "ab")
    add(session, project, cast, "cd", language="fr")
    place(session, project, cast.ada, languages=["en"])
    held = queue.claim(session, project, by=cast.ada)
    place(session, project, cast.ada, languages=["fr"])
    assert held is not None
    assert queue.claim(session, project, by=cast.ada) is held
    judge(session, held, 1, cast.ada)
    assert letters(judge_all(session, project, cast.ada)) == "cd"
    place(session, project, cast.ada, languages=[])
    assert len(judge_all(session, project, cast.ada)) == 1


# Groups


def test_a_batch_for_some_groups_is_given_to_nobody_else(
    session: Session, cast: Cast, project: Project
) -> None:
    add(session, project, cast, "ab", cohorts=["experts", "night"])
    add(session, project, cast, "c")
    place(session, project, cast.ada, cohorts=["experts"])
    place(session, project, cast.rex, cohorts=["day"])
    assert letters(judge_all(session, project, cast.ada)) == "abc"
    assert judge_all(session, project, cast.rex) == "c"
    assert judge_all(session, project, cast.bea) == ""  # two judgments of c are in


def test_groups_that_change_hold_from_the_next_claim_on(
    session: Session, cast: Cast, project: Project
) -> None:
    batch = add(session, project, cast, "ab", cohorts=["experts"])
    assert judge_all(session, project, cast.ada) == ""
    place(session, project, cast.ada, cohorts=["experts"])
    assert letters(judge_all(session, project, cast.ada)) == "ab"
    assert judge_all(session, project, cast.bea) == ""
    arrangements.arrange(session, batch, Arrangement(cohorts=[]), by=cast.olga)
    assert letters(judge_all(session, project, cast.bea)) == "ab"


# Limits


def test_nobody_is_given_more_than_the_project_s_limit(
    session: Session, cast: Cast, project: Project
) -> None:
    project.most_per_person = 3
    add(session, project, cast, "abc")
    add(session, project, cast, "de", language="fr")
    assert len(judge_all(session, project, cast.ada)) == 3
    assert len(judge_all(session, project, cast.bea)) == 3
    project.most_per_person = 4
    assert len(judge_all(session, project, cast.ada)) == 1
    project.most_per_person = None
    assert len(judge_all(session, project, cast.ada)) == 1


def test_what_is_skipped_does_not_use_up_the_limit(
    session: Session, cast: Cast, project: Project
) -> None:
    project.most_per_person = 1
    add(session, project, cast, "ab")
    given = queue.claim(session, project, by=cast.ada)
    assert given is not None
    assignments.skip(session, given, SkipReason.subject)
    assert len(judge_all(session, project, cast.ada)) == 1


def test_each_language_has_its_limit_and_none_is_kept_back(
    session: Session, cast: Cast, project: Project
) -> None:
    project.most_per_language = {"FR": 2, "pt": 0}
    add(session, project, cast, "ab")
    add(session, project, cast, "cde", language="fr")
    add(session, project, cast, "fh", language="pt-BR")
    seen = judge_all(session, project, cast.ada)
    assert Counter("fr" if one in "cde" else "en" for one in seen) == {"en": 2, "fr": 2}
    project.most_per_language = {"fr": 2}
    assert letters(judge_all(session, project, cast.ada)) == "fh"


def test_a_batch_has_its_limit_for_one_person(
    session: Session, cast: Cast, project: Project
) -> None:
    batch = add(session, project, cast, "abc", most_per_person=1)
    add(session, project, cast, "d")
    for person in (cast.ada, cast.bea):
        seen = judge_all(session, project, person)
        assert len(set(seen) & set("abc")) == 1
        assert "d" in seen
    arrangements.arrange(session, batch, Arrangement(most_per_person=2), by=cast.olga)
    assert len(judge_all(session, project, cast.ada)) == 1
    arrangements.arrange(session, batch, Arrangement(most_per_person=None), by=cast.olga)
    assert len(judge_all(session, project, cast.ada)) == 1
    assert list(audit.faults(session)) == []


# Second looks


def looks(session: Session, person: Person) -> list[Assignment]:
    mine = sa.select(Assignment).where(Assignment.person_id == person.id, Assignment.is_repeat)
    return list(session.scalars(mine.order_by(Assignment.id)))


def test_a_second_look_comes_a_day_and_twenty_others_later_the_other_way_round(
    session: Session, cast: Cast, project: Project, frozen: StoppedClock
) -> None:
    project.repeat_share = 1.0
    load_rows(session, project, [make_row(n) for n in range(REST + 4)], by=cast.olga)
    first = judge_next(session, project, cast.ada)
    for _ in range(REST):
        judge_next(session, project, cast.ada)
    frozen.forward(hours=23)
    judge_next(session, project, cast.ada)
    assert looks(session, cast.ada) == []
    frozen.forward(hours=1)
    second = judge_next(session, project, cast.ada)
    (look,) = looks(session, cast.ada)
    assert second.assignment_id == look.id
    assert look.comparison_id == first.comparison_id
    assert look.places == session.get_one(Assignment, first.assignment_id).places[::-1]
    assert (second.state, second.counts) == (JudgmentState.repeat, False)
    comparison = session.get_one(Comparison, first.comparison_id, populate_existing=True)
    assert (comparison.taken, comparison.judged) == (1, 1)
    said = sa.select(sa.func.count()).select_from(Judgment)
    assert session.scalar(said) == REST + 3
    paid = ledger.earned(session, person_id=cast.ada.id)
    assert paid == {"EUR": 35 * (REST + 3)}
    assert list(audit.faults(session)) == []


def test_nothing_is_looked_at_a_third_time_or_alone(
    session: Session, cast: Cast, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(second_looks, "DAY", timedelta(0))
    project.repeat_share = 1.0
    load_rows(session, project, [make_row(n) for n in range(REST + 4)], by=cast.olga)
    while queue.claim(session, project, by=cast.ada) is not None:
        judge_next(session, project, cast.ada)
    seen = Counter(look.comparison_id for look in looks(session, cast.ada))
    assert seen
    assert set(seen.values()) == {1}
    left = session.scalar(sa.select(sa.func.count()).where(Comparison.taken == 0))
    assert left == 0  # second looks end with the other work, and keep nobody from it


# Known answers


def test_known_answers_alone_give_out_nothing(
    session: Session, cast: Cast, project: Project
) -> None:
    project.gold_share = 1.0
    add(session, project, cast, "g")
    assert queue.claim(session, project, by=cast.ada) is None
    add(session, project, cast, "a")
    assert letters(judge_all(session, project, cast.ada)) == "ag"
    assert queue.claim(session, project, by=cast.ada) is None
