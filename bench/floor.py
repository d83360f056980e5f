"""The floor: the rows of a claim and of a judgment, written by bare driver calls.

The same tables, settings and durability as labeler's, two transactions for each judgment, and
nothing else: no HTTP, no rules, no looking for the next comparison.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import uuid4

from bench import data, processes
from bench.data import Annotator, Site
from labeler.database import Database
from labeler.pay import ledger
from labeler.work import counts

PROCESSES = 2
"""How many the writers share on PostgreSQL; SQLite has one, as labeler does."""
MOST_EACH = 5_000
LIMIT = timedelta(hours=1)
PAY_MINOR, CURRENCY = 35, "EUR"

TAKE = "UPDATE comparisons SET taken = taken + 1 WHERE id = %s AND taken < wanted RETURNING lane_id"
PROMISE = """INSERT INTO assignments (project_id, comparison_id, person_id, is_repeat, state,
    places, guideline_number, rubric_number, pay_minor, currency, opened_at, deadline)
    VALUES (%s, %s, %s, %s, 'open', '[0, 1]', 1, 1, %s, %s, %s, %s) RETURNING id"""
GIVEN = """INSERT INTO tallies (project_id, person_id, lane_id, given, skipped, judged, counted,
    gold, gold_right, chose_a, chose_side, empty_at)
    VALUES (%s, %s, %s, 1, 0, 0, 0, 0, 0, 0, 0, -1)
    ON CONFLICT (person_id, lane_id) DO UPDATE SET given = tallies.given + 1"""
CLOSE = "UPDATE assignments SET state = 'judged', closed_at = %s WHERE id = %s AND state = 'open'"
COUNT = """UPDATE comparisons SET judged = judged + 1, votes = votes + 1 WHERE id = %s
    RETURNING votes"""
STORE = """INSERT INTO judgments (project_id, comparison_id, assignment_id, person_id, version,
    key, verdict, step, place, preferred, strength, guideline_number, rubric_number, duration_ms,
    created_at, is_current, state, reason)
    VALUES (%s, %s, %s, %s, 1, %s, 'preference', 2, 0, 0, 2, 1, 1, 1, %s, %s, 'accepted', '')
    RETURNING id"""
CREDIT = """INSERT INTO accounts (project_id, person_id, kind, currency, balance_minor)
    VALUES (%s, %s, 'earned_pending', %s, %s)
    ON CONFLICT (project_id, kind, currency, person_id) WHERE person_id IS NOT NULL
    DO UPDATE SET balance_minor = accounts.balance_minor + excluded.balance_minor RETURNING id"""
PAY = """INSERT INTO transfers (project_id, from_account_id, to_account_id, amount_minor, currency,
    key, judgment_id, at) VALUES (%s, (SELECT id FROM accounts WHERE project_id = %s
    AND kind = 'project_cost' AND currency = %s), %s, %s, %s, %s, %s, %s)"""
TALLY = """INSERT INTO tallies (project_id, person_id, lane_id, given, skipped, judged, counted,
    gold, gold_right, chose_a, chose_side, empty_at)
    VALUES (%s, %s, %s, 0, 0, 1, 1, 0, 0, 1, 1, -1)
    ON CONFLICT (person_id, lane_id) DO UPDATE SET judged = tallies.judged + 1,
    counted = tallies.counted + 1, chose_a = tallies.chose_a + 1,
    chose_side = tallies.chose_side + 1"""
TOTALS = f"""INSERT INTO counts (project_id, topic, key, shard, n)
    VALUES {", ".join(["(%s, %s, %s, %s, %s)"] * 6)}
    ON CONFLICT (project_id, topic, key, shard) DO UPDATE SET n = counts.n + excluded.n"""  # noqa: S608


def rate(site: Site, crowd: Sequence[Annotator], seconds: float) -> float:
    """Return how many judgments a second the people's rows come to, all writing at once."""
    shares = _shares(site, crowd)
    count = 1 if site.address.startswith("sqlite") else PROCESSES
    parts = [(site.address, site.project_id, shares[n::count], seconds) for n in range(count)]
    took = [one for some in processes.at_once(write_for, parts) for one in some]
    began, ended = min(each[1] for each in took), max(each[2] for each in took)
    return sum(each[0] for each in took) / (ended - began)


