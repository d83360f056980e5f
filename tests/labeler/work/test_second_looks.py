"""Second looks go to whoever may judge the comparison still, beside other work."""

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler.people.memberships import Membership
from labeler.work import queue
from labeler.work.batches import Batch
from labeler.work.projects import Project
from labeler.work.second_looks import REST
from tests.cast import Cast
from tests.conftest import StoppedClock
from tests.make import judge, load_rows, make_batch, make_project, make_row

SHARE = 0.2
TURNS = 80
"""So many draws leave a share of one fifth out once in 50 million runs."""


@pytest.fixture
def project(session: Session, cast: Cast, frozen: StoppedClock) -> Project:
    """A project in which Ada has judged what there was for nurses, to be looked at twice."""
    project = make_project(session, cast, judgments_per_comparison=1)
    make_batch(session, project, cast, pairs=REST + 5)
    session.execute(sa.update(Batch).values(cohorts=["nurses"]))
    join(session, cast, ["nurses"])
    while held := queue.claim(session, project, by=cast.ada):
        judge(session, held, 1, cast.ada)
    project.repeat_share = SHARE
    frozen.forward(days=1)
    return project


def join(session: Session, cast: Cast, cohorts: list[str]) -> None:
    mine = sa.select(Membership).where(Membership.person_id == cast.ada.id)
    session.scalars(mine).one().cohorts = cohorts
    session.flush()


def repeats(session: Session, cast: Cast, project: Project) -> int:
    """Judge until nothing is left; return how many were second looks."""
    found = 0
    while held := queue.claim(session, project, by=cast.ada):
        found += held.is_repeat
        judge(session, held, 1, cast.ada)
    return found


def test_whoever_has_other_work_looks_again(session: Session, cast: Cast, project: Project) -> None:
    rows = [make_row(number) for number in range(1000, 1000 + TURNS)]
    load_rows(session, project, rows, by=cast.olga)
    assert repeats(session, cast, project) > 0


def test_whoever_left_a_cohort_does_not_look_again(
    session: Session, cast: Cast, project: Project
) -> None:
    join(session, cast, [])
    rows = [make_row(number) for number in range(1000, 1000 + TURNS)]
    others = load_rows(session, project, rows, by=cast.olga)
    while held := queue.claim(session, project, by=cast.ada):
        if held.is_repeat:
            batch_of = sa.text("SELECT batch_id FROM comparisons WHERE id = :id")
            batch = session.scalar(batch_of, {"id": held.comparison_id})
            assert batch == others.id
        judge(session, held, 1, cast.ada)
