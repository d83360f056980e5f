"""The server is killed again and again while people submit: what was acknowledged stays."""

import random
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest
import sqlalchemy as sa

from labeler.database import Database
from labeler.work.judgments import Judgment
from tests.gunicorn import HOST, running
from tests.journeys.clients import Client, stored, wait_for
from tests.journeys.opening import PAY_MINOR, SLUG, load_pairs, open_projects
from tests.labeler.cli.conftest import Terminal
from tests.labeler.cli.processes import free_port

pytestmark = pytest.mark.slow
CLIENTS = 8
CYCLES, SOAK_CYCLES = 3, 100
ENOUGH = 12
"""Judgments between two crashes."""
RESTART_S = 5


def test_no_acknowledged_judgment_is_lost(
    address: str, terminal: Terminal, database: Database, tmp_path: Path, soak: bool
) -> None:
    cycles, starts = SOAK_CYCLES if soak else CYCLES, list[float]()
    opened = open_projects(terminal, tmp_path, [SLUG], annotators=CLIENTS)
    load_pairs(terminal, tmp_path, SLUG, count=4000 if soak else 300)
    port, done = free_port(), Event()
    clients = [Client(f"http://{HOST}:{port}", token) for token in opened.annotators]
    with ThreadPoolExecutor(CLIENTS) as pool:
        working = [pool.submit(client.work, done) for client in clients]
        try:
            for _ in range(cycles):
                starts.append(_crash(address, tmp_path, port, clients, working))
                _require_kept(database, clients)
            with running(address, tmp_path, port=port):
                done.set()
                for one in working:
                    one.result()
        finally:
            done.set()
    receipts = {key: choice for client in clients for key, choice in client.receipts.items()}
    assert stored(database) == {(key, choice, PAY_MINOR) for key, choice in receipts.items()}
    assert sum(client.wire.lost for client in clients) >= cycles
    terminal.good("verify")
    first, *restarts = starts
    print(f"{cycles} crashes, {len(receipts)} judgments")
    # Where a machine is slow or busy, every start is; what counts is that a crash adds nothing.
    assert min(restarts) < max(RESTART_S, 1.5 * first)


def _crash(
    address: str,
    folder: Path,
    port: int,
    clients: Sequence[Client],
    working: Sequence["Future[None]"],
) -> float:
    """Start the server, kill it after a while; return how long the start took."""
    began = time.monotonic()
    with running(address, folder, port=port) as server:
        took = time.monotonic() - began
        wait_for(ENOUGH, clients, working)
        time.sleep(random.uniform(0, 0.05))
        server.kill()
    return took


def _require_kept(database: Database, clients: Sequence[Client]) -> None:
    """While nobody serves: what was acknowledged is there, and one more of each client at most."""
    acknowledged = {key for client in clients for key in list(client.receipts)}
    with database.reading() as session:
        found = session.execute(sa.select(Judgment.key, Judgment.person_id)).all()
    assert acknowledged <= {row.key for row in found}
    unheard = Counter(row.person_id for row in found if row.key not in acknowledged)
    assert max(unheard.values(), default=0) <= 1
