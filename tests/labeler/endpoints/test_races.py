"""Several processes take calls at the same moment: none twice, none too many, none too dear."""

import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import sqlalchemy as sa

from labeler.database import Database
from labeler.endpoints import calls, purses, taking
from labeler.endpoints.calls import Call, CallState
from labeler.endpoints.purses import Stop
from tests.cast import make_cast
from tests.labeler.endpoints import asking
from tests.labeler.endpoints.asking import COST, KIN
from tests.make import make_project

PROGRAMS = 3
CALLS = 60
CONCURRENT = 4
PATIENCE_S = 60
PROGRAM = """
import sys
from tests.labeler.endpoints.test_races import make
make(*sys.argv[1:])
"""


def make(address: str, name: str) -> None:
    """Take calls in two threads and answer them, until there are none; print what was made."""
    database = Database(address)
    made = list[str]()

    def work() -> None:
        while True:
            with database.writing() as session:
                taken = taking.take(session, name)
                session.commit()
            if taken is None:
                with database.reading() as session:
                    if not taking.due(session):
                        return
                time.sleep(0.005)
                continue
            began = time.time()
            time.sleep(0.01)
            made.append(f"{taken.call_id} {began} {time.time()}")
            with database.writing() as session:
                assert taking.finish(session, taken, asking.reply())
                session.commit()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    database.close()
    sys.stdout.write("\n".join(made))


def test_processes_share_the_limits_of_a_line_and_a_budget(
    database: Database, address: str
) -> None:
    with database.writing() as session:
        cast = make_cast(session)
        project = make_project(session, cast)
        endpoint = asking.add(session, limits={"concurrent": CONCURRENT})
        purses.fill(session, KIN, 1_500, "EUR")
        for number in range(CALLS):
            kin = KIN if number % 2 else "other"
            asking.ask(session, endpoint, project, str(number), kin=kin)
        session.commit()
    command = [sys.executable, "-c", PROGRAM, address]
    programs = [
        subprocess.Popen(
            [*command, str(number)],
            cwd=Path(__file__).parents[3],
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(PROGRAMS)
    ]
    said = [program.communicate(timeout=PATIENCE_S)[0] for program in programs]
    assert [program.returncode for program in programs] == [0] * PROGRAMS
    made = [line.split() for text in said for line in text.splitlines()]
    with database.reading() as session:
        done = calls.counts(session, KIN)[CallState.done]
        assert Counter(call for call, *_ in made).most_common(1)[0][1] == 1
        assert calls.counts(session, "other")[CallState.done] == CALLS / 2
        assert len(made) == CALLS / 2 + done
        purse = purses.find(session, KIN)
        assert purse
        assert purse.spent_micro == done * COST <= purse.budget_micro
        assert purse.aside_micro == 0
        assert (done, purse.stopped) == (13, Stop.budget)  # the next might cost too much
        assert session.scalar(sa.select(sa.func.sum(Call.attempts))) == len(made)
    moments = sorted([(float(at), 1) for _, at, _ in made] + [(float(at), -1) for *_, at in made])
    under_way = most = 0
    for _, step in moments:
        under_way += step
        most = max(most, under_way)
    assert 1 < most <= CONCURRENT
