"""Several processes take calls at the same moment: none twice, none too many, none too dear."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import sqlalchemy as sa

from labeler.database import Database
from labeler.endpoints import calls, purses
from labeler.endpoints.calls import Call, CallState
from labeler.endpoints.purses import Stop
from tests.cast import make_cast
from tests.labeler.endpoints import asking
from tests.labeler.endpoints.asking import COST, KIN
from tests.make import make_project

PROGRAMS, CALLS, CONCURRENT = 2, 40, 4
PATIENCE_S = 120


def test_processes_share_the_limits_of_a_line_and_a_budget(
    database: Database, address: str
) -> None:
    with database.writing() as session:
        project = make_project(session, make_cast(session))
        endpoint = asking.add(session, limits={"concurrent": CONCURRENT})
        purses.fill(session, KIN, 1_500, "EUR")
        for number in range(CALLS):
            kin = KIN if number % 2 else "other"
            asking.ask(session, endpoint, project, str(number), kin=kin)
        session.commit()
    made = race(address)
    assert Counter(call for call, _most in made).most_common(1)[0][1] == 1
    assert max(most for _call, most in made) == CONCURRENT
    with database.reading() as session:
        done = calls.counts(session, KIN)[CallState.done]
        assert calls.counts(session, "other")[CallState.done] == CALLS / 2
        assert len(made) == CALLS / 2 + done
        assert session.scalar(sa.select(sa.func.sum(Call.attempts))) == len(made)
        purse = purses.find(session, KIN)
        assert purse
        assert (done, purse.stopped) == (13, Stop.budget)  # the next might cost too much
        assert (purse.spent_micro, purse.aside_micro) == (done * COST, 0)


def race(address: str) -> list[tuple[int, int]]:
    """Let programs make all calls; return each call, and how many were under way beside it."""
    command = [sys.executable, "-m", "tests.labeler.endpoints.racing", address]
    programs = [
        subprocess.Popen(
            [*command, f"program {number}", str(CONCURRENT)],
            cwd=Path(__file__).parents[3],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(PROGRAMS)
    ]
    for program in programs:
        assert program.stdout
        assert program.stdout.readline() == "ready\n"
    for program in programs:
        assert program.stdin
        program.stdin.write("go\n")
        program.stdin.flush()
    said = [program.communicate(timeout=PATIENCE_S)[0] for program in programs]
    assert [program.returncode for program in programs] == [0] * PROGRAMS
    lines = [line.split() for text in said for line in text.splitlines()]
    return [(int(call), int(most)) for call, most in lines]
