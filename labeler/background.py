"""What a server does beside answering: quality is worked out anew, what was earned becomes due,
jobs are done, and models are asked.

This is gunicorn's configuration (see `labeler.cli.serving`). Each server process looks now and then
whether judgments have changed, whether a job waits, and whether a model has to be asked; who finds
it first starts `labeler refresh`, `labeler work` or `labeler call`, processes of their own that
leave no statistics and no files of releases in the server's memory, and give way to those who wait
for a page.
"""

import fcntl
import logging
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labeler import clock

if TYPE_CHECKING:  # gunicorn's first process, which reads this, serves nobody and stays small
    from labeler.config import Settings
    from labeler.database import Database

_log = logging.getLogger(__name__)
LINGER_S = 60
"""How long who asks models stays when there is nothing to ask: a chat goes on at once."""
_KINDLY = "import os, sys; os.nice(10); from labeler.cli import main; main(sys.argv[1:])"


def post_worker_init(worker: Any) -> None:
    """Begin to look; gunicorn calls this once a server process is ready."""
    found = worker.wsgi.extensions
    settings: Settings = found["labeler.settings"]
    database: Database = found["labeler.database"]
    if settings.refresh_s:
        look = threading.Thread(target=_look, args=(database, settings.refresh_s), daemon=True)
        look.start()
    if settings.work_s:
        wait = threading.Thread(
            target=_wait, args=(database, settings.bell, settings.work_s), daemon=True
        )
        wait.start()
    if settings.call_s:
        lock = settings.data / "calling.lock"
        call = threading.Thread(target=_call, args=(database, lock, settings.call_s), daemon=True)
        call.start()


def _look(database: "Database", every_s: int) -> None:
    hour = clock.now().hour
    while True:
        time.sleep(every_s)
        try:
            # What was earned becomes due by the hour, whether anybody judges or not.
            if _any_stale(database) or hour != (hour := clock.now().hour):
                _run("refresh")
        except Exception:  # a database that is away for a while, or no memory for a process
            _log.exception("what is done in the background was not")


def _wait(database: "Database", address: str, every_s: int) -> None:
    from labeler.bells import Bell

    bell = Bell(address)
    while True:
        try:
            if _any_due(database):
                _run("work", "--once")
        except Exception:
            _log.exception("the jobs that wait were not done")
        bell.wait(every_s)


def _call(database: "Database", lock: Path, every_s: int) -> None:
    while True:
        try:
            if _any_calls(database):
                _let_call(lock)
        except Exception:
            _log.exception("the models that have to be asked were not")
        time.sleep(every_s)


def _let_call(lock: Path) -> None:
    """Start what asks models, unless another server process here has: one makes many calls."""
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        _run("call", "--linger", str(LINGER_S), "--attached")


def _any_calls(database: "Database") -> bool:
    from labeler.endpoints import taking

    with database.reading() as session:
        return taking.due(session)


def _any_stale(database: "Database") -> bool:
    from labeler.quality import snapshots

    with database.reading() as session:
        return bool(snapshots.stale(session))


def _any_due(database: "Database") -> bool:
    from labeler import jobs
    from labeler.generation import finishing

    with database.reading() as session:
        return bool(jobs.due(session) or finishing.due(session))


def _run(*command: str) -> None:
    subprocess.run(
        [sys.executable, "-c", _KINDLY, *command],
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
