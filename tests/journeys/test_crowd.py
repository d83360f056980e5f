"""A crowd on one project: never more judgments than wanted, nothing twice, nothing broken."""

import random
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa

from labeler.database import Database
from labeler.work.judgments import Judgment
from tests.gunicorn import running
from tests.journeys.opening import SLUG, load_pairs, open_projects
from tests.journeys.wire import Wire
from tests.labeler.cli.conftest import Terminal

pytestmark = pytest.mark.slow
PEOPLE = 16
COMPARISONS = 50
WANTED = 3
SKIPPED = 0.1
TWICE = 0.2


class Client:
    """Somebody at two browsers, who skips some, sends some twice, and insists when told to wait."""

    def __init__(self, url: str, token: str, number: int) -> None:
        self.wires = (Wire(url, token), Wire(url, token))
        self.random = random.Random(number)
        self.seen: list[str] = []

    def work(self) -> bool:
        """Take and judge until nothing is left; say whether there was anything."""
        before = len(self.seen)
        with ExitStack() as stack:
            both = stack.enter_context(ThreadPoolExecutor(2))
            for wire in self.wires:
                stack.enter_context(closing(wire))
            while (given := self._take(both)) is not None:
                self.seen.append(given["prompt"][-1]["content"])
                self._act(both, f"/assignments/{given['id']}")
        return len(self.seen) > before

    def _take(self, both: ThreadPoolExecutor) -> dict[str, Any] | None:
        wires = self.wires if self.random.random() < TWICE else self.wires[:1]
        told = list(both.map(lambda wire: wire.insist(f"/projects/{SLUG}/assignments"), wires))
        assert {answer.status for answer in told} <= {201, 204}, told
        given = {answer.json["id"]: answer.json for answer in told if answer.status == 201}
        assert len(given) <= 1
        return next(iter(given.values()), None)

    def _act(self, both: ThreadPoolExecutor, path: str) -> None:
        draw = self.random.random()
        if draw < SKIPPED:
            assert self.wires[0].insist(f"{path}/skip", {"reason": "subject"}).status == 204
            return
        said = {"key": str(uuid.uuid4()), "choice": self.random.randint(1, 7)}
        if draw > SKIPPED + TWICE:
            assert self.wires[0].insist(f"{path}/judgment", said).status == 201
            return
        told = list(both.map(lambda wire: wire.insist(f"{path}/judgment", said), self.wires))
        assert sorted(answer.status for answer in told) == [200, 201]
        assert told[0].json == told[1].json
        again = self.wires[0].insist(f"{path}/judgment", said | {"key": str(uuid.uuid4())})
        assert again.status == 409


def test_a_crowd_gets_what_is_wanted_and_no_more(
    address: str, terminal: Terminal, database: Database, tmp_path: Path
) -> None:
    opened = open_projects(terminal, tmp_path, [SLUG], annotators=PEOPLE)
    load_pairs(terminal, tmp_path, SLUG, count=COMPARISONS)
    everybody = Barrier(PEOPLE)

    def work(client: Client) -> None:
        everybody.wait()
        client.work()

    with running(address, tmp_path) as server, ThreadPoolExecutor(PEOPLE) as pool:
        tokens = enumerate(opened.annotators)
        clients = [Client(server.url, token, number) for number, token in tokens]
        list(pool.map(work, clients))
        # Who left early may find what others handed back after that.
        while any(client.work() for client in clients):
            pass
    for client in clients:
        assert len(set(client.seen)) == len(client.seen)
    assert _counts(database) == [(WANTED, WANTED)] * COMPARISONS
    terminal.good("verify")


def _counts(database: Database) -> list[tuple[int, int]]:
    """Return for each comparison how many judgments it has, and by how many people."""
    people = sa.func.count(sa.distinct(Judgment.person_id))
    counts = sa.select(sa.func.count(), people).group_by(Judgment.comparison_id)
    with database.reading() as session:
        return [tuple(row) for row in session.execute(counts)]
