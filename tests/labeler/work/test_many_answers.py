"""Comparisons of more than two answers: loaded, given out, ranked, graded, changed, left out."""

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from exports.choosing import votes
from exports.choosing.criteria import Criteria
from exports.choosing.pairs import Reason, decide
from exports.choosing.selection import glance, select
from labeler import audit, recounts
from labeler.database import Database
from labeler.errors import Invalid
from labeler.quality import decisions
from labeler.work import answers, batches, judgments, projects, queue
from labeler.work.comparisons import Comparison, Prompt
from labeler.work.judgments import Judgment
from labeler.work.layouts import Message, ResponseIn, Row
from labeler.work.projects import Project
from labeler.work.rubrics import RubricDraft
from tests.cast import Cast, make_cast
from tests.make import judge_next, load_rows, make_project, make_row, new_key

RANKING = {"questions": [{"kind": "ranking"}]}
RATING = {"questions": [{"kind": "criteria", "criteria": [{"name": "Clear"}]}]}


def many(number: int, answers: int, **changes: Any) -> Row:
    texts = tuple(ResponseIn(text=f"Answer {n} of {number}.") for n in range(answers))
    return make_row(number, responses=texts, **changes)


def rank_next(session: Session, project: Project, by: Any, numbers: list[list[int]]) -> Judgment:
    """Rank what comes next in this order of the responses' numbers."""
    assignment = queue.claim(session, project, by=by)
    assert assignment is not None
    tiers = [["ABCDEFGHIJ"[assignment.places.index(n)] for n in tier] for tier in numbers]
    answer = answers.read(session, assignment, answers={"ranking": tiers})
    return judgments.submit(session, assignment, answer, by=by, key=new_key()).judgment


def test_a_ranking_project_takes_two_to_ten_answers(session: Session, cast: Cast) -> None:
    project = make_project(session, cast, rubric=RANKING)
    batch = load_rows(session, project, [many(n, n) for n in range(2, 11)], by=cast.olga)
    assert batch.comparisons == 9
    for _ in range(9):
        assignment = queue.claim(session, project, by=cast.ada)
        assert assignment is not None
        assert sorted(assignment.places) == list(range(len(assignment.places)))
        given = {"ranking": [list("ABCDEFGHIJ"[: len(assignment.places)])]}
        answer = answers.read(session, assignment, answers=given)
        judgments.submit(session, assignment, answer, by=cast.ada, key=new_key())
    assert list(audit.faults(session)) == []


def test_a_project_of_pairs_takes_two(session: Session, cast: Cast) -> None:
    project = make_project(session, cast)
    rows = [make_row(1), many(2, 3), many(3, 4)]
    with pytest.raises(Invalid) as refusal:
        list(batches.load(session, project, rows, name="n", digest="d", by=cast.olga))
    assert refusal.value.fields == {
        "line 2, responses": "There are 3 answers; exactly two are compared.",
        "line 3, responses": "There are 4 answers; exactly two are compared.",
    }


def test_where_nobody_says_which_is_best_there_are_no_known_answers(
    session: Session, cast: Cast
) -> None:
    project = make_project(session, cast, rubric=RATING)
    with pytest.raises(Invalid) as refusal:
        load_rows(session, project, [many(1, 3, gold=2)], by=cast.olga)
    assert list(refusal.value.fields) == ["line 1, gold"]


@pytest.mark.parametrize(
    ("order", "right"),
    [([[2], [0, 1]], True), ([[0, 2], [1]], False), ([[0], [1], [2]], False)],
)
def test_a_known_answer_is_found_alone_on_top(
    session: Session, cast: Cast, order: list[list[int]], right: bool
) -> None:
    project = make_project(session, cast, rubric=RANKING, gold_share=0.5)
    rows = [many(1, 3), many(2, 3, gold=2)]
    load_rows(session, project, rows, by=cast.olga)
    while (judgment := rank_next(session, project, cast.ada, order)).gold_right is None:
        load_rows(session, project, [many(100 + judgment.id, 3)], by=cast.olga)
    assert judgment.gold_right is right
    assert list(audit.faults(session)) == []


