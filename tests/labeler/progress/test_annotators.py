"""What annotators see of themselves, and what it costs the database to tell them."""

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler import progress
from labeler.database import Database
from labeler.progress import annotators
from labeler.work import assignments
from labeler.work.projects import Project
from tests.cast import Cast, make_cast
from tests.conftest import NewAddress, StoppedClock
from tests.make import judge, load_rows, make_project, make_row


def judge_for(
    session: Session, project: Project, cast: Cast, frozen: StoppedClock, *seconds: int
) -> None:
    """Let Ada take so long for each of some judgments."""
    for number in seconds:
        held = assignments.claim(session, project, by=cast.ada)
        assert held is not None
        frozen.forward(seconds=number)
        judge(session, held, 1, cast.ada)


def test_the_time_of_a_judgment_is_that_of_the_latest(
    session: Session, cast: Cast, frozen: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_project(session, cast)
    load_rows(session, project, [make_row(n) for n in range(7)], by=cast.olga)
    judge_for(session, project, cast, frozen, 900, 900, 900, 900, 30, 10, 20)
    monkeypatch.setattr(annotators, "LATEST", 3)
    [mine] = progress.work_of(session, cast.ada)
    assert mine.median_ms == 20_000
    assert progress.median_ms(session, project.id) == 900_000


def test_the_progress_of_projects_is_read_from_an_index_alone(new_address: NewAddress) -> None:
    database = Database(new_address("sqlite"))
    with database.writing() as session:
        cast = make_cast(session)
        project = make_project(session, cast)
        load_rows(session, project, [make_row(n) for n in range(7)], by=cast.olga)
        asked: list[tuple[str, object]] = []
        sa.event.listen(
            database.engine,
            "before_cursor_execute",
            lambda _conn, _cursor, statement, values, *_: asked.append((statement, values)),
        )
        progress.done_of(session, [project.id])
        [(statement, values)] = asked
        plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        assert "COVERING INDEX ix_comparisons_progress" in str(plan.all())
    database.close()
