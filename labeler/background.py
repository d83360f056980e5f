"""What a server does beside answering: quality is worked out anew, what was earned becomes due,
and jobs are done.

This is gunicorn's configuration (see `labeler.cli.serving`). Each server process looks now and then
whether judgments have changed, and whether a job waits; who finds it first starts `labeler refresh`
or `labeler work`, processes of their own that leave no statistics and no files of releases in the
server's memory, and give way to those who wait for a page.
"""

import logging
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

from labeler import clock

if TYPE_CHECKING:  # gunicorn's first process, which reads this, serves nobody and stays small
    from labeler.config import Settings
    from labeler.database import Database

_log = logging.getLogger(__name__)
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
