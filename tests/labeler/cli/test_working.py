"""`labeler work`: real processes that do jobs, are killed, meet each other, and are woken."""

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from exports import orders
from exports.checking import verification
from exports.choosing.criteria import Criteria
from exports.kept import releases
from exports.making import cutting
from exports.proof import keys
from labeler import bells, jobs
from labeler.database import Database
from labeler.jobs import PATIENCE, Job, JobState
from labeler.work.projects import Project
from tests.cast import Cast
from tests.exports.stories import Said, contents, tell
from tests.labeler.cli import kinds
from tests.labeler.cli.processes import LABELER, environment

PATIENCE_S = 60
KINDS = {"test_count": "count", "test_refuse": "refuse", "test_break": "break_down"}
VOTES: dict[str, list[Said]] = {f"p{n}": [n % 2, n % 2] for n in range(8)}


@pytest.fixture
def site(database: Database, address: str, tmp_path: Path) -> "Place":
    return Place(database, address, tmp_path)


class Place:
    """A database and a data folder on which `labeler work` is run."""

    def __init__(self, database: Database, address: str, data: Path) -> None:
        self.database, self.data = database, data
        self._settings = {"database_url": address, "data": str(data), "work_s": "1"}
        is_file = address.startswith("sqlite")
        self.bell = f"sqlite:///{data}/queue.db" if is_file else address

    def ask(self, kind: str = "test.count", *, key: str = "1", **payload: int) -> int:
        with self.database.writing() as session:
            job = jobs.ask(session, kind, payload, key=key, by=None).job
            session.commit()
        return job.id

    def job(self, job_id: int) -> Job:
        with self.database.reading() as session:
            return session.get_one(Job, job_id)

    def is_done(self, *job_ids: int) -> bool:
        return all(self.job(job_id).state is JobState.done for job_id in job_ids)

    def counted(self) -> list[tuple[int, int, int]]:
        """Return what was counted: the job, the process, the number."""
        file = self.data / "counted.txt"
        lines = file.read_text().splitlines() if file.exists() else []
        return [tuple(map(int, line.split())) for line in lines]  # type: ignore[misc]

    @contextmanager
    def working(
        self, *options: str, offers: dict[str, str] = KINDS, **settings: str
    ) -> Iterator["subprocess.Popen[str]"]:
        """Run the command; it is gone after the block, whatever it was doing."""
        environ = environment(**self._settings | settings)
        environ["PYTHONPATH"] = kinds.offered(self.data, **offers)
        process = subprocess.Popen(
            [LABELER, "work", *options],
            env=environ,
            cwd=self.data,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            yield process
        finally:
            process.kill()
            process.communicate()

    def work_once(self, **given: Any) -> str:
        """Let the command do what waits; return what it said."""
        with self.working("--once", **given) as process:
            said, _ = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0, said
        return str(said)

    def wait_until_silent(self, job_id: int) -> None:
        """Let as much time pass as makes whoever did a job count as ended."""
        with self.database.writing() as session:
            job = session.get_one(Job, job_id)
            assert job.heartbeat_at is not None
            job.heartbeat_at -= PATIENCE + PATIENCE / 30
            session.commit()


def wait_for(found: Callable[[], object], seconds: float = PATIENCE_S) -> None:
    until = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < until, "it did not come about"
        time.sleep(0.01)


def test_what_waits_is_done_and_it_ends(site: Place) -> None:
    first, second = (site.ask(key=str(number), to=number) for number in (2, 3))
    said = site.work_once()
    assert [each[0] for each in site.counted()] == [first] * 2 + [second] * 3
    assert site.job(second).result == {"counted": 3}
    assert said == f"test.count {first} has ended.\ntest.count {second} has ended.\n"
    assert site.work_once() == ""


def test_what_cannot_be_done_says_why_and_bugs_do_not(site: Place) -> None:
    refused, broken, unknown = (
        site.ask(kind, key=kind) for kind in ("test.refuse", "test.break", "test.unknown")
    )
    said = site.work_once()
    assert "ZeroDivisionError: a bug" in said
    assert site.job(refused).why == "There are 3 too many."
    assert "finds it in its log" in site.job(broken).why
    assert "of the kind test.unknown" in site.job(unknown).why
    for job_id in (refused, broken, unknown):
        assert site.job(job_id).state is JobState.failed


@pytest.mark.both
def test_two_programs_never_do_one_job(site: Place) -> None:
    with site.working() as one, site.working() as other:
        for process in (one, other):
            assert "Waiting for work" in process.stdout.readline()
        asked = [site.ask(key=str(number), to=2) for number in range(24)]
        for job_id in asked:
            bells.ring(site.bell, job_id)
        wait_for(lambda: site.is_done(*asked))
    counted = site.counted()
    assert sorted((job, number) for job, _, number in counted) == [
        (job, number) for job in asked for number in (1, 2)
    ]
    assert {process for _, process, _ in counted} == {one.pid, other.pid}
    assert {site.job(job_id).attempts for job_id in asked} == {1}


def test_a_killed_program_s_job_is_taken_up_by_another(site: Place) -> None:
    job_id = site.ask(to=30)
    with site.working("--once") as process:
        wait_for(lambda: len(site.counted()) > 3)
        process.send_signal(signal.SIGKILL)
        process.wait()
    left = site.job(job_id)
    assert (left.state, left.attempts) == (JobState.running, 1)
    assert site.work_once() == ""  # for all that anybody knows, somebody is at it
    site.wait_until_silent(job_id)
    site.work_once()
    done = site.job(job_id)
    assert (done.state, done.attempts, done.result) == (JobState.done, 2, {"counted": 30})
    assert (done.done, done.total) != (0, 0)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_program_lays_down_what_it_does(site: Place, number: signal.Signals) -> None:
    job_id = site.ask(to=400)
    with site.working() as process:
        wait_for(lambda: len(site.counted()) > 3)
        process.send_signal(number)
        said, _ = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, "Stopped." in said) == (0, True)
    laid_down = site.job(job_id)
    assert (laid_down.state, laid_down.heartbeat_at) == (JobState.waiting, None)


