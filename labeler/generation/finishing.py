"""Finishing: when all calls are over, their answers become rows, and the rows one batch.

Nobody who makes calls knows of generations. Whoever does jobs looks whether a generation can go on
(`due`), and asks for the job that does it; what was killed is due again.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from labeler.jobs import Job, Place, Progress


def due(session: Session) -> Sequence[int]:
    """Return the generations, by id, that go on by a job: all calls are over and have answers.

    Also those of which calls are yet to be asked for. One whose job has failed waits for somebody.
    """
    raise NotImplementedError


def ask_for_due(session: Session) -> int:
    """Ask for the jobs of all generations that are due; return how many there are."""
    raise NotImplementedError


def run(place: Place, job: Job, progress: Progress) -> dict[str, Any]:
    """Ask for the calls that are yet to be asked for, or make the answers a batch."""
    raise NotImplementedError
