"""A program that takes calls and answers them, as fast as it can, beside others like it.

`python -m tests.labeler.endpoints.racing ADDRESS NAME CONCURRENT`; it begins when it reads a line.
"""

import sys
import threading
import time

import sqlalchemy as sa

from labeler.database import Database
from labeler.endpoints import taking
from labeler.endpoints.calls import Call, CallState
from labeler.endpoints.taking import Taken
from tests.labeler.endpoints import asking

THREADS = 3
PATIENCE_S = 20


class Racer:
    """Makes calls until there are none, and writes down each, with how many were under way."""

    def __init__(self, database: Database, name: str, concurrent: int) -> None:
        self.database, self.name, self.concurrent = database, name, concurrent
        self.made: list[tuple[int, int]] = []

    def work(self) -> None:
        while True:
            with self.database.writing() as session:
                taken = taking.take(session, self.name)
                session.commit()
            if taken:
                self.made.append((taken.call_id, self.most()))
                self.finish(taken)
            elif self.is_over():
                return

    def most(self) -> int:
        """Return how many calls are under way; the first ones wait until as many are as may."""
        until = time.monotonic() + PATIENCE_S
        while True:
            with self.database.reading() as session:
                taken = sa.func.count().filter(Call.taken_by.is_not(None))
                done = sa.func.count().filter(Call.state == CallState.done)
                under_way, ended = session.execute(sa.select(taken, done)).one()
            if ended or under_way >= self.concurrent or time.monotonic() > until:
                return int(under_way)

    def finish(self, taken: Taken) -> None:
        with self.database.writing() as session:
            assert taking.finish(session, taken, asking.reply())
            session.commit()

    def is_over(self) -> bool:
        with self.database.reading() as session:
            return not taking.due(session)


def main(address: str, name: str, concurrent: str) -> None:
    database = Database(address)
    racer = Racer(database, name, int(concurrent))
    print("ready", flush=True)
    sys.stdin.readline()
    threads = [threading.Thread(target=racer.work) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    database.close()
    print("\n".join(f"{call} {most}" for call, most in racer.made))


if __name__ == "__main__":
    main(*sys.argv[1:])
