"""Working: jobs that pages asked for are done apart from the server."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import click
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from labeler import config, errors, jobs, passing
from labeler.cli import installation
from labeler.config import Settings
from labeler.database import Database
from labeler.errors import NO_ROOM, Busy, Refusal
from labeler.generation import finishing
from labeler.jobs import Job, Stopped
from labeler.said import say

if TYPE_CHECKING:  # it brings Huey, which no other command needs
    from labeler.bells import Bell

LOOK_S = 1.0
"""How often it is told at most how far a job is."""
BEAT_S = 5.0
"""How often it is told that somebody is at it, when it gets no further."""
_BUG = say("Something went wrong that should not have. Whoever runs this site finds it in its log.")
_log = logging.getLogger(__name__)
_Told = tuple[int, int, str]


@click.command()
@click.option("--once", is_flag=True, help="Do what waits, and end.")
def work(once: bool) -> None:
    """Do what pages ask for in the background.

    `labeler serve` sees to it by itself unless LABELER_WORK_S is 0. Any number of these may run,
    here or on machines that share the data folder: no job is done twice, and one whose program was
    killed is taken up by another. Stop it with Ctrl+C or SIGTERM; what it was doing is laid down.
    """
    from labeler.bells import Bell, require

    settings = config.load()
    require(settings.bell)
    with installation.connected(settings) as database, installation.stoppable():
        do_due(database, settings)
        if not once:
            _go_on(database, settings, Bell(settings.bell))


def do_due(database: Database, settings: Settings) -> None:
    """Do every job that waits, one after the other, and those that are asked for meanwhile."""
    _ask_for_due(database)
    while ids := _due(database):
        ended = sum(do(database, settings.data, job_id) for job_id in ids)
        if not ended:
            return  # others are at them


def do(database: Database, data: Path, job_id: int) -> bool:
    """Do a job unless somebody else is at it, or it is over; tell whether it has ended by us."""
    job = installation.written(database, lambda session: jobs.take(session, job_id))
    if job is None:
        return False
    with Pulse(database, job) as pulse:
        end = _attempt(database, data, job, pulse)
    if end is None:
        return False
    ended = installation.written(database, end)
    if ended:
        click.echo(f"{job.kind} {job.id} has ended.")
    return ended


class Pulse:
    """Says of a job that somebody is at it, and how far, for as long as the block lasts."""

    def __init__(self, database: Database, job: Job) -> None:
        self._database, self._job = database, job
        self._told: _Told = (0, 0, "")
        self._is_lost = False
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()

    def progress(self, done: int, total: int, words: str) -> None:
        """Note how far it is; raises Stopped when the job is ours no longer."""
        if self._is_lost:
            raise Stopped
        self._told = done, total, words

    def _beat(self) -> None:
        sent, last = self._told, time.monotonic()
        while not self._over.wait(LOOK_S):
            told, now = self._told, time.monotonic()
            if told == sent and now - last < BEAT_S:
                continue
            try:
                self._is_lost = not self._say(told)
            except Exception as error:  # a database that is away for a while
                _log.warning("nobody could be told of job %s: %s", self._job.id, error)
                continue
            if self._is_lost:
                return
            sent, last = told, now

    def _say(self, told: _Told) -> bool:
        return installation.written(
            self._database, lambda session: jobs.beat(session, self._job, *told)
        )


def _attempt(
    database: Database, data: Path, job: Job, pulse: Pulse
) -> Callable[[Session], bool] | None:
    """Do the work; return how the job ends, or None if it does not, or is ours no longer."""
    try:
        place = installation.place(database, data)
        result = jobs.work_of(job.kind)(place, job, pulse.progress)
    except Stopped:
        return None
    except Busy as error:
        return _ended_by(database, job, error)
    except Refusal as refusal:
        message, fields = refusal.message, refusal.fields
        return lambda session: jobs.fail(session, job, message, fields)
    except KeyboardInterrupt:
        with suppress(DBAPIError):  # without it, the job is taken up when it has been silent
            installation.written(database, lambda session: jobs.lay_down(session, job))
        raise
    except Exception as error:
        return _ended_by(database, job, error)
    return lambda session: jobs.finish(session, job, result)


def _ended_by(database: Database, job: Job, error: Exception) -> Callable[[Session], bool] | None:
    """Return how a job ends in which something went wrong that is nobody's decision."""
    if errors.no_room(error):
        return lambda session: jobs.fail(session, job, NO_ROOM)
    if isinstance(error, Busy) or (isinstance(error, DBAPIError) and passing.passes(error)):
        _log.warning("job %s will be begun again: %s", job.id, error)
        installation.written(database, lambda session: jobs.lay_down(session, job))
        return None
    _log.error("job %s failed", job.id, exc_info=error)
    return lambda session: jobs.fail(session, job, _BUG)


def _ask_for_due(database: Database) -> None:
    """Ask for the jobs that follow from what has ended meanwhile."""
    with database.reading() as session:
        is_due = bool(finishing.due(session))
    if is_due:
        installation.written(database, finishing.ask_for_due)


def _due(database: Database) -> Sequence[int]:
    with database.reading() as session:
        return jobs.due(session)


def _go_on(database: Database, settings: Settings, bell: "Bell") -> None:
    every_s = settings.work_s or Settings.model_fields["work_s"].default
    click.echo("Waiting for work. Stop it with Ctrl+C.", err=True)
    try:
        while True:
            bell.wait(every_s)
            try:
                do_due(database, settings)
            except (Busy, DBAPIError) as error:  # it is away for a while
                _log.warning("the jobs that wait cannot be seen: %s", error)
    finally:
        bell.close()
