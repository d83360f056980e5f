"""Sixty-four people begin at the same moment: each comparison gets what it wants, and no more.

Some take work and go away for longer than it is kept for them, some skip, some press the button
twice at once. Nothing breaks; hardly anybody is told to ask again, and who is, in how many seconds.
"""

import random
import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from threading import Barrier

import pytest
import sqlalchemy as sa

from labeler import audit
from labeler.database import Database
from labeler.people import accounts, memberships, tokens
from labeler.people.memberships import Role
from labeler.work.comparisons import Comparison
from labeler.work.judgments import Judgment, JudgmentState
from labeler.work.projects import Project
from tests.gunicorn import running
from tests.journeys.opening import OLGA, SLUG, load_pairs, open_projects
from tests.journeys.wire import Answer, Wire
from tests.labeler.cli.conftest import Terminal

pytestmark = pytest.mark.slow
PEOPLE = 64
WANTED = 3
ABANDONED = SKIPPED = TWICE = 0.05
LEASE_S = 3
MOST_BUSY = 0.02
"""Which share of all answers may be to ask again."""
ACCEPTED = JudgmentState.accepted


class Client:
    """Somebody who leaves some of what they take, skips some, and sends some twice at once."""

    def __init__(self, url: str, token: str, number: int) -> None:
        self.wires = (Wire(url, token), Wire(url, token))
        self.random = random.Random(number)
        self.acts: Counter[str] = Counter()
        self.seen: dict[int, str] = {}
        self.receipts: set[int] = set()

    def work(self, *, leaves: bool) -> bool:
        """Take and judge until nothing is left; say whether there was anything."""
        before = len(self.seen)
        with ExitStack() as stack:
            both = stack.enter_context(ThreadPoolExecutor(2))
            for wire in self.wires:
                stack.enter_context(closing(wire))
            while (given := self._say(f"/projects/{SLUG}/assignments")).status == 201:
                self.seen[given.json["id"]] = given.json["prompt"][-1]["content"]
                self._act(both, f"/assignments/{given.json['id']}", leaves=leaves)
            assert given.status == 204, given
        return len(self.seen) > before

    def _act(self, both: ThreadPoolExecutor, path: str, *, leaves: bool) -> None:
        draw = self.random.random()
        if leaves and draw < ABANDONED:
            self.acts["abandoned"] += 1
            time.sleep(1.1 * LEASE_S)
        elif draw < ABANDONED + SKIPPED:
            self.acts["skipped"] += 1
            assert self._say(f"{path}/skip", {"reason": "subject"}).status == 204
        else:
            self._submit(both, f"{path}/judgment", twice=draw < ABANDONED + SKIPPED + TWICE)

    def _submit(self, both: ThreadPoolExecutor, path: str, *, twice: bool) -> None:
        self.acts["twice" if twice else "once"] += 1
        said = {"key": str(uuid.uuid4()), "choice": self.random.randint(1, 7)}
        ways = range(2 if twice else 1)
        told = list(both.map(lambda way: self._say(path, said, way), ways))
        # The very same receipt, be it for the first time or again.
        assert sorted(answer.status for answer in told) == ([200, 201] if twice else [201]), told
        assert [answer.json for answer in told] == [told[0].json] * len(told)
        self.receipts.add(told[0].json["id"])

    def _say(self, path: str, said: object = None, way: int = 0) -> Answer:
        return self.wires[way].insist(path, said)


def test_sixty_four_at_once_judge_exactly_what_is_wanted(
    address: str, terminal: Terminal, database: Database, tmp_path: Path, soak: bool
) -> None:
    comparisons = 2000 if soak else 70
    open_projects(terminal, tmp_path, [SLUG], annotators=0)
    load_pairs(terminal, tmp_path, SLUG, count=comparisons)
    hired = enumerate(hire(database))
    everybody = Barrier(PEOPLE)

    def begin(client: Client) -> None:
        everybody.wait()
        client.work(leaves=True)

    def go_on(client: Client) -> bool:
        return client.work(leaves=False)

    with running(address, tmp_path) as server, ThreadPoolExecutor(PEOPLE) as pool:
        clients = [Client(server.url, token, number) for number, token in hired]
        list(pool.map(begin, clients))
        # Who left early may find what others handed back, or left lying, after that.
        while any(list(pool.map(go_on, clients))):
            pass
    acts = sum((client.acts for client in clients), Counter[str]())
    assert min(acts[act] for act in ("abandoned", "skipped", "twice")) > 0
    wires = [wire for client in clients for wire in client.wires]
    told = sum((wire.told for wire in wires), Counter[int]())
    print(f"{told.total()} answers, {told[503]} of them to ask again")
    assert set(told) - {503} == {200, 201, 204}
    assert told[503] <= MOST_BUSY * told.total()
    assert sum(wire.lost for wire in wires) == 0
    for client in clients:
        assert len(set(client.seen.values())) == len(client.seen)
    receipts = [receipt for client in clients for receipt in client.receipts]
    require_what_is_wanted(database, comparisons, receipts)


def hire(database: Database) -> list[str]:
    """Make the annotators; return their tokens. What they take is kept for them for seconds."""
    with database.writing() as session:
        project = session.scalars(sa.select(Project)).one()
        project.time_limit_s = LEASE_S
        olga = accounts.find(session, OLGA)
        hired = []
        for number in range(PEOPLE):
            person = accounts.create(session, f"{number}@example.org", f"{number}", by=olga)
            memberships.grant(session, project.id, person, Role.annotator, by=olga)
            hired.append(tokens.create(session, person))
        session.commit()
    return hired


def require_what_is_wanted(database: Database, comparisons: int, receipts: list[int]) -> None:
    with database.reading() as session:
        slots = session.execute(sa.select(Comparison.judged, Comparison.taken))
        assert Counter(map(tuple, slots)) == {(WANTED, WANTED): comparisons}
        found = session.execute(
            sa.select(Judgment.id, Judgment.person_id, Judgment.comparison_id, Judgment.state)
        ).all()
        counted = Counter(row.comparison_id for row in found if row.state is ACCEPTED)
        assert Counter(counted.values()) == {WANTED: comparisons}
        assert len({(row.person_id, row.comparison_id) for row in found}) == len(found)
        assert sorted(row.id for row in found) == sorted(receipts)
        assert list(audit.faults(session)) == []
