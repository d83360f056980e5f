"""Batches: one all-or-nothing import of comparisons, with the digest of its file.

A long file is stored chunk by chunk in short transactions; nobody is given anything of it before
the last one has turned the batch from loading to ready.
"""

import enum
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from heapq import nsmallest
from itertools import islice
from operator import attrgetter
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from labeler import clock, events
from labeler.errors import Conflict, Invalid
from labeler.people.accounts import Person
from labeler.said import say, say_number
from labeler.schema import Base, Id, changed, reference
from labeler.text import lines, sensitive
from labeler.work import intake, lanes, layouts, questions, rubrics
from labeler.work.layouts import Layout, Refused, Row
from labeler.work.projects import Project
from labeler.work.questions import Questions

CHUNK = 1000
CHUNK_BYTES = 4_000_000
"""How much of a file one chunk holds; in memory it may be thirty times as much."""
MOST_REFUSED = 100_000
"""How many rows may be left out of one file: each is kept, with the reason."""
SHOWN = 20
"""How many refused rows are named one by one."""
LOOK_ON = 50_000
"""How many rows after a refused one are looked at, to name more of them."""
MOMENT = timedelta(microseconds=1)
_TOO_MANY = say("There are %(number)s answers; exactly two are compared.")
_UNASKED = say("Nobody is asked which answer is the best.")
_UNKNOWN = say("A question for qualification needs a known answer.")
_NO_SUPPORT = say(
    "This may be hard to read, and the project names nobody to turn to. Please name a support "
    "contact under Setup first."
)


class BatchState(enum.Enum):
    """Whether a batch's comparisons are given out."""

    loading = "loading"
    """Being read; nobody sees it."""
    ready = "ready"
    """Given out."""


class Batch(Base):
    """One all-or-nothing import, with the digest of its file."""

    __tablename__ = "batches"
    __table_args__ = (sa.UniqueConstraint("project_id", "digest"),)

    id: Mapped[Id]
    project_id: Mapped[int] = reference("projects.id")
    name: Mapped[str]
    digest: Mapped[str]
    state: Mapped[BatchState]
    comparisons: Mapped[int]
    refused: Mapped[int]
    priority: Mapped[int] = mapped_column(default=0)
    """Batches of a higher priority are given out first, then older ones."""
    cohorts: Mapped[list[str]] = mapped_column(default=list)
    """The groups that it is for; empty: everybody."""
    most_per_person: Mapped[int | None]
    """How many of its comparisons one person is given at most."""
    is_qualification: Mapped[bool] = mapped_column(default=False)
    """Whether it is asked before the work itself, of those who have yet to qualify."""
    created_by: Mapped[int] = reference("people.id")
    created_at: Mapped[datetime]


@dataclass
class Progress:
    """How far a load has come; `refused` holds the rows that were left out."""

    batch: Batch
    loaded: int = 0
    refused: list[Refused] = field(default_factory=list)

    @property
    def first_refused(self) -> list[Refused]:
        """The refused rows that are shown one by one, by line."""
        return nsmallest(SHOWN, self.refused, key=attrgetter("line"))


def load_file(
    session: Session,
    project: Project,
    path: Path,
    *,
    name: str,
    by: Person,
    layout: Layout = Layout.auto,
    language: str | None = None,
    content: str = "",
    known_answers: bool = False,
    for_qualification: bool = False,
    skip_bad: bool = False,
) -> Iterator[Progress]:
    """Read a file as `layouts.read` does and load it as `load` does.

    Rows that name no language, where none is given, are in the project's if it has only one.
    `content` says what in all of them may be hard to read, such as "violence:2". The
    whole file is read once before the session is used: with a project from another session nobody
    has to wait meanwhile.
    """
    if language is None and len(project.languages) == 1:
        (language,) = project.languages
    rows = layouts.read(path, layout=layout, language=language, known_answers=known_answers)
    if content.strip():
        rows = _marked(rows, _read_content(content))
    digest = layouts.digest(path)
    yield from load(
        session,
        project,
        rows,
        name=name,
        digest=digest,
        by=by,
        for_qualification=for_qualification,
        skip_bad=skip_bad,
    )


