"""Refreshing: everything about a project's quality that is worked out in the background."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy.orm import Session

from labeler.quality import consensus, snapshots, votes
from labeler.quality.votes import Reading
from labeler.work.projects import Project


def refresh(session: Session, reading: Reading, project: Project) -> Iterator[None]:
    """Work out how good the project's labels are; yield after every chunk, for a commit.

    Nothing is done while somebody else is at it. The session is used for short writes alone.
    """
    size = snapshots.claim(session, project.id)
    yield
    if size is None:
        return
    found = consensus.estimate(votes.read(reading, project))
    yield from consensus.carry_out(session, reading, project, found)
    snapshots.keep(session, project.id, size, _data(found))
    yield


def _data(found: consensus.Consensus) -> dict[str, Any]:
    return {"least_sure": found.least_sure(200)}
