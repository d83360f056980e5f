"""The database: durable before it answers, no update lost, no connection in two processes."""

import os
import subprocess
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from labeler import database as database_module
from labeler.database import Database
from labeler.errors import Busy, Invalid
from labeler.people import accounts
from labeler.people.accounts import Person
from labeler.writelock import WriteLock
from tests import postgres
from tests.conftest import NewAddress

ADA = "ada@example.org"


@pytest.fixture
def sqlite(new_address: NewAddress) -> Database:
    return Database(new_address("sqlite"))


def add_ada(database: Database) -> int:
    with database.writing() as session:
        ada = accounts.create(session, ADA, "Ada", by=None)
        session.commit()
    return ada.id


def failures(database: Database) -> int:
    with database.reading() as session:
        return accounts.find(session, ADA).failures


def rename(session: Session, name: str) -> None:
    session.execute(sa.update(Person).values(name=name))


# What a connection must be


def test_every_connection_to_sqlite_waits_for_the_disk(sqlite: Database) -> None:
    sessions = [sqlite.reading() for _ in range(3)]
    connections = [session.connection() for session in sessions]
    for name, wanted in {
        "journal_mode": "wal",
        "synchronous": 2,
        "fullfsync": 1,
        "checkpoint_fullfsync": 1,
        "foreign_keys": 1,
        "busy_timeout": 15000,
        "trusted_schema": 0,
        "recursive_triggers": 1,
    }.items():
        found = [each.exec_driver_sql(f"PRAGMA {name}").scalar() for each in connections]
        assert found == [wanted] * 3, name
    for session in sessions:
        session.close()


def test_a_database_without_a_write_ahead_log_is_refused() -> None:
    in_memory = Database("sqlite:///file::memory:?uri=true")
    with pytest.raises(Invalid, match="refused journal_mode=wal; it says memory"):
        in_memory.reading().connection()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_a_database_without_a_file_is_refused(url: str) -> None:
    with pytest.raises(Invalid, match="in a file"):
        Database(url)