def test_rankings_are_no_votes_and_every_total_holds(session: Session, cast: Cast) -> None:
    project = make_project(session, cast, rubric=RANKING)
    load_rows(session, project, [many(1, 3)], by=cast.olga)
    first = rank_next(session, project, cast.ada, [[0], [1], [2]])
    second = rank_next(session, project, cast.bea, [[2], [0, 1]])
    decisions.exclude(session, first, "Too fast.", by=cast.rex)
    assert (second.preferred, second.label) == (2, None)
    comparison = session.scalars(sa.select(Comparison)).one()
    assert (comparison.votes, comparison.judged) == (0, 1)
    assert list(audit.faults(session)) == []
    recounts.rebuild(session)
    assert list(audit.faults(session)) == []


def test_what_a_ranking_prefers_is_verified(database: Database) -> None:
    with database.writing() as session:
        cast = make_cast(session)
        project = make_project(session, cast, rubric=RANKING)
        load_rows(session, project, [many(1, 3)], by=cast.olga)
        rank_next(session, project, cast.ada, [[2], [0, 1]])
        session.commit()
    with database.writing() as session:
        drop = "DROP TRIGGER judgments_refuse_update"
        session.execute(sa.text(drop + ("" if database.is_sqlite else " ON judgments")))
        session.execute(sa.text("UPDATE judgments SET preferred = 1"))
        assert "does not prefer" in " ".join(audit.faults(session))


def test_a_ranking_is_no_vote_on_a_pair(database: Database) -> None:
    with database.writing() as session:
        cast = make_cast(session)
        project = make_project(session, cast, judgments_per_comparison=1, rubric=RANKING)
        load_rows(session, project, [many(1, 2), many(2, 2)], by=cast.olga)
        rank_next(session, project, cast.ada, [[0], [1]])
        projects.ask(session, project, RubricDraft(), by=cast.olga)
        judge_next(session, project, cast.ada, 1)
        session.commit()
        mark = glance(session, project.id)
    pages = list(select(database.reading, project.id, mark))
    counted = [votes.count(one.said) for page in pages for one in page]
    assert sorted((one.number, one.ranked) for one in counted) == [(0, 1), (1, 0)]
    rules = Criteria(min_judgments=1)
    by_votes = {one.ranked: decide(one, None, (), rules) for one in counted}
    assert by_votes[1] is Reason.excluded  # no pair without its order
    assert not isinstance(by_votes[0], Reason)


# A form that changes


def test_a_form_fits_what_is_loaded(session: Session, cast: Cast) -> None:
    project = make_project(session, cast, rubric=RANKING)
    load_rows(session, project, [many(1, 3), many(2, 2, gold=0)], by=cast.olga)
    for draft in (RubricDraft(), RubricDraft.model_validate(RATING)):
        with pytest.raises(Invalid) as refusal:
            projects.ask(session, project, draft, by=cast.olga)
        assert list(refusal.value.fields) == ["rubric"]
    assert project.rubric_number == 1
    more = RubricDraft.model_validate(
        {"questions": [*RANKING["questions"], *RATING["questions"], {"kind": "flags"}]}
    )
    assert projects.ask(session, project, more, by=cast.olga)
    assert not projects.ask(session, project, more, by=cast.olga)
    assert project.rubric_number == 2


def test_turns_keep_their_languages(session: Session, cast: Cast) -> None:
    project = make_project(session, cast)
    turns = (Message(role="user", content="سلام", language="fa"),)
    plain = (Message(role="user", content="سلام"),)
    rows = [make_row(1, messages=turns), make_row(2, messages=plain)]
    load_rows(session, project, rows, by=cast.olga)
    found = session.scalars(sa.select(Prompt.messages).order_by(Prompt.id)).all()
    assert found == [
        [{"role": "user", "content": "سلام", "language": "fa"}],
        [{"role": "user", "content": "سلام"}],
    ]
