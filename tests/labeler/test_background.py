"""A server sees to it by itself that quality is worked out, in a process that ends again."""

import time
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from labeler.database import Database
from labeler.pay.ledger import Transfer
from labeler.pay.seals import Seal
from labeler.quality import snapshots
from tests.cast import make_cast
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
