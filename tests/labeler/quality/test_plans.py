"""Plans: told from a pilot if there is one, and in the project's own money."""

from math import isnan

import pytest
from sqlalchemy.orm import Session

from labeler.quality import plans
from labeler.work.redundancy import Reliability
from tests.cast import Cast
from tests.make import judge_next, load_rows, make_project, make_row


def test_without_a_pilot_people_are_as_in_published_work(session: Session, cast: Cast) -> None:
    project = make_project(session, cast)
    load_rows(
        session, project, [make_row(n, gold=0 if n == 0 else None) for n in range(11)], by=cast.olga
    )
    plan = plans.make(session, project)
    assert (plan.comparisons, plan.pilot.tells) == (10, False)
    assert isnan(plan.pilot.agreement)
    assert len(plan.lines) == len(plans.FIXED) + len(plans.CONFIDENCES)


def test_a_design_costs_its_judgments(session: Session, cast: Cast) -> None:
    project = make_project(session, cast, pay={"per_judgment": "0.35", "currency": "EUR"})
    three = plans.make(session, project, 1_000).lines[2]
    assert (three.design.most, three.votes) == (3, 3)
    assert (three.judgments, three.cost_minor) == (3_000, 105_000)


def test_a_pilot_tells_how_often_two_say_the_same(session: Session, cast: Cast) -> None:
    project = make_project(session, cast)
    load_rows(session, project, [make_row(n) for n in range(plans.PAIRS)], by=cast.olga)
    for _ in range(plans.PAIRS):
        judge_next(session, project, cast.ada, "tie")
    for n in range(plans.PAIRS):
        judge_next(session, project, cast.bea, "tie" if n % 4 else "both_bad")
    for person in (cast.ada, cast.bea):
        session.add(Reliability(project_id=project.id, person_id=person.id, right=90, votes=100))
    session.flush()
    found = plans.pilot(session, project.id)
    assert found.tells
    assert (found.pairs, found.agreement) == (plans.PAIRS, pytest.approx(0.75))
    assert found.accuracies == [pytest.approx(98 / 110.4)] * 2
