"""A server sees to it by itself that quality is worked out, in a process that ends again."""

import time
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from exports import orders
from exports.checking import verification
from exports.choosing.criteria import Criteria
from labeler import bells, config
from labeler.database import Database
from labeler.jobs import Job, JobState
from labeler.pay.ledger import Transfer
from labeler.pay.seals import Seal
from labeler.quality import snapshots
from labeler.work.projects import Project
from tests.cast import Cast, make_cast
from tests.exports.stories import tell
from tests.gunicorn import running
from tests.make import judge_next, make_batch, make_project

PATIENCE_S = 60


@pytest.mark.slow
def test_a_server_refreshes_what_has_changed(address: str, tmp_path: Path) -> None:
    database = Database(address)
    try:
        with database.writing() as session:
            cast = make_cast(session)
            project = make_project(session, cast)
            make_batch(session, project, cast)
            judge_next(session, project, cast.ada)
            session.commit()
        with running(address, tmp_path, refresh_s=1):
            first = _made_after(database, project.id, None)
            with database.writing() as session:
                judge_next(session, project, cast.bea)
                session.commit()
            assert _made_after(database, project.id, first) > first
            _await_seal(database)
    finally:
        database.close()


@pytest.mark.slow
def test_a_server_does_what_was_asked_for(address: str, tmp_path: Path) -> None:
    database = Database(address)
    cast, project = tell(database, {f"p{n}": [0, 0] for n in range(3)})
    try:
        with running(address, tmp_path, work_s=1) as server:
            job_id = _ask_for_release(database, cast, project)
            _await_end(database, job_id)
            assert _modules_in(server.pid) == []
        with running(address, tmp_path, work_s=600):  # what waits is looked for at the start, too
            waiting = _ask_for_release(database, cast, project, licence="mit")
            bells.ring(_bell(address, tmp_path), waiting)
            _await_end(database, waiting)
    finally:
        database.close()
    for number in (1, 2):
        assert verification.verify(tmp_path / "releases" / "helpful" / str(number)) == []


def _ask_for_release(database: Database, cast: Cast, project: Project, **rules: str) -> int:
    with database.writing() as session:
        cut = orders.plan(session, project, Criteria.model_validate({"test_share": 0} | rules))
        job = orders.ask(session, cut, by=cast.olga)
        session.commit()
    return job.id


def _await_end(database: Database, job_id: int) -> None:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        with database.reading() as session:
            job = session.get_one(Job, job_id)
        if job.is_over:
            assert job.state is JobState.done, job.why
            return
        time.sleep(0.1)
    raise AssertionError("the job was not done")


def _bell(address: str, folder: Path) -> str:
    return config.load({"LABELER_DATABASE_URL": address, "LABELER_DATA": str(folder)}).bell


def _modules_in(pid: int) -> list[str]:
    """Return the libraries of releases that a server, or a process of it, has in memory."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    maps = [Path(f"/proc/{each}/maps").read_text() for each in (str(pid), *found)]
    return sorted({name for name in ("pyarrow", "libarrow") for one in maps if name in one})


def _await_seal(database: Database) -> None:
    """Wait until every transfer is sealed: that is done last."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        with database.reading() as session:
            newest = session.scalar(sa.select(sa.func.max(Transfer.id)))
            if newest == session.scalar(sa.select(sa.func.max(Seal.last_transfer_id))):
                return
        time.sleep(0.2)
    raise AssertionError("the ledger was not sealed")


def _made_after(database: Database, project_id: int, before: datetime | None) -> datetime:
    """Wait for a snapshot that was made after that moment."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        with database.reading() as session:
            found = snapshots.latest(session, project_id)
        if found is not None and found.made_at is not None and found.made_at != before:
            return found.made_at
        time.sleep(0.2)
    raise AssertionError("quality was not worked out")
