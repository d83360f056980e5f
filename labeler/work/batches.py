"""Batches: one all-or-nothing import of comparisons, with the digest of its file.

A long file is stored chunk by chunk in short transactions; nobody is given anything of it before
the last one has turned the batch from loading to ready.
"""

import enum
import hashlib
import json
import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session

from labeler import clock, events
from labeler.errors import Conflict, Invalid
from labeler.people.accounts import Person
from labeler.schema import Base, Id, reference
from labeler.work.comparisons import EVERYBODY, Comparison, Prompt, Response
from labeler.work.gold import Gold
from labeler.work.layouts import Refused, Row
from labeler.work.projects import Project

CHUNK = 500
CHUNK_BYTES = 4_000_000
"""How much of a file one chunk holds; in memory it may be thirty times as much."""
MOST_REFUSED = 100_000
"""How many rows may be left out of one file: each is kept, with the reason."""
SHOWN = 20
"""How many refused rows a complaint names one by one."""


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
    created_by: Mapped[int] = reference("people.id")
    created_at: Mapped[datetime]


@dataclass
class Progress:
    """How far a load has come; `refused` holds the rows that were left out."""

    batch: Batch
    loaded: int = 0
    refused: list[Refused] = field(default_factory=list)


def load(
    session: Session,
    project: Project,
    rows: Iterable[Row | Refused],
    *,
    name: str,
    digest: str,
    by: Person,
    skip_bad: bool = False,
) -> Iterator[Progress]:
    """Load a file's rows as one batch; yield whenever a chunk is whole, for the caller to commit.

    Without `skip_bad` the first refused row undoes the whole batch, with it `MOST_REFUSED` and
    one more. Raises Conflict if the file
    was loaded before, and Invalid naming refused rows by line and field; both leave no batch.
    A second attempt at the same file takes over from one that was cut off, or still goes on:
    that one raises Conflict.
    """
    progress = Progress(_open(session, project, name=name, digest=digest, by=by))
    yield progress
    source = iter(rows)
    try:
        while chunk := _next_rows(source):
            _take(session, project, progress, chunk, by=by)
            yield progress  # before more is read: nobody should wait for the turn to write
            if progress.refused and not skip_bad:
                more = islice(source, 50_000)
                progress.refused += [row for row in more if isinstance(row, Refused)]
                raise _complaint(progress.refused)
            if len(progress.refused) > MOST_REFUSED:
                raise _complaint(progress.refused)
        if not progress.loaded:
            raise _complaint(progress.refused) if progress.refused else _nothing()
    except Invalid:
        _hold(session, progress.batch)
        discard(session, progress.batch)
        yield progress
        raise
    _finish(session, progress, by=by)
    yield progress


def discard(session: Session, batch: Batch) -> None:
    """Remove a batch that never became ready, with all that was stored of it."""
    if batch.state is not BatchState.loading:
        raise Conflict("This batch is in use and stays.")
    mine = sa.select(Comparison.id).where(Comparison.batch_id == batch.id)
    session.execute(sa.delete(Gold).where(Gold.comparison_id.in_(mine)))
    session.execute(sa.delete(Response).where(Response.comparison_id.in_(mine)))
    prompts = session.scalars(
        sa.select(Comparison.prompt_id).where(Comparison.batch_id == batch.id).distinct()
    ).all()
    session.execute(sa.delete(Comparison).where(Comparison.batch_id == batch.id))
    _discard_unused(session, prompts)
    session.delete(batch)
    session.flush()


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
    before = session.scalar(
        sa.select(Batch)
        .where(Batch.project_id == project.id, Batch.digest == digest)
        .with_for_update()
    )
    if before is not None and before.state is BatchState.ready:
        raise Conflict(
            f"This file was loaded before, as {before.name} on {before.created_at:%Y-%m-%d}. "
            "Nothing was loaded now."
        )
    if before is not None:
        discard(session, before)  # what an earlier attempt has left
    batch = Batch(
        project_id=project.id,
        name=name[:200],
        digest=digest,
        state=BatchState.loading,
        comparisons=0,
        refused=0,
        created_by=by.id,
        created_at=clock.now(),
    )
    session.add(batch)
    session.flush()
    return batch


