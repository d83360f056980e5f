"""Kinds of jobs for tests, found as those of another package are: see `offered`."""

import os
import time
from pathlib import Path
from typing import Any

from exports import orders
from labeler.errors import Conflict
from labeler.jobs import Job, Place, Progress
from labeler.said import say
from tests.house.source import ROOT

PACKAGE = "labeler_test_kinds-1.dist-info"
PAUSE_S = 0.05


def count(place: Place, job: Job, progress: Progress) -> dict[str, Any]:
    """Count to a number, each time with a line that says which job it was, and who did it."""
    until: int = job.payload["to"]
    for number in range(1, until + 1):
        progress(number, until, say("Counting"))
        with (place.data / "counted.txt").open("a") as file:
            file.write(f"{job.id} {os.getpid()} {number}\n")
        time.sleep(PAUSE_S)
    return {"counted": until}


def refuse(_place: Place, _job: Job, _progress: Progress) -> dict[str, Any]:
    """Say that it cannot be done."""
    raise Conflict(say("There are %(number)s too many.", number=3))


def break_down(_place: Place, _job: Job, _progress: Progress) -> dict[str, Any]:
    """Have a bug."""
    raise ZeroDivisionError("a bug")


def cut_slowly(place: Place, job: Job, progress: Progress) -> dict[str, Any]:
    """Cut a release as always, and take a long time between its steps."""

    def tell(done: int, total: int, words: str, /) -> None:
        progress(done, total, words)
        time.sleep(3)

    return orders.run(place, job, tell)


def offered(folder: Path, **kinds: str) -> str:
    """Offer kinds, by the names of functions here; return the PYTHONPATH that they are found on.

    In a name, an underscore stands for a dot.
    """
    package = folder / "kinds" / PACKAGE
    package.mkdir(parents=True, exist_ok=True)
    (package / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: labeler-test-kinds\nVersion: 1\n"
    )
    lines = (f"{kind.replace('_', '.')} = {__name__}:{name}" for kind, name in kinds.items())
    (package / "entry_points.txt").write_text("\n".join(("[labeler.jobs]", *lines, "")))
    paths = (str(package.parent), str(ROOT), os.environ.get("PYTHONPATH", ""))
    return os.pathsep.join(filter(None, paths))
