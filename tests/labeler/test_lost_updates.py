"""Many writers at one row, in threads and processes: no update is lost, and nobody is sent away."""

import subprocess
import sys

import pytest

from labeler.database import Database
from labeler.people import accounts

pytestmark = pytest.mark.slow
ADA = "ada@example.org"
PROCESSES, THREADS = 4, 2
WRITER = """
import sys
from concurrent.futures import ThreadPoolExecutor
from labeler.database import Database
from labeler.people.accounts import Person
from labeler.work import judgments

database, person_id, times = Database(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])

def write():
    for _ in range(times):
        with database.writing() as session:
            session.get_one(Person, person_id, with_for_update=True).failures += 1
            session.commit()

with ThreadPoolExecutor(int(sys.argv[4])) as pool:
    for done in [pool.submit(write) for _ in range(int(sys.argv[4]))]:
        done.result()
database.close()
"""


def test_no_update_is_lost_and_no_writer_is_refused(
    database: Database, address: str, soak: bool
) -> None:
    times = 500 if soak else 100
    with database.writing() as session:
        ada_id = accounts.create(session, ADA, "Ada", by=None).id
        session.commit()
    command = [sys.executable, "-c", WRITER, address, str(ada_id), str(times), str(THREADS)]
    writers = [
        subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(PROCESSES)
    ]
    said = [writer.communicate()[1] for writer in writers]
    assert [(writer.returncode, words) for writer, words in zip(writers, said, strict=True)] == [
        (0, "")
    ] * PROCESSES
    with database.reading() as session:
        assert accounts.find(session, ADA).failures == PROCESSES * THREADS * times
