"""PostgreSQL goes away while people judge: they are told to wait; nothing is lost or doubled."""

import random
import signal
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Event

import psycopg
import pytest
from sqlalchemy.engine import make_url

from labeler.database import Database
from tests import postgres
from tests.gunicorn import HOST, running
from tests.journeys.clients import Client, stored, wait_for
from tests.journeys.opening import PAY_MINOR, SLUG, load_pairs, open_projects
from tests.labeler.cli.conftest import Terminal
from tests.labeler.cli.processes import free_port

pytestmark = pytest.mark.slow
CLIENTS = 8
ENDED = 40
"""Sessions that are ended one by one."""
AWAY_S, SOAK_AWAY_S = 3, 30
BACK_S = 5
"""How soon everybody is served again."""
ANSWER_S = 10
"""How long anybody waits for an answer, if only to be told to wait."""

Working = Sequence["Future[None]"]


@pytest.fixture
def server() -> Iterator[postgres.Server]:
    """A server of this test's own: it is stopped under everybody's feet."""
    with postgres.server() as server:
        yield server


def test_nobody_loses_anything_while_it_is_away(
    server: postgres.Server, tmp_path: Path, soak: bool
) -> None:
    database = Database(postgres.create_database(server.address))
    database.upgrade()
    address = database.url.render_as_string(hide_password=False)
    terminal = Terminal({"LABELER_DATABASE_URL": address, "LABELER_DATA": str(tmp_path)})
    opened = open_projects(terminal, tmp_path, [SLUG], annotators=CLIENTS)
    load_pairs(terminal, tmp_path, SLUG, count=1000)
    port, done = free_port(), Event()
    clients = [Client(f"http://{HOST}:{port}", token) for token in opened.annotators]
    with running(address, tmp_path, port=port), ThreadPoolExecutor(CLIENTS) as pool:
        working = [pool.submit(client.work, done) for client in clients]
        try:
            wait_for(CLIENTS, clients, working)
            _end_sessions(address)
            _serve_again(clients, working)
            server.stop()
            server.start()
            _serve_again(clients, working)
            server.stop(signal.SIGQUIT)
            time.sleep(SOAK_AWAY_S if soak else AWAY_S)
            server.start()
            _serve_again(clients, working)
        finally:
            done.set()
    for one in working:
        one.result()
    receipts = {key: choice for client in clients for key, choice in client.receipts.items()}
    assert stored(database) == {(key, choice, PAY_MINOR) for key, choice in receipts.items()}
    assert sum(client.wire.busy for client in clients) >= CLIENTS
    assert sum(client.wire.lost for client in clients) == 0
    assert max(client.wire.slowest_s for client in clients) < ANSWER_S
    terminal.good("verify")
    database.close()


def _end_sessions(address: str) -> None:
    url = make_url(address).set(drivername="postgresql")
    others = "SELECT pid FROM pg_stat_activity WHERE application_name = 'labeler'"
    with psycopg.connect(url.render_as_string(), autocommit=True) as connection:
        for _ in range(ENDED):
            if pids := connection.execute(others).fetchall():
                connection.execute("SELECT pg_terminate_backend(%s)", random.choice(pids))
            time.sleep(random.uniform(0, 0.05))


def _serve_again(clients: Sequence[Client], working: Working) -> None:
    """Wait until everybody has another receipt."""
    before = [len(client.receipts) for client in clients]
    until = time.monotonic() + BACK_S
    while any(len(c.receipts) == n for c, n in zip(clients, before, strict=True)):
        assert time.monotonic() < until
        for one in working:
            assert not one.done(), one.exception()
        time.sleep(0.001)
