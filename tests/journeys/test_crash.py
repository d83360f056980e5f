"""The server is killed again and again while people submit: what was acknowledged stays."""

import random
import time
import uuid
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Event

import pytest
import sqlalchemy as sa

from labeler.database import Database
from labeler.pay.ledger import Transfer
from labeler.work.judgments import Judgment
from tests.gunicorn import HOST, running
from tests.journeys.opening import PAY_MINOR, SLUG, load_pairs, open_projects
from tests.journeys.wire import PATIENCE_S, Wire
from tests.labeler.cli.conftest import Terminal
from tests.labeler.cli.processes import free_port

pytestmark = pytest.mark.slow
CLIENTS = 8
CYCLES = 5
ENOUGH = 25
"""Judgments between two crashes."""
RESTART_S = 5


class Client:
    """Judges without end, and keeps a receipt of what was acknowledged."""

    def __init__(self, url: str, token: str) -> None:
        self.wire = Wire(url, token)
        self.receipts: dict[str, int] = {}

    def work(self, done: Event) -> None:
        with closing(self.wire):
            while not done.is_set():
                self._judge()

    def _judge(self) -> None:
        given = self.wire.insist(f"/projects/{SLUG}/assignments")
        assert given.status == 201, given
        key, choice = str(uuid.uuid4()), random.randint(1, 7)
        said = {"key": key, "choice": choice}
        told = self.wire.insist(f"/assignments/{given.json['id']}/judgment", said)
        assert told.status in (200, 201), told
        self.receipts[key] = choice


def test_no_acknowledged_judgment_is_lost(
    address: str, terminal: Terminal, database: Database, tmp_path: Path
) -> None:
    opened = open_projects(terminal, tmp_path, [SLUG], annotators=CLIENTS)
    load_pairs(terminal, tmp_path, SLUG, count=600)
    port, done = free_port(), Event()
    clients = [Client(f"http://{HOST}:{port}", token) for token in opened.annotators]
    with ThreadPoolExecutor(CLIENTS) as pool:
        working = [pool.submit(client.work, done) for client in clients]
        try:
            starts = [_crash(address, tmp_path, port, clients, working) for _ in range(CYCLES)]
            with running(address, tmp_path, port=port):
                done.set()
                for one in working:
                    one.result()
        finally:
            done.set()
    receipts = {key: choice for client in clients for key, choice in client.receipts.items()}
    assert _stored(database) == {(key, choice, PAY_MINOR) for key, choice in receipts.items()}
    assert sum(client.wire.lost for client in clients) >= CYCLES
    terminal.good("verify")
    first, *restarts = starts
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
        _wait_for(ENOUGH, clients, working)
        time.sleep(random.uniform(0, 0.05))
        server.kill()
    return took


def _wait_for(count: int, clients: Sequence[Client], working: Sequence["Future[None]"]) -> None:
    until = time.monotonic() + PATIENCE_S
    count += sum(len(client.receipts) for client in clients)
    while sum(len(client.receipts) for client in clients) < count:
        assert time.monotonic() < until
        for one in working:
            assert not one.done(), one.exception()
        time.sleep(0.001)


def _stored(database: Database) -> set[tuple[str, int, int]]:
    """Return every judgment by its key with its choice and what it earned; no key comes twice."""
    with database.reading() as session:
        rows = session.execute(
            sa.select(Judgment.key, Judgment.step, Transfer.amount_minor).outerjoin(
                Transfer, Transfer.judgment_id == Judgment.id
            )
        ).all()
    assert len({row.key for row in rows}) == len(rows)
    return {tuple(row) for row in rows}
