"""Jobs: work that was asked for and is done beside the server. The table is their record.

A job is taken by a conditional UPDATE, so that two never do it at once. Whoever does it says every
few seconds that they are at it; who has been silent for long has ended, and the job is taken up
again. What does the work is found by the job's kind, among the entry points of `labeler.jobs`.
"""

import enum
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import entry_points
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from labeler import said
from labeler.errors import Conflict, NotFound
from labeler.said import Said, say
from labeler.schema import (
    Base,
    BigInt,
    Id,
    Moment,
    Reading,
    changed,
    dialect_of,
    insert,
    moment,
    reference,
)

GROUP = "labeler.jobs"
PATIENCE = timedelta(seconds=30)
"""After how long a silence whoever did a job counts as ended."""
MOST_ATTEMPTS = 5
"""How often a job is begun: one that ends its program each time would do so for ever."""
OPEN = sa.text("state IN ('waiting', 'running')")
_OFTEN = say(
    "This was begun %(number)s times, and each time the program that did it ended before it was "
    "done. Its log says why.",
    number=MOST_ATTEMPTS,
)
_UNKNOWN = say("No program here does work of the kind %(kind)s.")
_OVER = say("This is over already.")

Result = TypeVar("Result")


class JobState(enum.Enum):
    """What became of a job."""

    waiting = "waiting"
    """Nobody is at it."""
    running = "running"
    """Somebody is at it, or was until a short while ago."""
    done = "done"
    failed = "failed"
    """It cannot be done; the fault says why."""
    cancelled = "cancelled"
    """Somebody did not want it any more."""


MOVES: Mapping[JobState, frozenset[JobState]] = MappingProxyType(
    {
        JobState.waiting: frozenset({JobState.running, JobState.cancelled}),
        JobState.running: frozenset(JobState),
    }
)
"""The moves allowed; every other state is an end. What runs may be taken up again, or laid down."""


class Job(Base):
    """Something to do: what, for which project, who asked for it, and how far it is."""

    __tablename__ = "jobs"
    __table_args__ = (
        sa.Index(
            "uq_jobs_open",
            *("kind", "key"),
            unique=True,
            sqlite_where=OPEN,
            postgresql_where=OPEN,
        ),
    )

    id: Mapped[Id]
    kind: Mapped[str]
    key: Mapped[str]
    """What it is about: of each kind there is one job at a time that is not over."""
    project_id: Mapped[int | None] = reference("projects.id", index=True)
    created_by: Mapped[int | None] = reference("people.id")
    state: Mapped[JobState]
    payload: Mapped[dict[str, Any]]
    """All that the work follows from, so that it comes to the same whenever it is done."""
    done: Mapped[BigInt]
    total: Mapped[BigInt]
    """Of how many; 0 while nobody knows."""
    step: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    """What is being done, as the parts of a sentence."""
    attempts: Mapped[int]
    """How often it was begun. Who took it knows by this whether it is still theirs."""
    result: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    fault: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    """Why it failed, as the parts of sentences."""
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    heartbeat_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    @property
    def is_over(self) -> bool:
        """Whether nothing more comes of it."""
        return self.state not in MOVES

    @property
    def words(self) -> Said:
        """What is being done, as a sentence; nothing if nobody has said so."""
        return said.joined(self.step) if self.step else say("")

    @property
    def why(self) -> Said:
        """Why it failed, as a sentence."""
        return said.joined(self.fault["message"]) if self.fault else say("")

    @property
    def faults(self) -> Sequence[tuple[Said, Said]]:
        """What was wrong where, as sentences."""
        found = self.fault["fields"] if self.fault else []
        return [(said.joined(name), said.joined(words)) for name, words in found]


class Asked(NamedTuple):
    """A job, and whether it was asked for just now."""

    job: Job
    is_new: bool


class Stopped(Exception):
    """Raised in the middle of a job that is no longer whoever's it was."""


class Progress(Protocol):
    """Tells how far a job is: so many of so many, and what is being done. May raise Stopped."""

    def __call__(self, done: int, total: int, words: str, /) -> None: ...


class Write(Protocol):
    """Lets a step change something, and commits; it is done again if the database failed."""

    def __call__(self, step: Callable[[Session], Result], /) -> Result: ...


class WriteSteps(Protocol):
    """Lets steps change something, and commits after each; returns what the last one made.

    Nothing is done again if the database failed: the job is begun anew.
    """

    def __call__(self, steps: Callable[[Session], Iterator[Result]], /) -> Result: ...


@dataclass(frozen=True)
class Place:
    """What a job may use: the database to read and to write, and the data folder."""

    reading: Reading
    write: Write
    write_steps: WriteSteps
    data: Path


class Work(Protocol):
    """Does jobs of a kind, and returns what came of one, in JSON; raises Refusal if it cannot.

    It may be begun again after it was killed anywhere, and must then come to the same end.
    """

    def __call__(self, place: Place, job: Job, progress: Progress, /) -> dict[str, Any]: ...


