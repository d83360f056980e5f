"""Forms that were there become lists of questions, and back, without a change of meaning."""

import pytest
import sqlalchemy as sa

import exports.kept.releases  # noqa: F401
import labeler.app  # noqa: F401 (which every table comes with)
from labeler import audit
from labeler.database import Database
from labeler.people import accounts
from labeler.work import rubrics
from labeler.work.projects import Project
from labeler.work.rubrics import ReasonRule, RubricDraft
from tests.cast import make_cast
from tests.make import judge_next, load_rows, make_project, make_row

OLD, NEW = "2026_11_27_language", "2026_11_27_questions"
DRAFTS = [
    RubricDraft(),
    RubricDraft(steps=2, tie=False, both_bad=False, reason=ReasonRule.none),
    RubricDraft(steps=6, reason=ReasonRule.required, reason_min=40),
]
RANKING = {"questions": [{"kind": "ranking"}]}


def _columns(database: Database) -> list[tuple[object, ...]]:
    query = "SELECT number, steps, tie, both_bad, reason, reason_min FROM rubrics ORDER BY number"
    with database.reading() as session:
        return [tuple(row) for row in session.execute(sa.text(query))]


def _asked(database: Database) -> list[object]:
    with database.reading() as session:
        found = session.scalars(sa.select(rubrics.Rubric).order_by(rubrics.Rubric.number))
        return [rubric.asked for rubric in found]


@pytest.fixture
def judged(database: Database) -> Database:
    """A project with three versions of its form, and a judgment by the first."""
    with database.writing() as session:
        cast = make_cast(session)
        project = make_project(session, cast, rubric={})
        load_rows(session, project, [make_row(1)], by=cast.olga)
        judge_next(session, project, cast.ada, 7)
        for draft in DRAFTS[1:]:
            rubrics.publish(session, project.id, draft, by=cast.olga)
        session.commit()
    return database


def test_down_and_up_again_the_forms_ask_the_same(judged: Database) -> None:
    judged.downgrade(OLD)
    assert [(steps, reason, least) for _, steps, _, _, reason, least in _columns(judged)] == [
        (7, "optional", 0),
        (2, "none", 0),
        (6, "required", 40),
    ]
    assert [bool(tie) for _, _, tie, *_ in _columns(judged)] == [True, False, True]
    judged.upgrade(NEW)
    assert _asked(judged) == [draft.asked for draft in DRAFTS]
    judged.downgrade(OLD)
    judged.upgrade()
    assert _asked(judged) == [draft.asked for draft in DRAFTS]
    with judged.reading() as session:
        assert list(audit.faults(session)) == []


def test_what_was_said_is_guarded_like_the_rest(judged: Database) -> None:
    for version in (OLD, NEW):
        judged.downgrade(OLD) if version == OLD else judged.upgrade(NEW)
        column = "reason" if version == OLD else "said"
        with judged.writing() as session, pytest.raises(sa.exc.DBAPIError, match="appended"):
            session.execute(sa.text(f"UPDATE judgments SET {column} = NULL"))


def test_nobody_goes_back_behind_what_was_said(judged: Database) -> None:
    with judged.writing() as session:
        project = session.scalars(sa.select(Project)).one()
        draft = RubricDraft.model_validate(RANKING)
        rubrics.publish(session, project.id, draft, by=accounts.find(session, "olga@example.org"))
        session.commit()
    with pytest.raises(RuntimeError, match="cannot keep"):
        judged.downgrade(OLD)
    judged.require_current()