def test_who_counts_for_long_says_so_and_notices_that_it_is_cancelled(site: Place) -> None:
    job_id = site.ask(to=10_000)
    with site.working("--once") as process:
        wait_for(lambda: site.job(job_id).done > 3)
        told = site.job(job_id)
        assert (told.total, told.words) == (10_000, "Counting")
        with site.database.writing() as session:
            jobs.cancel(session, session.get_one(Job, job_id))
            session.commit()
        assert process.wait(PATIENCE_S) == 0, process.stdout
    assert site.job(job_id).state is JobState.cancelled
    assert len(site.counted()) < 10_000


def test_the_bell_wakes_and_without_it_the_table_is_looked_at(site: Place) -> None:
    with site.working(work_s="600") as process:
        assert "Waiting for work" in process.stdout.readline()
        woken = site.ask(to=1)
        bells.ring(site.bell, woken)
        wait_for(lambda: site.is_done(woken))
    with site.working(work_s="1") as process:
        assert "Waiting for work" in process.stdout.readline()
        if site.database.is_sqlite:
            (site.data / "queue.db").unlink()
        found = site.ask(to=1)
        wait_for(lambda: site.is_done(found))


def test_a_queue_that_is_no_queue_stops_nobody(site: Place) -> None:
    elsewhere = {"queue": "redis://127.0.0.1:1/0"}
    if site.database.is_sqlite:
        elsewhere = {}
        (site.data / "queue.db").write_bytes(b"This is no database." * 100)
    else:
        pytest.importorskip("redis")
    with site.working(**elsewhere) as process:
        assert "Waiting for work" in process.stdout.readline()
        assert "out of order" in process.stdout.readline()
        job_id = site.ask(to=1)
        wait_for(lambda: site.is_done(job_id))


def ask_for_release(site: Place) -> tuple[Cast, Project, int]:
    cast, project = tell(site.database, VOTES)
    with site.database.writing() as session:
        cut = orders.plan(session, project, Criteria(test_share=0))
        job = orders.ask(session, cut, by=cast.olga)
        session.commit()
    return cast, project, job.id


@pytest.mark.both
def test_a_release_that_is_killed_midway_comes_to_the_same_bytes(site: Place) -> None:
    _, project, job_id = ask_for_release(site)
    home = site.data / "releases" / "helpful"
    slowly = {"release_cut": "cut_slowly"}
    with site.working("--once", offers=slowly) as process:
        wait_for(lambda: list(home.glob(".1.*/*")))
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert {path.name[:3] for path in home.iterdir()} == {".1."}
    with site.database.writing() as session:
        session.execute(sa.update(Project).values(title="Renamed meanwhile"))
        session.commit()
    site.wait_until_silent(job_id)
    site.work_once()
    job = site.job(job_id)
    assert (job.state, job.attempts, job.result) == (JobState.done, 2, {"number": 1})
    assert [path.name for path in home.iterdir()] == ["1"]
    assert verification.verify(home / "1") == []
    with site.database.reading() as session:
        made = _release(session, project)
    asked = orders._cut(job)
    assert asked is not None
    assert (made.pseudonym_key, made.title) == (asked.pseudonym_key, "Helpful answers")
    cut_by_hand(site, asked, site.data / "undisturbed")
    assert contents(home / "1") == contents(site.data / "undisturbed")


def cut_by_hand(site: Place, cut: releases.Cut, target: Path) -> Any:
    """Write a release, signed by this site, without recording it."""
    signer = keys.current(site.data)
    with cutting.staged(cut, site.database.reading, target, signer=signer) as made:
        return made


def _release(session: Session, project: Project) -> releases.Release:
    found = releases.numbered(session, project.id, 1)
    assert found is not None
    return found


def test_a_release_that_was_recorded_and_not_put_in_place_is_written_again(site: Place) -> None:
    cast, _, job_id = ask_for_release(site)
    asked = orders._cut(site.job(job_id))
    assert asked is not None
    target = releases.home(asked, site.data)
    made = cut_by_hand(site, asked, site.data / "lost")
    with site.database.writing() as session:  # as if the machine had gone off after the commit
        releases.record(session, asked, made, target=target, data=site.data, by=cast.olga)
        session.commit()
    site.work_once()
    assert site.job(job_id).state is JobState.done
    assert contents(target) == contents(site.data / "lost")