def ask(
    session: Session,
    kind: str,
    payload: Mapping[str, Any],
    *,
    key: str,
    by: int | None,
    project_id: int | None = None,
) -> Asked:
    """Ask for something; while a job of this kind and key is not over, it is that one again."""
    asked = insert(dialect_of(session), Job).values(
        kind=kind,
        key=key,
        project_id=project_id,
        created_by=by,
        state=JobState.waiting,
        payload=dict(payload),
        done=0,
        total=0,
        attempts=0,
        created_at=moment(session),
    )
    once = asked.on_conflict_do_nothing(index_elements=["kind", "key"], index_where=OPEN)
    made = session.scalar(once.returning(Job.id))
    if made is not None:
        return Asked(session.get_one(Job, made), is_new=True)
    found = session.scalar(sa.select(Job).where(Job.kind == kind, Job.key == key, OPEN))
    if found is None:
        raise Conflict(_OVER)  # it ended between the two statements
    return Asked(found, is_new=False)


def due(session: Session) -> Sequence[int]:
    """Return the jobs, by id, that could be taken now, oldest first."""
    free = _is_free(moment(session))
    return session.scalars(sa.select(Job.id).where(free).order_by(Job.id)).all()


def take(session: Session, job_id: int) -> Job | None:
    """Take a job to do it; None if somebody else is at it, or it is over.

    One that was begun too often fails now. Commit before you begin.
    """
    now = moment(session)
    mine = {
        "state": JobState.running,
        "attempts": Job.attempts + 1,
        "started_at": sa.func.coalesce(Job.started_at, sa.literal(now, Moment())),
        "heartbeat_at": now,
    }
    if not changed(session, sa.update(Job).where(Job.id == job_id, _is_free(now)).values(mine)):
        return None
    job = session.get_one(Job, job_id, populate_existing=True)
    if job.attempts > MOST_ATTEMPTS:
        fail(session, job, _OFTEN)
        return None
    return job


def beat(session: Session, job: Job, done: int, total: int, words: str) -> bool:
    """Say that somebody is at it, and how far they are; False if it is theirs no longer."""
    step = said.parts(words) if words else None
    told = {"heartbeat_at": moment(session), "done": done, "total": total, "step": step}
    return bool(changed(session, _mine(job).values(told)))


def hold(session: Session, job: Job) -> None:
    """Raise Stopped unless the job is still whose it was; until the commit it stays so."""
    if not changed(session, _mine(job).values(heartbeat_at=moment(session))):
        raise Stopped


def lay_down(session: Session, job: Job) -> bool:
    """Give a job back before it is done, so that somebody takes it up at once."""
    return bool(changed(session, _mine(job).values(state=JobState.waiting, heartbeat_at=None)))


def finish(session: Session, job: Job, result: Mapping[str, Any]) -> bool:
    """Note that a job is done, and what came of it; False if it is theirs no longer."""
    return _end(session, job, JobState.done, result=dict(result))


def fail(session: Session, job: Job, why: str, fields: Mapping[str, str] | None = None) -> bool:
    """Note that a job cannot be done, and why; False if it is theirs no longer."""
    named = [[said.parts(name), said.parts(words)] for name, words in (fields or {}).items()]
    return _end(session, job, JobState.failed, fault={"message": said.parts(why), "fields": named})


def cancel(session: Session, job: Job) -> bool:
    """End a job that is not wanted any more; False if it was ended so before.

    Whoever is at it notices when they next say so. Raises Conflict if it is over otherwise.
    """
    wanted = sa.update(Job).where(Job.id == job.id, Job.state.in_(_before(JobState.cancelled)))
    ended = wanted.values(state=JobState.cancelled, ended_at=moment(session))
    is_ended_now = bool(changed(session, ended))
    session.refresh(job)
    if job.state is not JobState.cancelled:
        raise Conflict(_OVER)
    return is_ended_now


def find(session: Session, kind: str, project_id: int, job_id: int) -> Job:
    """Return a job of this kind and project; raises NotFound."""
    job = session.get(Job, job_id)
    if job is None or (job.kind, job.project_id) != (kind, project_id):
        raise NotFound("There is no such job.")
    return job


def of_project(kind: str, project_id: int) -> sa.Select[Job]:
    """Return the query for a project's jobs of a kind, newest first."""
    mine = Job.kind == kind, Job.project_id == project_id
    return sa.select(Job).where(*mine).order_by(Job.id.desc())


def is_silent(session: Session, job: Job) -> bool:
    """Tell whether nobody has been at a job for so long that somebody should have been."""
    last = job.heartbeat_at or job.created_at
    return not job.is_over and last < moment(session) - PATIENCE


def work_of(kind: str) -> Work:
    """Return what does jobs of a kind; raises NotFound if nothing here does."""
    for found in entry_points(group=GROUP, name=kind):
        work: Work = found.load()
        return work
    raise NotFound(say(_UNKNOWN, kind=kind))


def _is_free(now: datetime) -> sa.ColumnElement[bool]:
    silent = sa.and_(Job.state == JobState.running, Job.heartbeat_at < now - PATIENCE)
    return sa.or_(Job.state == JobState.waiting, silent)


def _before(state: JobState) -> list[JobState]:
    return [before for before, after in MOVES.items() if state in after]


def _mine(job: Job) -> sa.Update:
    """Begin to change a job that is still whose it was when it was taken."""
    still = Job.state == JobState.running, Job.attempts == job.attempts
    return (
        sa.update(Job).where(Job.id == job.id, *still).execution_options(synchronize_session=False)
    )


def _end(session: Session, job: Job, state: JobState, **came_of_it: Any) -> bool:
    ended = _mine(job).values(state=state, ended_at=moment(session), **came_of_it)
    return bool(changed(session, ended))
