"""Generations: batches whose answers are drawn from endpoints, and how far each is.

A generation goes from loading, while its prompts are stored, over asking, while calls are asked
for, and running, while they are made, to done, when its answers are a batch. Whoever is killed on
the way is followed by somebody else who goes on: prompts are numbered, calls are asked for by
keys, and the batch is loaded under the generation's digest.
"""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from labeler import events, jobs
from labeler.endpoints import calls, purses, registry
from labeler.endpoints.calls import Bill, Call, CallState
from labeler.endpoints.purses import Purse
from labeler.endpoints.registry import Endpoint
from labeler.errors import Conflict, Invalid, NotFound
from labeler.generation import wishes
from labeler.generation.stored import GenerationPrompt, KeptOut
from labeler.generation.wishes import MICRO, Wish
from labeler.jobs import Job, JobState
from labeler.people.accounts import Person
from labeler.said import say
from labeler.schema import Base, BigInt, Id, changed, moment, reference

STANDING = sa.text("state <> 'cancelled'")
JOB = "generation"
"""The kind of the jobs that turn answers into batches (see `finishing`)."""
SHOWN = 50
"""How many failed calls, or answers that were kept out, a page shows."""
_OVER = say("This is over already.")
_OTHERWISE = say("Somebody else has just changed this: please look at it again.")
_NO_BUDGET = say("This was begun without a budget, so there is none to be raised.")


class GenerationState(enum.Enum):
    """How far a generation is."""

    loading = "loading"
    """Its prompts are being stored."""
    asking = "asking"
    """Calls are being asked for."""
    running = "running"
    """All calls are asked for; they are made, or wait for somebody to decide."""
    finishing = "finishing"
    """What is there becomes a batch, and nothing else is waited for."""
    done = "done"
    """Its answers are a batch, or came to none."""
    cancelled = "cancelled"
    """Nobody wants it any more; its answers stay, and are compared by nobody."""


MOVES: Mapping[GenerationState, frozenset[GenerationState]] = MappingProxyType(
    {
        GenerationState.loading: frozenset({GenerationState.asking, GenerationState.cancelled}),
        GenerationState.asking: frozenset(
            {GenerationState.running, GenerationState.finishing, GenerationState.cancelled}
        ),
        GenerationState.running: frozenset({GenerationState.finishing, GenerationState.cancelled}),
        GenerationState.finishing: frozenset({GenerationState.done, GenerationState.cancelled}),
    }
)
"""The moves allowed; every other state is an end."""


class Generation(Base):
    """A batch that is drawn from endpoints: what was wished for, and how far it is."""

    __tablename__ = "generations"
    __table_args__ = (
        sa.Index(
            "uq_generations_standing",
            *("project_id", "digest"),
            unique=True,
            sqlite_where=STANDING,
            postgresql_where=STANDING,
        ),
    )

    id: Mapped[Id]
    project_id: Mapped[int] = reference("projects.id")
    earlier_id: Mapped[int | None] = reference("generations.id")
    """The round before, whose prompts it has."""
    prompts_of: Mapped[int | None] = reference("generations.id")
    """Under which generation its prompts are stored; None: under itself."""
    name: Mapped[str]
    """What its batch is called."""
    digest: Mapped[str]
    """The hash of its prompts and all settings: the same again is the same generation."""
    settings: Mapped[dict[str, Any]]
    """The wish that it follows, without the budget."""
    endpoint_ids: Mapped[list[int]]
    """The versions of the endpoints as they were when it was begun, in the order of the wish."""
    standing: Mapped[dict[str, Any]]
    """What votes said of the endpoints then (see `standings`)."""
    state: Mapped[GenerationState]
    prompts: Mapped[int]
    """How many prompts are stored."""
    asked: Mapped[BigInt]
    """How many calls are asked for: those of the first prompts, in order."""
    outcome: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    """What came of it: see `finishing`."""
    batch_id: Mapped[int | None] = reference("batches.id")
    created_by: Mapped[int] = reference("people.id")
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    @property
    def wish(self) -> Wish:
        """What was wished for."""
        return wishes.stored(self.settings)

    @property
    def kin(self) -> str:
        """What its calls are called together."""
        return f"generation:{self.id}"

    @property
    def source(self) -> int:
        """Under which generation its prompts are stored."""
        return self.prompts_of or self.id

    @property
    def is_over(self) -> bool:
        """Whether nothing more comes of it."""
        return self.state not in MOVES


