"""Half of the calls fail and whoever makes them is killed, again and again: none is lost or double.

What cannot be had: when a program is killed between the request and the answer, nobody here knows
whether the provider has billed it, and the call is made again. So a provider's bill may have at
most as many answers more than ours as calls were under way when programs were killed.
"""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from labeler.database import Database
from labeler.endpoints import calls, purses, registry, taking
from labeler.endpoints.calls import Call, CallState
from tests.cast import make_cast
from tests.chats import calls_of
from tests.labeler.cli.processes import environment
from tests.labeler.endpoints import asking
from tests.labeler.endpoints.asking import COST, KIN
from tests.make import make_project
from tests.stubs import Server

KILLS, CALLS = 3, 40
SOAK_KILLS, SOAK_CALLS = 50, 300
PATIENCE_S = 120


class Provider:
    """Answers slowly, and keeps a record of what it would bill."""

    def __init__(self) -> None:
        self.billed: Counter[str] = Counter()
        self._lock = threading.Lock()

    def __call__(self, body: dict[str, Any]) -> str:
        time.sleep(random.uniform(0.05, 0.25))
        asked = str(body["messages"][-1]["content"])
        with self._lock:
            self.billed[asked] += 1
        return f"To {asked}"


@pytest.mark.slow
def test_every_call_ends_once_and_is_billed_once(
    database: Database, address: str, model_server: Server, tmp_path: Path, soak: bool
) -> None:
    kills, number = (SOAK_KILLS, SOAK_CALLS) if soak else (KILLS, CALLS)
    provider = Provider()
    model_server.says(provider)
    model_server.fails(0.5, seed=8)
    keys = [str(key) for key in range(number)]
    with database.writing() as session:
        project = make_project(session, make_cast(session))
        limits = {"concurrent": 8, "attempts": 20, "timeout_s": 5}
        profile = model_server.profile("openai", price=asking.PRICE, limits=limits)
        endpoint = registry.add(session, profile, by=None)
        purses.fill(session, KIN, 10**9, "EUR")
        for key in keys:
            asking.ask(session, endpoint, project, key)
        session.commit()
    environ = environment(
        database_url=address, data=str(tmp_path), endpoint_hosts=model_server.host
    )
    lost, each = 0, number // (kills + 1)
    with closing(Spawner(environ)) as spawner:
        for kill in range(kills):
            caller = spawner.start()
            wait_until(database, (kill + 1) * each)
            spawner.kill(caller)
            lost += under_way(database)
        while not is_over(database):  # one ends while what failed waits for long
            spawner.start()
            assert spawner.ended() == 0
    with database.reading() as session:
        found = calls_of(session, KIN)
        assert [call.state for call in found] == [CallState.done] * number
        assert [call.text for call in found] == [f"To Hello {key}" for key in keys]
        assert {call.cost_micro for call in found} == {COST}
        bill = calls.spent(session, KIN)
        assert bill
        assert bill.cost_micro == number * COST
        assert bill.wasted_micro == 0
        assert list(purses.faults(session)) == []
        purse = purses.find(session, KIN)
        assert purse
        assert (purse.spent_micro, purse.aside_micro) == (number * COST, 0)
        again = sum(call.attempts - call.failures - 1 for call in found)
    assert set(provider.billed) == {f"Hello {key}" for key in keys}
    assert 0 <= sum(provider.billed.values()) - number <= lost
    assert 0 < again <= lost
    print(f"{kills} kills, {lost} calls under way, {again} made again")


class Spawner:
    """Starts callers, one after the other."""

    def __init__(self, environ: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.labeler.endpoints.spawning"],
            cwd=Path(__file__).parents[3],
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self) -> int:
        """Start a caller; return its process id."""
        assert self._process.stdin
        self._process.stdin.write("one more\n")
        self._process.stdin.flush()
        return self._read()

    def kill(self, caller: int) -> None:
        os.kill(caller, signal.SIGKILL)
        assert self.ended() == -signal.SIGKILL

    def ended(self) -> int:
        """Wait until the caller has ended; return how."""
        return self._read()

    def close(self) -> None:
        self._process.communicate(timeout=PATIENCE_S)

    def _read(self) -> int:
        assert self._process.stdout
        return int(self._process.stdout.readline())


def wait_until(database: Database, done: int) -> None:
    """Wait until so many calls are done, and others under way."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        with database.reading() as session:
            counted = calls.counts(session, KIN)
        if counted[CallState.done] >= done and counted[CallState.running]:
            return
        time.sleep(0.02)
    raise AssertionError("nothing goes on")


def is_over(database: Database) -> bool:
    with database.reading() as session:
        counted = calls.counts(session, KIN)
    return not (counted[CallState.waiting] or counted[CallState.running])


def under_way(database: Database) -> int:
    """Let as much time pass as makes whoever was killed count as ended; return what they made."""
    with database.writing() as session:
        running = sa.select(Call.id, Call.heartbeat_at).where(Call.state == CallState.running)
        found = session.execute(running).all()
        for call_id, beat in found:
            assert beat is not None
            earlier = beat - taking.PATIENCE - timedelta(seconds=1)
            session.execute(sa.update(Call).where(Call.id == call_id).values(heartbeat_at=earlier))
        session.commit()
    return len(found)
