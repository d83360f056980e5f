"""Comparisons: slots that are taken once, counted once, and never fewer than none."""

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from labeler.errors import NotFound
from labeler.work import comparisons
from labeler.work.comparisons import Comparison
from labeler.work.projects import Project
from tests.cast import Cast
from tests.make import load_rows, make_batch, make_project, make_row


@pytest.fixture
def project(session: Session, cast: Cast) -> Project:
    """Three pairs, wanted twice each."""
    project = make_project(session, cast)
    make_batch(session, project, cast)
    return project


@pytest.fixture
def comparison(session: Session, project: Project) -> Comparison:
    return comparisons.page(session, project.id)[0]


def slots(session: Session, comparison: Comparison) -> tuple[int, int]:
    session.refresh(comparison)
    return comparison.open_slots, comparison.judged


def test_a_slot_is_taken_judged_and_taken_back(session: Session, comparison: Comparison) -> None:
    assert slots(session, comparison) == (2, 0)
    assert comparisons.take_slot(session, comparison.id)
    assert slots(session, comparison) == (1, 0)
    comparisons.count_judgment(session, comparison.id, 0)
    assert slots(session, comparison) == (1, 1)
    comparisons.uncount_judgment(session, comparison.id, 0)
    assert slots(session, comparison) == (2, 0)


def test_there_are_no_more_slots_than_wanted(session: Session, comparison: Comparison) -> None:
    taken = [comparisons.take_slot(session, comparison.id) for _ in range(4)]
    assert taken == [True, True, False, False]
    comparisons.give_back_slots(session, [comparison.id, comparison.id])
    assert slots(session, comparison) == (2, 0)


def test_the_database_refuses_slots_that_do_not_add_up(
    session: Session, comparison: Comparison
) -> None:
    for statement in (
        sa.update(Comparison).values(taken=3),
        sa.update(Comparison).values(judged=-1),
        sa.update(Comparison).values(taken=0, judged=1),
    ):
        with pytest.raises(IntegrityError, match="slots"), session.begin_nested():
            session.execute(statement)


def test_a_comparison_is_found_in_its_project_only(
    session: Session, cast: Cast, project: Project, comparison: Comparison
) -> None:
    other = make_project(session, cast, slug="other")
    assert comparisons.find(session, project.id, comparison.id) is comparison
    for project_id, comparison_id in ((other.id, comparison.id), (project.id, 10**9)):
        with pytest.raises(NotFound):
            comparisons.find(session, project_id, comparison_id)


def test_pages_follow_one_another_without_gap_or_repetition(session: Session, cast: Cast) -> None:
    project = make_project(session, cast)
    rows = [make_row(n, language="fr" if n % 5 == 0 else "en") for n in range(23)]
    load_rows(session, project, rows, by=cast.olga)
    seen, after = list[str](), 0
    while page := comparisons.page(session, project.id, after=after, limit=10):
        seen += [comparison.external_id for comparison in page]
        after = page[-1].id
    assert seen == [f"pair-{n}" for n in range(23)]
    french = comparisons.page(session, project.id, language="fr")
    assert [comparison.external_id for comparison in french] == [
        f"pair-{n}" for n in (0, 5, 10, 15, 20)
    ]


def test_a_page_reads_no_details(session: Session, project: Project) -> None:
    session.expunge_all()
    for comparison in comparisons.page(session, project.id):
        assert "details" in sa.inspect(comparison).unloaded


def test_responses_come_in_the_order_of_the_file(session: Session, comparison: Comparison) -> None:
    first, second = comparisons.responses(session, comparison.id)
    assert (first.number, first.text, first.model) == (0, "It is 1.", "model-x")
    assert (second.number, second.text, second.model) == (1, "It is 0.", "model-y")


def test_prompts_are_found_by_number(session: Session, comparison: Comparison) -> None:
    found = comparisons.prompts(session, [comparison.prompt_id, comparison.prompt_id])
    assert found[comparison.prompt_id].messages == [
        {"role": "user", "content": "What is 0 plus one?"}
    ]
    assert comparisons.prompts(session, []) == {}
