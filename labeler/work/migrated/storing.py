"""Storing judgments that were made elsewhere, with their comparisons and their authors.

All of it goes in one transaction: what was judged cannot be removed again. A judgment cites the
form and the guidelines of now, is paid nothing, and has the moment that its source tells, but none
before the newest judgment that the project had: their numbers and their moments rise together.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from labeler import clock, events
from labeler.errors import Invalid
from labeler.people.accounts import Person
from labeler.work import batches, rubrics
from labeler.work.batches import Batch, Progress
from labeler.work.layouts import Refused, Row
from labeler.work.migrated import answering
from labeler.work.migrated.answering import Read
from labeler.work.migrated.given import Brought
from labeler.work.migrated.tables import Filling
from labeler.work.projects import Project
from labeler.work.rubrics import Rubric


@dataclass
class Moved:
    """What came of a migration."""

    batch: Batch
    comparisons: int = 0
    judgments: int = 0
    skips: int = 0
    people: int = 0
    refused: list[Refused] = field(default_factory=list)
    """The comparisons that were left out, if that was asked for."""


def load(
    session: Session,
    project: Project,
    brought: Iterable[Brought | Refused],
    *,
    source: str,
    name: str,
    digest: str,
    by: Person,
    skip_bad: bool = False,
) -> Moved:
    """Store comparisons as one batch, with all that was said of them; commit afterwards, or undo.

    `source` says whose names these are: the same name from the same source is the same person.
    Raises as `batches.load` does; until the commit nothing of it is there for anybody else.
    """
    rubric = rubrics.version(session, project.id, project.rubric_number)
    kept: dict[str, list[Read]] = {}
    rows = _answered(brought, rubric, kept, clock.now())
    progress = _last(
        batches.load(session, project, rows, name=name, digest=digest, by=by, skip_bad=skip_bad)
    )
    filling = Filling(session, project, progress.batch.id, source, by)
    filling.fill(kept)
    moved = Moved(
        progress.batch,
        progress.loaded,
        filling.judgments,
        filling.skips,
        filling.people,
        progress.refused,
    )
    events.record(
        session,
        "judgments.migrated",
        person_id=by.id,
        project_id=project.id,
        subject=moved.batch.id,
        source=source,
        judgments=moved.judgments,
        skips=moved.skips,
        people=moved.people,
    )
    return moved


def _last(steps: Iterator[Progress]) -> Progress:
    """Take all steps, without a commit between them."""
    progress = next(steps)
    for progress in steps:  # noqa: B007
        pass
    return progress


def _answered(
    brought: Iterable[Brought | Refused], rubric: Rubric, kept: dict[str, list[Read]], now: datetime
) -> Iterator[Row | Refused]:
    """Read what was said of each comparison; refuse the comparison if any of it cannot be taken."""
    for each in brought:
        if isinstance(each, Refused):
            yield each
            continue
        try:
            read = answering.read_all(rubric, each, now)
        except Invalid as fault:
            place, reason = answering.first(fault)
            yield Refused(each.row.line, place, reason)
        else:
            kept.setdefault(each.row.id, read)  # the same id again is refused where rows are stored
            yield each.row
