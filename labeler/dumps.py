"""Copies of a database, taken while others write, and how they become a database again.

A copy is of one moment: that of the first statement after `hold`.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from psycopg import conninfo
from sqlalchemy.orm import Session

from labeler.errors import Invalid, Refusal

PASSING = "labeler_queue"
"""The schema of what wakes those who do jobs (see `labeler.bells`): nothing there must be kept."""
NOT_FOR_PROGRAMS = ("options", "application_name", "password")
UNHURRIED = ("statement_timeout", "idle_in_transaction_session_timeout")


def unhurried(session: Session) -> None:
    """Let this transaction take as long as it needs."""
    if session.get_bind().dialect.name == "postgresql":
        for name in UNHURRIED:
            session.execute(sa.text(f"SET LOCAL {name} = 0"))


def hold(session: Session) -> None:
    """Hold on to a moment, that of the next statement: all that is read and copied is of it."""
    if session.get_bind().dialect.name == "postgresql":
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    unhurried(session)


def write(session: Session, target: Path, programs: Path | None) -> None:
    """Copy the whole database to a new file. Others read and write meanwhile.

    On PostgreSQL through the `pg_dump` in the folder of `programs`, or on the PATH; raises Invalid
    if there is none that knows this server.
    """
    if session.get_bind().dialect.name == "sqlite":
        _copy(session, target)
    else:
        _dump(session, target, programs)


def restore(session: Session, dump: Path, programs: Path | None) -> None:
    """Make what `pg_dump` wrote a database again, in one transaction, in the session's empty one.

    Raises Refusal with what `pg_restore` says.
    """
    command = ["--single-transaction", "--no-owner", "--no-privileges", str(dump)]
    _run(session, _program("pg_restore", programs), *command)


def require_programs(session: Session, programs: Path | None) -> None:
    """Raise Invalid unless `pg_restore` is there for a database that needs it."""
    if session.get_bind().dialect.name == "postgresql":
        _program("pg_restore", programs)


def _copy(session: Session, target: Path) -> None:
    source = _driver_connection(session)
    copy = session.get_bind().dialect.loaded_dbapi.connect(str(target))
    try:
        source.backup(copy)  # all pages in one step: nobody's write makes it begin again
    finally:
        copy.close()


def _dump(session: Session, target: Path, programs: Path | None) -> None:
    program = _program("pg_dump", programs)
    server = _driver_connection(session).info.server_version // 10000
    if (version := _version(program)) < server:
        raise Invalid(
            f"{program} is of PostgreSQL {version} and cannot read a server of {server}.",
            fields={"LABELER_PG_PROGRAMS": f"Name the folder of a pg_dump from {server} on."},
        )
    snapshot = session.scalar(sa.text("SELECT pg_export_snapshot()"))
    command = ["--format=custom", "--compress=1", "--lock-wait-timeout=60s"]
    command.append(f"--exclude-schema={PASSING}")
    _run(session, program, *command, f"--snapshot={snapshot}", f"--file={target}")


def _program(name: str, programs: Path | None) -> str:
    found = shutil.which(name, path=str(programs) if programs else None)
    if found is None:
        raise Invalid(
            f"There is no {name} in {programs or 'the folders of PATH'}.",
            fields={"LABELER_PG_PROGRAMS": "Name the folder of PostgreSQL's client programs."},
        )
    return found


def _version(program: str) -> int:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    found = re.search(r"(\d+)(\.\d+|devel|beta\d+|rc\d+)", said.stdout)
    return int(found[1]) if found else 0


def _run(session: Session, program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs on the session's database.

    The password goes through the environment: everybody on the machine may read command lines.
    """
    info = _driver_connection(session).info
    given = {k: v for k, v in info.get_parameters().items() if k not in NOT_FOR_PROGRAMS}
    environ = dict(os.environ) | ({"PGPASSWORD": info.password} if info.password else {})
    command = [program, "--no-password", f"--dbname={conninfo.make_conninfo(**given)}", *arguments]
    done = subprocess.run(command, env=environ, capture_output=True, text=True)
    if done.returncode != 0:
        raise Refusal(f"{Path(program).name} failed: {done.stderr.strip()}")


def _driver_connection(session: Session) -> Any:
    return session.connection().connection.driver_connection