@dataclass(frozen=True)
class Course:
    """How far a generation is: its calls by what became of them, and what they cost."""

    generation: Generation
    calls: int
    """How many there are to be in all."""
    counts: Mapping[CallState, int]
    bills: Sequence[Bill]
    """One for each currency; never added up."""
    purse: Purse | None
    job: Job | None
    """What makes the answers a batch, if it was asked for."""

    @property
    def done(self) -> int:
        """How many calls have their answer."""
        return self.counts.get(CallState.done, 0)

    @property
    def failed(self) -> int:
        """How many calls brought none."""
        return self.counts.get(CallState.failed, 0)

    @property
    def open(self) -> int:
        """How many calls are yet to be made, or are being made."""
        return self.counts.get(CallState.waiting, 0) + self.counts.get(CallState.running, 0)

    @property
    def is_called(self) -> bool:
        """Whether all calls were asked for and are over, however they ended."""
        is_asked = self.generation.state is not GenerationState.asking
        return is_asked and self.open == 0 and not self.generation.is_over

    @property
    def used_up(self) -> bool:
        """Whether it waits for somebody to raise the budget, or to make do with what is there."""
        return self._waits and self.purse is not None and self.purse.stopped is not None

    @property
    def needs_retry(self) -> bool:
        """Whether it waits for somebody to retry what failed, or to make do with what is there."""
        return self._waits and not self.used_up

    @property
    def fault(self) -> str:
        """Why its answers could not be made a batch; nothing if nobody tried in vain."""
        return self.job.why if self.job and self.job.state is JobState.failed else ""

    @property
    def _waits(self) -> bool:
        is_running = self.generation.state is GenerationState.running
        return is_running and self.open == 0 and self.done < self.calls


def of_project(session: Session, project_id: int) -> Sequence[Generation]:
    """Return the generations of a project, newest first."""
    mine = sa.select(Generation).where(Generation.project_id == project_id)
    return session.scalars(mine.order_by(Generation.id.desc())).all()


def find(session: Session, project_id: int, generation_id: int) -> Generation:
    """Return a generation of this project; raises NotFound."""
    found = session.get(Generation, generation_id)
    if found is None or found.project_id != project_id:
        raise NotFound("There is no such generation.")
    return found


def progress(session: Session, generation: Generation) -> Course:
    """Return how far a generation is."""
    return Course(
        generation,
        generation.prompts * generation.wish.answers,
        calls.counts(session, generation.kin),
        bills(session, generation),
        purses.find(session, generation.kin),
        _job(session, generation),
    )


def bills(session: Session, generation: Generation) -> Sequence[Bill]:
    """Return what its calls cost until now, in each currency."""
    sums = sa.func.sum(Call.cost_micro), sa.func.sum(Call.wasted_micro)
    mine = sa.select(Call.currency, *sums).where(Call.kin == generation.kin)
    found = session.execute(mine.group_by(Call.currency).order_by(Call.currency))
    return [Bill(currency, int(cost), int(wasted)) for currency, cost, wasted in found]


def failed_calls(
    session: Session, generation: Generation, *, after: int = 0, limit: int = SHOWN
) -> Sequence[Call]:
    """Return the calls that brought no answer and follow `after`, by id."""
    failed = Call.kin == generation.kin, Call.state == CallState.failed, Call.id > after
    return session.scalars(sa.select(Call).where(*failed).order_by(Call.id).limit(limit)).all()


def kept_out(
    session: Session, generation: Generation, *, after: int = 0, limit: int = SHOWN
) -> Sequence[tuple[KeptOut, GenerationPrompt]]:
    """Return the answers that are in no comparison and follow `after`, by id, and their prompts."""
    mine = KeptOut.generation_id == generation.id, KeptOut.id > after
    found = (
        sa.select(KeptOut, GenerationPrompt)
        .join(GenerationPrompt, GenerationPrompt.id == KeptOut.prompt_id)
        .where(*mine)
        .order_by(KeptOut.id)
        .limit(limit)
    )
    return [(answer, prompt) for answer, prompt in session.execute(found)]


def retry_failed(session: Session, generation: Generation, *, by: Person) -> int:
    """Make the calls again that brought no answer; return how many.

    They go to the versions that endpoints have now, unless these ask another model: a profile may
    have been put right. If not all calls could be asked for, that is tried again, too. Raises
    Conflict if the generation is over.
    """
    _require_open(generation)
    _renew(session, generation)
    number = calls.retry_all(session, generation.kin)
    if generation.state is GenerationState.asking:
        ask_for_batch(session, generation)
    if number:
        _note(session, "generation.retried", generation, by, calls=number)
    return number


