"""How the database finds what comes next: by its indexes, among many as among few.

What is asked for a plan are the very statements of a claim, as the driver was told them.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import sqlalchemy as sa
from psycopg import sql
from sqlalchemy.orm import Session

from labeler.database import Database
from labeler.people.accounts import Person
from labeler.work import batches, queue
from labeler.work.projects import Project
from tests.cast import Cast, make_cast
from tests.conftest import NewAddress
from tests.make import judge_next, make_batch, make_project, make_row
from tests.statements import Statement, heard

pytestmark = pytest.mark.slow
FEW, MANY = 1_000, 200_000
SIZES = {FEW: 250, MANY: 5_000}
"""How many comparisons there are, and how many of them the veteran has judged."""
BUFFERS = {"Bea": 400, "Ada": 400}
"""How many pages of 8 kB PostgreSQL may look at for one claim among many: of somebody new, and of
somebody who has had all that was begun, and so looks twice as often in vain."""
FEW_BUFFERS = 2_000
"""Among few it may read them all: it takes that for no dearer."""
LARGE = ("comparisons", "assignments")
LOOKED_THROUGH = re.compile(rf"SCAN ({'|'.join(LARGE)})(_\d+)?\b")
PLACEHOLDER = re.compile(r"%\((\w+)\)s")

MORE = """
WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :size)
INSERT INTO comparisons (project_id, batch_id, lane_id, prompt_id, external_id, language, is_gold,
    shuffle, wanted, surplus, taken, judged, votes, details)
SELECT project_id, batch_id, lane_id, prompt_id, 'more-' || n, language, is_gold,
    n * 6364136223 % 1099511627689 * 4194304, wanted, surplus, 0, 0, 0, details
FROM numbers, comparisons WHERE id = :example
"""
DONE = """
INSERT INTO assignments (project_id, comparison_id, person_id, is_repeat, state, places,
    guideline_number, rubric_number, pay_minor, currency, opened_at, deadline, closed_at)
SELECT project_id, id, person_id, is_repeat, state, places,
    guideline_number, rubric_number, pay_minor, currency, opened_at, deadline, closed_at
FROM (SELECT id FROM comparisons WHERE taken = 0 ORDER BY external_id LIMIT :done) AS them,
    (SELECT project_id, person_id, is_repeat, state, places, guideline_number, rubric_number,
        pay_minor, currency, opened_at, deadline, closed_at FROM assignments) AS example
