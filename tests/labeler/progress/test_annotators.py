"""What annotators see of themselves, and what it costs the database to tell them."""

from sqlalchemy.orm import Session

from labeler.work import queue
from labeler.work.projects import Project
from tests.cast import Cast
from tests.conftest import StoppedClock
from tests.make import judge


def judge_for(
    session: Session, project: Project, cast: Cast, frozen: StoppedClock, *seconds: int
) -> None:
    """Let Ada take so long for each of some judgments."""
    for number in seconds:
        held = queue.claim(session, project, by=cast.ada)
        assert held is not None
        frozen.forward(seconds=number)
        judge(session, held, 1, cast.ada)