def _shares(site: Site, crowd: Sequence[Annotator]) -> list[tuple[int, list[int]]]:
    """Give each person comparisons that nobody else is given."""
    with data.opened(site.address) as database, database.reading() as session:
        found = data.waiting(session, site, MOST_EACH * len(crowd))
    return [(each.person_id, found[n :: len(crowd)]) for n, each in enumerate(crowd)]


def write_for(
    address: str,
    project_id: int,
    shares: Sequence[tuple[int, Sequence[int]]],
    seconds: float,
    ready: Callable[[], object],
) -> list[tuple[int, float, float]]:
    """Write for so long, a thread for each person; return how many, and when from and to."""
    database = Database(address)
    lock = threading.Lock() if database.is_sqlite else None
    writers = [Writer(database, project_id, person_id, lock) for person_id, _ in shares]
    with ThreadPoolExecutor(len(writers)) as pool:
        ready()
        began = time.monotonic()
        doing = [
            pool.submit(writer.write, comparisons, began + seconds)
            for writer, (_, comparisons) in zip(writers, shares, strict=True)
        ]
        counted = [each.result() for each in doing]
    database.close()
    return [(count, began, time.monotonic()) for count in counted]


@dataclass
class Writer:
    """Writes as one person, on a driver's connection of their own."""

    database: Database
    project_id: int
    person_id: int
    lock: "threading.Lock | None"

    def __post_init__(self) -> None:
        pooled = self.database.writer.raw_connection()
        self._connection = cast(Any, pooled.driver_connection)
        pooled.detach()
        self._cursor = self._connection.cursor()

    def write(self, comparisons: Sequence[int], until: float) -> int:
        """Claim and judge these until the time is over; return how many."""
        done = 0
        for comparison_id in comparisons:
            if time.monotonic() >= until:
                break
            with self._transaction():
                lane_id, assignment_id = self._claim(comparison_id)
            with self._transaction():
                self._judge(comparison_id, lane_id, assignment_id)
            done += 1
        self._connection.close()
        return done

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        if self.lock is None:
            yield
            self._connection.commit()
            return
        with self.lock:
            self._cursor.execute("BEGIN IMMEDIATE")
            yield
            self._connection.commit()

    def _claim(self, comparison_id: int) -> tuple[int, int]:
        now = datetime.now(UTC)
        lane_id = self._one(TAKE, comparison_id)
        whose = self.project_id, comparison_id, self.person_id, False, PAY_MINOR, CURRENCY
        assignment_id = self._one(PROMISE, *whose, _text(now), _text(now + LIMIT))
        self._run(GIVEN, self.project_id, self.person_id, lane_id)
        return lane_id, assignment_id

    def _judge(self, comparison_id: int, lane_id: int, assignment_id: int) -> None:
        now, project = datetime.now(UTC), self.project_id
        at = _text(now)
        self._run(CLOSE, at, assignment_id)
        votes = self._one(COUNT, comparison_id)
        whose = project, comparison_id, assignment_id, self.person_id
        judgment_id = self._one(STORE, *whose, str(uuid4()), at, True)
        account_id = self._one(CREDIT, project, self.person_id, CURRENCY, PAY_MINOR)
        paid = account_id, PAY_MINOR, CURRENCY, ledger.earning_key(judgment_id), judgment_id, at
        self._run(PAY, project, project, CURRENCY, *paid)
        self._run(TALLY, project, self.person_id, lane_id)
        self._run(TOTALS, *self._totals(now, votes))

    def _totals(self, now: datetime, votes: int) -> Iterator[object]:
        day, shard = counts.day(now), self.person_id % counts.SHARDS
        for topic, key, part, n in (
            ("counted_on", day, shard, 1),
            ("judged_on", day, shard, 1),
            ("said", "1:2", shard, 1),
            ("spent_on", f"{day}:{CURRENCY}", shard, PAY_MINOR),
            ("took", "1", self.person_id, 1),
            ("votes", f"{counts.monday(now)}:{votes - 1}:{votes}", shard, 1),
        ):
            yield from (self.project_id, topic, key, part, n)

    def _one(self, statement: str, *given: object) -> int:
        self._run(statement, *given)
        [[value]] = self._cursor.fetchall()
        return int(value)

    def _run(self, statement: str, *given: object) -> None:
        self._cursor.execute(statement.replace("%s", "?") if self.lock else statement, given)


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S.%f")