def load(
    session: Session,
    project: Project,
    rows: Iterable[Row | Refused],
    *,
    name: str,
    digest: str,
    by: Person,
    for_qualification: bool = False,
    skip_bad: bool = False,
) -> Iterator[Progress]:
    """Load rows as one batch; yield after every chunk, for the caller to commit.

    For qualification every row needs a known answer. One refused row keeps the whole file out. With
    `skip_bad` refused rows are left out instead, up to `MOST_REFUSED` of them. Raises Invalid,
    naming refused rows by line and field, and Conflict if the file was loaded before; both leave
    nothing behind.
    Loading a file that is still being loaded takes over: the earlier attempt raises Conflict.
    """
    progress = Progress(_open(session, project, name=name, digest=digest, by=by))
    progress.batch.is_qualification = for_qualification
    asked = rubrics.version(session, project.id, project.rubric_number).asked
    for _ in _empty(session, progress.batch):  # of what an earlier attempt has left
        yield progress
    yield progress
    try:
        rows = _known(rows) if for_qualification else rows
        source = fitting(asked, rows if project.support_contact else _supported(rows))
        while chunk := _next_rows(source):
            _take(session, project, progress, chunk, by=by)
            yield progress  # before more is read: nobody should wait for the turn to write
            _require_good(progress, source, skip_bad=skip_bad)
        if not progress.loaded:
            raise _complaint(progress) if progress.refused else _nothing()
    except Invalid:
        for _ in discard(session, progress.batch):
            yield progress
        raise
    _finish(session, progress, by=by)
    yield progress


def discard(session: Session, batch: Batch) -> Iterator[None]:
    """Remove a batch that never became ready; yield after every chunk, for the caller to commit.

    The batch itself goes last: the next attempt at its file finds what this one did not reach.
    """
    yield from _empty(session, batch)
    session.delete(batch)
    session.flush()
    yield


def of_project(session: Session, project_id: int) -> Sequence[Batch]:
    """Return the batches of a project, newest first."""
    return session.scalars(
        sa.select(Batch).where(Batch.project_id == project_id).order_by(Batch.id.desc())
    ).all()


def ready_ids(session: Session, project_id: int) -> Sequence[int]:
    """Return the batches that are given out, oldest first."""
    return session.scalars(
        sa.select(Batch.id)
        .where(Batch.project_id == project_id, Batch.state == BatchState.ready)
        .order_by(Batch.id)
    ).all()


def _open(session: Session, project: Project, *, name: str, digest: str, by: Person) -> Batch:
    """Make the batch of this file, or take it from an earlier attempt that did not finish."""
    take_turn(session, project.id)
    batch = session.scalar(
        sa.select(Batch)
        .where(Batch.project_id == project.id, Batch.digest == digest)
        .execution_options(populate_existing=True)
    )
    if batch is None:
        batch = Batch(project_id=project.id, digest=digest, comparisons=0, refused=0)
        batch.created_at = clock.now()
    elif batch.state is BatchState.ready:
        raise Conflict(
            say(
                "This file was loaded before, as %(name)s on %(day)s. Nothing was loaded now.",
                name=batch.name,
                day=batch.created_at.date(),
            )
        )
    else:
        batch.created_at = max(clock.now(), batch.created_at + MOMENT)
    batch.name, batch.created_by = lines.fitted(name)[:200], by.id
    batch.state = BatchState.loading
    session.add(batch)
    session.flush()
    return batch


def take_turn(session: Session, project_id: int) -> None:
    """Wait until nobody else loads anything into the project; hold others off until the commit."""
    # Two loads that store and discard the same prompts at once would trip over each other. This
    # kind of lock lets everybody else refer to the project.
    session.execute(
        sa.select(Project.id).where(Project.id == project_id).with_for_update(key_share=True)
    )


def _hold(session: Session, batch: Batch) -> None:
    """Begin a chunk: take the project's turn; raise Conflict if the batch is no longer ours."""
    take_turn(session, batch.project_id)
    # Whoever takes a batch over gives it another moment.
    held = changed(
        session,
        sa.update(Batch)
        .where(
            Batch.id == batch.id,
            Batch.created_at == batch.created_at,
            Batch.state == BatchState.loading,
        )
        .values(state=BatchState.loading)
        .execution_options(synchronize_session=False),
    )
    if not held:
        raise Conflict("A later attempt to load this file has taken over.")


