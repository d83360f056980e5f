"""Migrations that fail at any of their statements, and two programs that migrate at once."""

import subprocess
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from labeler.database import Database
from tests import postgres
from tests.labeler.cli.processes import LABELER, environment
from tests.migrations.test_migrations import NEW, SCRIPTS, work

REVISIONS = [script.revision for script in SCRIPTS.walk_revisions()]
"""The newest first."""
EVENTS = ("do_execute", "do_execute_no_params", "do_executemany")
PROGRAMS = 3

SQLITE = ["SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name"]
POSTGRESQL = """
SELECT table_name, column_name, data_type, is_nullable, column_default
FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2;
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
FROM pg_constraint WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2;
SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1;
SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1;
SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1
""".split(";")


class Broken(Exception):
    """What no database raises."""


@contextmanager
def failing_at(database: Database, number: int) -> Iterator[Callable[[], int]]:
    """Let that statement fail, counted from 0, and yield how to ask how many there were."""
    seen = 0

    def fail(*_: object) -> None:
        nonlocal seen
        seen += 1
        if seen == number + 1:
            raise Broken

    for name in EVENTS:
        sa.event.listen(database.writer, name, fail)
    try:
        yield lambda: seen
    finally:
        for name in EVENTS:
            sa.event.remove(database.writer, name, fail)


def everything(connection: Connection) -> list[str]:
    """Return all that is in a database: what its tables are like, their guards and their rows."""
    names = sa.inspect(connection).get_table_names()
    queries = SQLITE if connection.dialect.name == "sqlite" else POSTGRESQL
    queries = [*queries, *(f'SELECT * FROM "{name}" ORDER BY 1' for name in sorted(names))]
    return [repr(row) for query in queries for row in connection.execute(sa.text(query))]


def fail_everywhere(database: Database, step: Callable[[], object], places: Iterable[int]) -> int:
    """Let the step fail at these statements in turn, until it succeeds; return how many it has."""
    with database.writing() as session:
        before = everything(session.connection())
    for number in places:
        with failing_at(database, number) as seen:
            with suppress(Broken):
                step()
            if seen() <= number:
                return seen()
        with database.writing() as session:
            assert everything(session.connection()) == before, f"statement {number}"
    raise AssertionError("It never succeeded.")


@pytest.mark.slow
def test_a_failure_at_any_statement_changes_nothing(database: Database, soak: bool) -> None:
    work(database)
    for number, revision in enumerate(REVISIONS):
        # The old ones fail at one statement, among the first: one has but three.
        every = soak or number < NEW
        places = range(10**6) if every else (number % 3, 10**6)
        assert fail_everywhere(database, lambda: database.downgrade("-1"), places) > 1
        assert fail_everywhere(database, lambda to=revision: database.upgrade(to), places) > 1
        database.downgrade("-1")
    for revision in reversed(REVISIONS):
        database.upgrade(revision)
    database.require_current()
    assert work(database) == 1


def test_what_was_gone_through_is_told(database: Database) -> None:
    assert database.upgrade() == []
    database.downgrade("base")
    assert database.upgrade() == REVISIONS[::-1]


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_of_commands_that_migrate_at_once_one_does_it(
    request: pytest.FixtureRequest, backend: str, tmp_path: Path
) -> None:
    settings = {"data": str(tmp_path)}
    if backend == "postgresql":
        server = request.getfixturevalue("postgresql_server")
        settings["database_url"] = postgres.create_database(server)

    def upgrade(_number: int) -> str:
        done = subprocess.run(
            [LABELER, "db", "upgrade"],
            env=environment(**settings),
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    with ThreadPoolExecutor(PROGRAMS) as pool:
        said = list(pool.map(upgrade, range(PROGRAMS)))
    assert sum("went from version none to" in words for words in said) == 1, said
    assert sum("already" in words for words in said) == PROGRAMS - 1
    if backend == "postgresql":
        postgres.drop_database(settings["database_url"])