"""
BEGUN = """
UPDATE comparisons SET taken = 1, judged = 1
WHERE taken = 0 AND id IN (SELECT comparison_id FROM assignments)
"""

READ_THROUGH = """
SELECT seq_tup_read + (
    SELECT sum(idx_tup_read) FROM pg_stat_user_indexes
    WHERE relname = 'comparisons' AND indexrelname != 'pk_comparisons'
) FROM pg_stat_user_tables WHERE relname = 'comparisons'
"""
"""All that was read of comparisons, but for the checks of what refers to them."""


def fill(session: Session, size: int, done: int) -> tuple[Cast, Project]:
    """Make so many comparisons, wanted thrice; Ada has judged some, which nobody else has begun."""
    cast = make_cast(session)
    project = make_project(session, cast, judgments_per_comparison=3)
    make_batch(session, project, cast, pairs=1)
    example = judge_next(session, project, cast.ada).comparison_id
    session.execute(sa.text(MORE), {"size": size, "example": example})
    session.execute(sa.text(DONE), {"done": done})
    session.execute(sa.text(BEGUN))
    session.execute(sa.text("ANALYZE"))
    session.commit()
    return cast, project


def statements(session: Session, project: Project, person: Person) -> list[Statement]:
    """Return what a claim says to the database; it is undone."""
    with session.begin_nested() as nested:
        with heard(session) as said:
            assert queue.claim(session, project, by=person) is not None
        nested.rollback()
    session.expire_all()
    return said


# SQLite


def plan_of_sqlite(session: Session, statement: Statement) -> list[tuple[int, str]]:
    """Return the steps of a plan, each with the number of the step that it belongs to."""
    asked = f"EXPLAIN QUERY PLAN {statement.words}"
    rows = session.connection().exec_driver_sql(asked, statement.bound)
    return [(parent, detail) for _, parent, _, detail in rows]


def sorted_lanes(plan: Sequence[tuple[int, str]]) -> list[str]:
    """Return how lanes are searched whose rows are then sorted."""
    sorting = {parent for parent, detail in plan if "TEMP B-TREE" in detail}
    return [detail for parent, detail in plan if parent in sorting and "ix_comparisons" in detail]


@pytest.mark.parametrize("size", SIZES)
def test_sqlite_looks_nothing_through(new_address: NewAddress, size: int) -> None:
    database = Database(new_address("sqlite"))
    with database.writing() as session:
        cast, project = fill(session, size, SIZES[size])
        for person in (cast.ada, cast.bea):
            plans = [plan_of_sqlite(session, one) for one in statements(session, project, person)]
            steps = [detail for plan in plans for _, detail in plan]
            assert [step for step in steps if LOOKED_THROUGH.search(step)] == []
            assert [lane for plan in plans for lane in sorted_lanes(plan)] == []
            for index in ("ix_comparisons_started", "ix_comparisons_fresh"):
                by = rf"SEARCH comparisons_\d+ USING INDEX {index} \(lane_id=\? AND shuffle>\?"
                assert [step for step in steps if re.match(by, step)], steps
    database.close()


# PostgreSQL


def plan_of_postgresql(session: Session, statement: Statement) -> dict[str, Any]:
    """Run the statement by a plan that was made before its values were known; return the plan."""
    names = PLACEHOLDER.findall(statement.words)
    numbers = iter(range(1, len(names) + 1))
    words = PLACEHOLDER.sub(lambda _: f"${next(numbers)}", statement.words).replace("%%", "%")
    values = sql.SQL(", ").join(sql.Literal(statement.bound[name]) for name in names)
    execute = sql.SQL("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE asked")
    connection = session.connection().connection.driver_connection
    assert connection is not None
    connection.execute("SET LOCAL plan_cache_mode = force_generic_plan")
    connection.execute(f"PREPARE asked AS {words}")
    told = connection.execute(execute + sql.SQL("({})").format(values) if names else execute)
    plan: dict[str, Any] = told.fetchone()[0][0]["Plan"]
    connection.execute("DEALLOCATE asked")
    return plan


def steps_of(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from steps_of(part)


def buffers(plan: dict[str, Any]) -> int:
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


@pytest.mark.parametrize("size", SIZES)
def test_postgresql_looks_at_few_pages(new_address: NewAddress, size: int) -> None:
    database = Database(new_address("postgresql"))
    with database.writing() as session:
        cast, project = fill(session, size, SIZES[size])
        for person in (cast.ada, cast.bea):
            session.refresh(project)
            session.refresh(person)
            said = statements(session, project, person)
            plans = [plan_of_postgresql(session, one) for one in said]
            session.rollback()
            looked = [buffers(plan) for plan in plans]
            print(f"{person.name} among {size}: {looked} pages")
            assert sum(looked) <= (BUFFERS[person.name] if size == MANY else FEW_BUFFERS)
            steps = [step for plan in plans for step in steps_of(plan)]
            used = {step.get("Index Name") for step in steps}
            assert used >= {"ix_comparisons_started", "ix_comparisons_fresh"}
            through = {s["Relation Name"] for s in steps if s["Node Type"] == "Seq Scan"}
            assert size == FEW or through.isdisjoint(LARGE)
    database.close()


def test_postgresql_reads_nothing_of_what_a_load_has_brought(new_address: NewAddress) -> None:
    database = Database(new_address("postgresql"))
    rows = 12 * batches.CHUNK
    with database.writing() as session:
        cast = make_cast(session)
        project = make_project(session, cast)
        session.execute(sa.text("SELECT pg_stat_reset()"))
        session.commit()
        loading = batches.load(
            session, project, map(make_row, range(rows)), name="many", digest="d1", by=cast.olga
        )
        for _ in loading:
            session.commit()
        session.execute(sa.text("SELECT pg_stat_force_next_flush()"))
        session.commit()
        assert session.scalar(sa.text(READ_THROUGH)) == 0, "what is loaded is read for every chunk"
    database.close()