def _empty(session: Session, batch: Batch) -> Iterator[None]:
    """Remove all comparisons of the batch; yield after every chunk but the last."""
    if batch.state is not BatchState.loading:
        raise Conflict("This batch is in use and stays.")
    _hold(session, batch)
    while intake.remove(session, batch.id, at_most=CHUNK):
        yield
        _hold(session, batch)
    lanes.remove(session, batch.id)


def _next_rows(source: Iterator[Row | Refused]) -> list[Row | Refused]:
    chunk: list[Row | Refused] = []
    size = 0
    for row in source:
        chunk.append(row)
        size += 0 if isinstance(row, Refused) else row.size
        if len(chunk) == CHUNK or size > CHUNK_BYTES:
            break
    return chunk


def _take(
    session: Session,
    project: Project,
    progress: Progress,
    chunk: Sequence[Row | Refused],
    *,
    by: Person,
) -> None:
    _hold(session, progress.batch)
    progress.refused += [row for row in chunk if isinstance(row, Refused)]
    rows = [row for row in chunk if isinstance(row, Row)]
    fresh, known = intake.split_known(session, project, progress.batch.id, rows)
    progress.refused += known
    intake.store(session, project, progress.batch.id, fresh, by=by)
    progress.loaded += len(fresh)


def fitting(asked: Questions, rows: Iterable[Row | Refused]) -> Iterator[Row | Refused]:
    """Refuse rows that a form has no questions for."""
    _, most = questions.answers(asked)
    rates = not any(question.kind in questions.MAIN for question in asked)
    for row in rows:
        if isinstance(row, Row) and len(row.responses) > most:
            yield Refused(row.line, "responses", say(_TOO_MANY, number=len(row.responses)))
        elif isinstance(row, Row) and row.gold is not None and rates:
            yield Refused(row.line, "gold", _UNASKED)
        else:
            yield row


def _known(rows: Iterable[Row | Refused]) -> Iterator[Row | Refused]:
    """Refuse rows that cannot be asked to qualify anybody."""
    for row in rows:
        unknown = isinstance(row, Row) and row.gold is None
        yield Refused(row.line, "gold", _UNKNOWN) if unknown else row


def _supported(rows: Iterable[Row | Refused]) -> Iterator[Row | Refused]:
    """Refuse what may be hard to read, as the project names nobody whom to turn to."""
    for row in rows:
        alone = isinstance(row, Row) and row.sensitive
        yield Refused(row.line, "sensitive", _NO_SUPPORT) if alone else row


def _read_content(content: str) -> str:
    try:
        return sensitive.check(sensitive.read(content))
    except sensitive.Unknown as unknown:
        raise Invalid(unknown.reason, fields={"sensitive": unknown.reason}) from None


def _marked(rows: Iterable[Row | Refused], content: str) -> Iterator[Row | Refused]:
    """Say of all rows what may be hard to read; what a row says of itself counts if it is more."""
    for row in rows:
        if isinstance(row, Row):
            yield replace(row, sensitive=sensitive.joined(row.sensitive, content))
        else:
            yield row


def _require_good(progress: Progress, source: Iterator[Row | Refused], *, skip_bad: bool) -> None:
    if progress.refused and not skip_bad:
        more = islice(source, LOOK_ON)
        progress.refused += [row for row in more if isinstance(row, Refused)]
        raise _complaint(progress)
    if len(progress.refused) > MOST_REFUSED:
        raise _complaint(progress)


def _finish(session: Session, progress: Progress, *, by: Person) -> None:
    batch = progress.batch
    _hold(session, batch)
    batch.state = BatchState.ready
    batch.comparisons, batch.refused = progress.loaded, len(progress.refused)
    events.record(
        session,
        "batch.loaded",
        person_id=by.id,
        project_id=batch.project_id,
        subject=batch.id,
        comparisons=batch.comparisons,
        digest=batch.digest,
    )


def _complaint(progress: Progress) -> Invalid:
    first = progress.first_refused
    said = say_number(
        "%(num)s row cannot be loaded, so nothing was. The first is line %(line)s: %(reason)s",
        "%(num)s rows cannot be loaded, so nothing was. The first is line %(line)s: %(reason)s",
        len(progress.refused),
        line=str(first[0].line),
        reason=first[0].reason,
    )
    return Invalid(said, fields={row.place: row.reason for row in first})


def _nothing() -> Invalid:
    return Invalid("There is nothing in this file.")
