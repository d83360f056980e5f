"""Judgments drawn by lot: accepted ones that nobody was asked to look at."""

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler.errors import Invalid
from labeler.quality import decisions, queues, samples
from labeler.quality.reviews import Review, ReviewKind
from labeler.work.projects import Project
from tests.cast import Cast
from tests.make import judge_next, load_rows, make_project, make_row


def test_each_is_drawn_once(session: Session, cast: Cast, project: Project) -> None:
    made = [judge_next(session, project, cast.ada) for _ in range(3)]
    elsewhere = make_project(session, cast, slug="elsewhere")
    load_rows(session, elsewhere, [make_row(n) for n in range(3)], by=cast.olga)
    judge_next(session, elsewhere, cast.ada)
    made.append(judge_next(session, project, cast.bea))
    decisions.exclude(session, made.pop(1), "Too fast.", by=cast.rex)
    assert samples.draw_sample(session, project, 2, by=cast.rex) == 2
    assert samples.draw_sample(session, project, 9, by=cast.rex) == 1
    assert samples.draw_sample(session, project, 9, by=cast.rex) == 0
    found = queues.page(session, project.id)
    assert sorted(each.judgment_id or 0 for each in found) == [each.id for each in made]
    assert {(each.kind, each.opened_by) for each in found} == {(ReviewKind.sample, cast.rex.id)}


def test_known_answers_are_looked_at_otherwise(session: Session, cast: Cast) -> None:
    project = make_project(session, cast)
    project.gold_share = 1.0
    load_rows(session, project, [make_row(1, gold=0), make_row(2)], by=cast.olga)
    assert judge_next(session, project, cast.ada).gold_right is not None
    assert samples.draw_sample(session, project, 5, by=cast.rex) == 0


@pytest.mark.parametrize("number", [0, -1, samples.MOST + 1])
def test_the_number_has_bounds(session: Session, cast: Cast, project: Project, number: int) -> None:
    with pytest.raises(Invalid) as refusal:
        samples.draw_sample(session, project, number, by=cast.rex)
    assert list(refusal.value.fields) == ["number"]
    assert session.scalar(sa.select(sa.func.count(Review.id))) == 0


def test_where_nobody_judged_nothing_is_drawn(
    session: Session, cast: Cast, project: Project
) -> None:
    assert samples.draw_sample(session, project, 5, by=cast.rex) == 0