def _hold(session: Session, batch: Batch) -> None:
    # SQLite gives an id again that was free, so that the moment is compared as well.
    held = changed(
        session,
        sa.update(Batch)
        .where(Batch.id == batch.id, Batch.created_at == batch.created_at)
        .values(state=BatchState.loading)
        .execution_options(synchronize_session=False),
    )
    if not held:
        raise Conflict("A later attempt to load this file has taken over.")


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
    fresh, known = _split_known(session, project, rows)
    progress.refused += [
        Refused(row.line, "id", f"The id {row.id} is there already.") for row in known
    ]
    _store(session, project, progress.batch, fresh, by=by)
    progress.loaded += len(fresh)


def _split_known(
    session: Session, project: Project, rows: Sequence[Row]
) -> tuple[list[Row], list[Row]]:
    seen = set(
        session.scalars(
            sa.select(Comparison.external_id).where(
                Comparison.project_id == project.id,
                Comparison.external_id.in_([row.id for row in rows]),
            )
        )
    )
    fresh: list[Row] = []
    known: list[Row] = []
    for row in rows:
        (known if row.id in seen else fresh).append(row)
        seen.add(row.id)
    return fresh, known


def _store(
    session: Session, project: Project, batch: Batch, rows: Sequence[Row], *, by: Person
) -> None:
    if not rows:
        return
    prompt_ids = _store_prompts(session, project, rows)
    comparisons = [
        {
            "project_id": project.id,
            "batch_id": batch.id,
            "prompt_id": prompt_ids[prompt_digest(row)],
            "external_id": row.id,
            "language": row.language,
            "is_gold": row.gold is not None,
            "shuffle": secrets.randbits(62),
            "wanted": (wanted := EVERYBODY if row.gold else project.judgments_per_comparison),
            "open_slots": wanted,
            "judged": 0,
            "details": row.metadata,
        }
        for row in rows
    ]
    ids = session.scalars(
        sa.insert(Comparison).returning(Comparison.id, sort_by_parameter_order=True), comparisons
    ).all()
    session.execute(sa.insert(Response), list(_responses(project, ids, rows)))
    golds = [
        {
            "comparison_id": comparison_id,
            "project_id": project.id,
            "better": row.gold.better,
            "why": row.gold.why,
            "created_by": by.id,
            "created_at": clock.now(),
        }
        for comparison_id, row in zip(ids, rows, strict=True)
        if row.gold
    ]
    if golds:
        session.execute(sa.insert(Gold), golds)


def _responses(
    project: Project, ids: Sequence[int], rows: Sequence[Row]
) -> Iterator[dict[str, object]]:
    for comparison_id, row in zip(ids, rows, strict=True):
        for number, response in enumerate(row.responses):
            yield {
                "project_id": project.id,
                "comparison_id": comparison_id,
                "number": number,
                "text": response.text,
                "model": response.model,
                "provenance": response.provenance,
            }


def _store_prompts(session: Session, project: Project, rows: Sequence[Row]) -> dict[str, int]:
    wanted = {prompt_digest(row): row for row in rows}
    lookup = sa.select(Prompt.digest, Prompt.id).where(
        Prompt.project_id == project.id, Prompt.digest.in_(wanted)
    )
    known = dict(session.execute(lookup).all())
    missing = [
        {
            "project_id": project.id,
            "digest": digest,
            "messages": [{"role": turn.role, "content": turn.content} for turn in row.messages],
            "language": row.language,
        }
        for digest, row in wanted.items()
        if digest not in known
    ]
    if missing:
        session.execute(sa.insert(Prompt), missing)
        known = dict(session.execute(lookup).all())
    return known


def prompt_digest(row: Row) -> str:
    """Hash a prompt's turns; the same words in the same roles are the same prompt."""
    turns = [[turn.role, turn.content] for turn in row.messages]
    return hashlib.sha256(json.dumps(turns, ensure_ascii=False).encode()).hexdigest()


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


def _complaint(refused: Sequence[Refused]) -> Invalid:
    ordered = sorted(refused, key=lambda row: row.line)
    fields = {f"line {row.line}, {row.field}": row.reason for row in ordered[:SHOWN]}
    return Invalid(
        f"{_rows(len(refused))} cannot be loaded, so nothing was. "
        f"The first is line {ordered[0].line}: {ordered[0].reason}",
        fields=fields,
    )


def _nothing() -> Invalid:
    return Invalid("There is nothing in this file.")


def _discard_unused(session: Session, prompt_ids: Sequence[int]) -> None:
    for start in range(0, len(prompt_ids), CHUNK):
        some = prompt_ids[start : start + CHUNK]
        used = sa.select(Comparison.prompt_id).where(Comparison.prompt_id.in_(some))
        session.execute(sa.delete(Prompt).where(Prompt.id.in_(some), Prompt.id.not_in(used)))


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"