def test_a_pragma_that_does_not_take_is_noticed(
    new_address: NewAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    # SQLite says nothing when it cannot change the pages of a database that has tables.
    monkeypatch.setitem(database_module.PRAGMAS, "page_size", 512)
    database = Database(new_address("sqlite"))
    with pytest.raises(Invalid, match="refused page_size=512; it says 4096"):
        database.reading().connection()


def test_an_old_sqlite_is_warned_of(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(database_module, "SAFE_SQLITE", (99, 0, 0))
    with pytest.warns(RuntimeWarning, match="can corrupt a database"):
        Database(f"sqlite:///{tmp_path}/old.db")


def test_every_connection_to_postgresql_waits_for_the_disk(new_address: NewAddress) -> None:
    database = Database(new_address("postgresql"))
    with database.reading() as session:
        show = {
            name: session.scalar(sa.text(f"SHOW {name}")) for name in database_module.POSTGRESQL
        }
    assert show == {
        "synchronous_commit": "on",
        "lock_timeout": "5s",
        "statement_timeout": "1min",
        "idle_in_transaction_session_timeout": "1min",
        "timezone": "UTC",
    }
    database.close()


@pytest.mark.parametrize("setting", ["fsync", "full_page_writes"])
def test_a_postgresql_that_does_not_wait_for_the_disk_is_refused(
    new_address: NewAddress, setting: str
) -> None:
    address = new_address("postgresql")
    refused = Database(address)
    try:
        configure(address, f"ALTER SYSTEM SET {setting} = off", (setting, "off"))
        with pytest.raises(Invalid, match=f"runs with {setting}=off; it must be on"):
            refused.reading().connection()
    finally:
        configure(address, f"ALTER SYSTEM RESET {setting}", (setting, "on"))
    refused.reading().connection().close()
    refused.close()


def configure(address: str, statement: str, until: tuple[str, str]) -> None:
    """Alter the server's settings; return when new connections have them."""
    name, value = until
    with postgres.connect(address) as connection:
        connection.execute(statement)
        connection.execute("SELECT pg_reload_conf()")

    def has_it() -> bool:
        with postgres.connect(address) as new:
            return bool(new.execute(f"SHOW {name}").fetchone() == (value,))

    wait_until(has_it)


def test_a_database_at_another_version_is_refused(database: Database) -> None:
    database.require_current()
    database.downgrade("base")
    with pytest.raises(Invalid, match=r"version none.*labeler db upgrade"):
        database.require_current()


# Reading and writing


def test_reading_sessions_cannot_write(database: Database) -> None:
    add_ada(database)
    with database.reading() as session, pytest.raises(DBAPIError, match=r"(?i)read.?only"):
        rename(session, "Eve")
    with database.writing() as session:  # most likely on the connection that just read
        rename(session, "Ada Lovelace")
        session.commit()
    with database.reading() as session:
        assert accounts.find(session, ADA).name == "Ada Lovelace"


def test_reading_goes_on_beside_a_writer_and_sees_what_was_committed(database: Database) -> None:
    add_ada(database)
    with database.writing() as writer:
        rename(writer, "Eve")
        with database.reading() as reader:
            assert accounts.find(reader, ADA).name == "Ada"
        writer.commit()
    with database.reading() as reader:
        assert accounts.find(reader, ADA).name == "Eve"


def test_keys_that_refer_to_nothing_are_refused(database: Database) -> None:
    with database.writing() as session, pytest.raises(IntegrityError):
        session.execute(
            sa.text(
                "INSERT INTO guidelines (project_id, number, text, created_by, created_at) "
                "VALUES (77, 1, '', 77, '2026-11-23')"
            )
        )
        session.commit()


@pytest.mark.parametrize("name", ["A\x00da", "Ada \ud83d"])
def test_text_that_cannot_be_stored_is_refused_in_words(database: Database, name: str) -> None:
    with database.writing() as session, pytest.raises(Invalid, match="cannot be stored"):
        accounts.create(session, ADA, name, by=None)


# Lost updates


def eight_threads(work: Callable[[], None]) -> None:
    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(work) for _ in range(8)]:
            done.result()


def test_no_update_of_many_threads_is_lost(database: Database) -> None:
    ada_id = add_ada(database)

    def fail_often() -> None:
        for _ in range(200):
            with database.writing() as session:
                accounts.note_failure(session, ada_id)
                session.commit()

    eight_threads(fail_often)
    assert failures(database) == 1600


def test_on_sqlite_what_was_read_still_holds_when_it_is_written(sqlite: Database) -> None:
    ada_id = add_ada(sqlite)

    def read_and_write() -> None:
        for _ in range(50):
            with sqlite.writing() as session:
                ada = session.get_one(Person, ada_id)
                ada.failures += 1
                session.commit()

    eight_threads(read_and_write)
    assert failures(sqlite) == 400


ANOTHER_PROGRAM = """
import sys
from labeler.database import Database
from labeler.people.accounts import Person
from labeler.work import judgments

database = Database(sys.argv[1])
print("ready", flush=True)
for _ in range(60):
    with database.writing() as session:
        session.get_one(Person, int(sys.argv[2]), with_for_update=True).failures += 1
        session.commit()
"""


def test_two_programs_write_side_by_side(database: Database, address: str) -> None:
    ada_id = add_ada(database)
    command = [sys.executable, "-c", ANOTHER_PROGRAM, address, str(ada_id)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "ready\n"
        for _ in range(60):
            with database.writing() as session:
                session.get_one(Person, ada_id, with_for_update=True).failures += 1
                session.commit()
    assert other.returncode == 0
    assert failures(database) == 120


# The turn to write


def test_who_comes_first_writes_first(tmp_path: Path) -> None:
    lock, served = WriteLock(tmp_path / "lock"), list[int]()
    lock.acquire()

    def take_turn(number: int) -> None:
        lock.acquire()
        served.append(number)
        lock.release()

    threads = [threading.Thread(target=take_turn, args=(number,)) for number in range(12)]
    for number, thread in enumerate(threads):
        thread.start()
        wait_until(lambda number=number: len(lock._waiting) == number + 2)
    lock.release()
    for thread in threads:
        thread.join()
    assert served == list(range(12))


def wait_until(true: Callable[[], bool]) -> None:
    for _ in range(2000):
        if true():
            return
        time.sleep(0.001)
    raise AssertionError("It never came about.")


def test_who_waits_too_long_is_told_so_and_is_not_in_the_way(tmp_path: Path) -> None:
    lock = WriteLock(tmp_path / "lock")
    lock.acquire()
    with pytest.raises(Busy, match="Too many people are saving"):
        lock.acquire(patience_s=0.02)
    lock.release()
    lock.acquire(patience_s=0.02)
    lock.release()


def test_another_program_that_writes_for_long_is_told_of(tmp_path: Path) -> None:
    ours, theirs = WriteLock(tmp_path / "lock"), WriteLock(tmp_path / "lock")
    theirs.acquire()
    with pytest.raises(Busy, match="Another program is writing"):
        ours.acquire(patience_s=0.02)
    theirs.release()
    ours.acquire(patience_s=0.02)
    ours.release()


def commits(session: Session) -> None:
    rename(session, "Eve")
    session.commit()


def rolls_back(session: Session) -> None:
    rename(session, "Eve")
    session.rollback()


def forgets_to_commit(session: Session) -> None:
    rename(session, "Eve")


def breaks_a_constraint(session: Session) -> None:
    with pytest.raises(IntegrityError):
        session.execute(sa.text("INSERT INTO people (email) VALUES ('x@example.org')"))


def loses_its_connection(session: Session) -> None:
    session.connection().invalidate()


@pytest.mark.parametrize(
    "story", [commits, rolls_back, forgets_to_commit, breaks_a_constraint, loses_its_connection]
)
def test_the_turn_ends_with_the_session(sqlite: Database, story: Callable[[Session], None]) -> None:
    add_ada(sqlite)
    with sqlite.writing() as session:
        story(session)
    assert_free(sqlite)


def test_a_session_that_waited_in_vain_leaves_nothing_behind(
    sqlite: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_ada(sqlite)
    theirs = WriteLock(Path(f"{sqlite.url.database}-lock"))
    theirs.acquire()
    acquire = WriteLock.acquire
    monkeypatch.setattr(
        WriteLock, "acquire", lambda lock, patience_s=0.02: acquire(lock, patience_s)
    )
    with sqlite.writing() as session, pytest.raises(Busy):
        rename(session, "Eve")
    theirs.release()
    assert_free(sqlite)


def assert_free(database: Database) -> None:
    """Write from another thread, which may not wait."""
    lock = WriteLock(Path(f"{database.url.database}-lock"))
    lock.acquire(patience_s=0.5)
    lock.release()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(_rename_and_commit, database).result(timeout=2)
    with database.reading() as session:
        assert accounts.find(session, ADA).name == "Grace"


def _rename_and_commit(database: Database) -> None:
    with database.writing() as session:
        rename(session, "Grace")
        session.commit()


# Forks


def forked(work: Callable[[], None]) -> int:
    """Start a child that does `work`; return its process id."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # this process has threads: meant
        child = os.fork()
    if child:
        return child
    try:
        work()
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        os._exit(1)


def exit_code(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def ask_for_own_numbers(database: Database, tag: int) -> None:
    for number in range(100):
        wanted = tag * 1000 + number
        with database.reading() as session:
            assert session.scalar(sa.select(sa.literal(wanted))) == wanted


def test_forked_children_never_read_each_others_answers(database: Database) -> None:
    ask_for_own_numbers(database, tag=9)  # a connection is open now
    tags = range(4)
    children = [forked(lambda tag=tag: ask_for_own_numbers(database, tag)) for tag in tags]
    ask_for_own_numbers(database, tag=9)
    assert [exit_code(child) for child in children] == [0] * 4


def add_failures(database: Database, times: int) -> None:
    for _ in range(times):
        with database.writing() as session:
            session.scalars(sa.select(Person).with_for_update()).one().failures += 1
            session.commit()


def test_forked_children_write_beside_their_parent(database: Database, address: str) -> None:
    add_ada(database)
    children = [forked(lambda: add_failures(database, 20)) for _ in range(3)]
    add_failures(database, 20)
    database.close()  # the parent's last connection goes while the children are at work
    assert [exit_code(child) for child in children] == [0] * 3
    assert failures(database) == 80


def test_a_child_forked_out_of_a_transaction_has_no_part_in_it(new_address: NewAddress) -> None:
    database = Database(new_address("postgresql"))
    add_ada(database)
    with database.writing() as session:
        session.scalars(sa.select(Person).with_for_update()).one().failures += 1
        session.flush()
        children = [forked(lambda: add_failures(database, 1)) for _ in range(3)]
        time.sleep(0.1)
        session.commit()
    assert [exit_code(child) for child in children] == [0] * 3
    assert failures(database) == 4
    database.close()