def raise_budget(session: Session, generation: Generation, budget: Decimal, *, by: Person) -> int:
    """Let it cost so much in all, and go on if it had stopped; return how many calls go on.

    Raises Conflict if it has no budget or is over, Invalid if more than that is spent already.
    """
    _require_open(generation)
    purse = purses.find(session, generation.kin)
    if purse is None:
        raise Conflict(_NO_BUDGET)
    micro = int(budget * MICRO)
    if micro == purse.budget_micro:
        return 0
    if micro < purse.spent_micro:
        raise Invalid("More than that is spent.", fields={"budget": say("This is spent already.")})
    stopped = purse.stopped is not None
    purses.fill(session, generation.kin, micro, purse.currency)
    _note(session, "generation.budgeted", generation, by, budget_micro=micro)
    return calls.retry_all(session, generation.kin) if stopped else 0


def finish(session: Session, generation: Generation, *, by: Person) -> Job:
    """Make a batch of the answers that are there, and wait for no others.

    Calls under way are paid for in vain. Prompts of which no two answers can be compared are left
    out. Raises Conflict if the generation is over, or its prompts are not stored yet.
    """
    if generation.state is not GenerationState.finishing:
        move(session, generation, GenerationState.finishing)
        calls.cancel_all(session, generation.kin)
        _note(session, "generation.finished", generation, by)
    return ask_for_batch(session, generation)


def cancel(session: Session, generation: Generation, *, by: Person) -> None:
    """End a generation that nobody wants any more; raises Conflict if it is over."""
    job = _job(session, generation)
    if job is not None and not job.is_over:
        jobs.cancel(session, job)
    move(session, generation, GenerationState.cancelled)
    generation.ended_at = moment(session)
    calls.cancel_all(session, generation.kin)
    _note(session, "generation.cancelled", generation, by)


def ask_for_batch(session: Session, generation: Generation) -> Job:
    """Ask for the job that makes the answers a batch; the one that is open, if there is one."""
    return jobs.ask(
        session,
        JOB,
        {"generation": generation.id},
        key=str(generation.id),
        by=generation.created_by,
        project_id=generation.project_id,
    ).job


def endpoints(session: Session, generation: Generation) -> Sequence[Endpoint]:
    """Return the endpoints that it asks, as they were when it was begun, in the wish's order."""
    return [session.get_one(Endpoint, each) for each in generation.endpoint_ids]


def key_of(generation: Generation, prompt: int, endpoint: int, sample: int) -> str:
    """Return the key of a call: which prompt it answers, which endpoint, which of its answers.

    The endpoint is told by its place in the wish, prompts by their number.
    """
    return f"{generation.kin}:{prompt}:{endpoint}:{sample}"


def move(session: Session, generation: Generation, to: GenerationState) -> None:
    """Let a generation go on to another state; raises Conflict if it is elsewhere by now."""
    was = generation.state
    if to not in MOVES.get(was, ()):
        raise Conflict(_OVER if generation.is_over else _OTHERWISE)
    session.flush()
    still = Generation.id == generation.id, Generation.state == was
    if not changed(session, sa.update(Generation).where(*still).values(state=to)):
        raise Conflict(_OTHERWISE)
    session.refresh(generation)


def _require_open(generation: Generation) -> None:
    if generation.state not in (GenerationState.asking, GenerationState.running):
        raise Conflict(_OVER)


def _renew(session: Session, generation: Generation) -> None:
    """Let what failed be asked of the versions that are in use, where they ask the same model."""
    for endpoint in endpoints(session, generation):
        newest = registry.newest(session, endpoint.name)
        if newest.written.model == endpoint.written.model:
            failed = Call.kin == generation.kin, Call.state == CallState.failed
            mine = sa.update(Call).where(*failed, Call.line == endpoint.name)
            session.execute(mine.values(endpoint_id=newest.id))


def _job(session: Session, generation: Generation) -> Job | None:
    mine = Job.kind == JOB, Job.key == str(generation.id)
    return session.scalar(sa.select(Job).where(*mine).order_by(Job.id.desc()).limit(1))


def _note(session: Session, kind: str, generation: Generation, by: Person, **about: object) -> None:
    events.record(
        session,
        kind,
        person_id=by.id,
        project_id=generation.project_id,
        subject=generation.id,
        **about,
    )
