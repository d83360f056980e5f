"""Clients that judge without end whatever happens to the server, and what is stored of it."""

import random
import time
import uuid
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import closing
from threading import Event

import sqlalchemy as sa

from labeler.database import Database
from labeler.pay.ledger import Transfer
from labeler.work.judgments import Judgment
from tests.journeys.opening import SLUG
from tests.journeys.wire import PATIENCE_S, Wire


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


def wait_for(count: int, clients: Sequence[Client], working: Sequence["Future[None]"]) -> None:
    until = time.monotonic() + PATIENCE_S
    count += sum(len(client.receipts) for client in clients)
    while sum(len(client.receipts) for client in clients) < count:
        assert time.monotonic() < until
        for one in working:
            assert not one.done(), one.exception()
        time.sleep(0.001)


def stored(database: Database) -> set[tuple[str, int, int]]:
    """Return every judgment by its key with its choice and what it earned; no key comes twice."""
    with database.reading() as session:
        rows = session.execute(
            sa.select(Judgment.key, Judgment.step, Transfer.amount_minor).outerjoin(
                Transfer, Transfer.judgment_id == Judgment.id
            )
        ).all()
    assert len({row.key for row in rows}) == len(rows)
    return {tuple(row) for row in rows}
