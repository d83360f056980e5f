"""Additions: single comparisons that people of a project write, copy or chat, in batches that grow.

They go the same way as the rows of a file. What is added is given out at once.
"""

import enum

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler import clock
from labeler.errors import Conflict, Invalid
from labeler.people.accounts import Person
from labeler.work import batches, intake, rubrics
from labeler.work.batches import Batch, BatchState
from labeler.work.gold import GoldSource
from labeler.work.layouts import Refused, Row
from labeler.work.projects import Project


class Collection(enum.Enum):
    """A batch that grows: its name, which stands in the place of a file's digest."""

    known = "Known answers"
    """Mixed into the work."""
    questions = "Questions for qualification"
    """Asked before the work itself."""
    chats = "Chats"
    """What two models answered somebody who chatted with them."""


def add(
    session: Session,
    project: Project,
    row: Row,
    *,
    to: Collection,
    by: Person,
    source: GoldSource = GoldSource.loaded,
    wanted: int | None = None,
) -> int:
    """Store a row as a comparison of a batch that grows; return the comparison's id.

    `source` says whence a known answer comes, `wanted` how many judgments are wanted if that is not
    what the project says. Raises Invalid if the form has no question for it, Conflict if it is
    there already.
    """
    _require_fitting(session, project, row)
    batch = _batch(session, project, to, by=by)
    fresh, _known = intake.split_known(session, project, batch.id, [row])
    if not fresh:
        raise Conflict("This known answer is in the project already.")
    [comparison_id] = intake.store(
        session, project, batch.id, fresh, by=by, source=source, wanted=wanted
    )
    batch.comparisons += 1
    session.flush()
    return comparison_id


def _require_fitting(session: Session, project: Project, row: Row) -> None:
    asked = rubrics.version(session, project.id, project.rubric_number).asked
    for found in batches.fitting(asked, [row]):
        if isinstance(found, Refused):
            raise Invalid(found.reason, fields={found.field: found.reason})


def _batch(session: Session, project: Project, to: Collection, *, by: Person) -> Batch:
    """Return the batch, made if it is the first of its kind, in the project's turn."""
    batches.take_turn(session, project.id)
    found = session.scalar(
        sa.select(Batch)
        .where(Batch.project_id == project.id, Batch.digest == to.value)
        .execution_options(populate_existing=True)
    )
    if found is not None:
        return found
    made = Batch(
        project_id=project.id,
        name=to.value,
        digest=to.value,
        state=BatchState.ready,
        comparisons=0,
        refused=0,
        is_qualification=to is Collection.questions,
        created_by=by.id,
        created_at=clock.now(),
    )
    session.add(made)
    session.flush()
    return made
