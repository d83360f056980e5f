"""Beginning: prompts are stored and calls asked for, in short steps that somebody else can go on.

What is stored is counted from what is there, under the project's turn to load: two who begin the
same, or one who was killed and comes again, store every prompt once and ask every call once.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler import events
from labeler.endpoints import calls, purses, registry
from labeler.endpoints.profiles import Sampling
from labeler.endpoints.purses import Purse
from labeler.endpoints.registry import Endpoint
from labeler.errors import Conflict, Invalid
from labeler.generation import generations, planning, prompts, stored
from labeler.generation.generations import (
    STANDING,
    Generation,
    GenerationState,
    key_of,
)
from labeler.generation.planning import Plan
from labeler.generation.prompts import Source
from labeler.generation.stored import GenerationPrompt
from labeler.generation.wishes import Wish
from labeler.people.accounts import Person
from labeler.said import say
from labeler.schema import dialect_of, insert, moment
from labeler.text import lines
from labeler.work import batches
from labeler.work.projects import Project
from labeler.work.records import Refused
from labeler.work.rows import Asked

CHUNK_PROMPTS = 500
"""How many prompts one transaction stores at most."""
CHUNK_CALLS = 200
"""How many calls one transaction asks for, or as many as one prompt has."""
OPEN = GenerationState.asking, GenerationState.running
"""While a generation may cost something yet."""
_CHANGED = say("The file has changed while it was read.")
_NOT_STORED = say("The prompts of that generation are not all stored.")


def begin(
    session: Session,
    project: Project,
    wish: Wish,
    source: Source,
    path: Path,
    *,
    name: str,
    by: Person,
    language: str | None = None,
) -> Iterator[Generation]:
    """Store the prompts of a file and ask for all calls; yield after every chunk, to be committed.

    `source` is what `prompts.look` said of the file, with the same language. The same file with
    the same wish is the same generation, however far it is; only its budget may be another, and
    holds. Raises as `planning.plan` does, before anything is changed.
    """
    found = standing(session, project, wish, source)
    if found is None:
        plan = planning.plan(session, project, wish, source)
        found = _open(session, project, plan, _digest(source.digest, wish), name=name, by=by)
    elif wish.budget is not None and found.state in OPEN:
        generations.raise_budget(session, found, wish.budget, by=by)
    yield found
    if found.state is GenerationState.loading:
        yield from _store(session, found, prompts.read(path, language=language), source.prompts)
    yield from _ask_all(session, found)


def standing(session: Session, project: Project, wish: Wish, source: Source) -> Generation | None:
    """Return the generation of this file and wish that was begun before, if it stands."""
    return _standing(session, project, _digest(source.digest, wish))


def later(session: Session, project: Project, wish: Wish, earlier: Generation) -> Generation | None:
    """Return the round that follows a generation with the versions in use, if it stands."""
    return _standing(session, project, _digest_after(session, earlier, wish))


def another_round(
    session: Session,
    project: Project,
    wish: Wish,
    earlier: Generation,
    *,
    name: str,
    by: Person,
) -> Iterator[Generation]:
    """Ask for new answers to the prompts of an earlier generation; yield as `begin` does.

    With the versions of endpoints that are in use by now. The same again is the same generation.
    Raises as `begin`, and Conflict if the earlier prompts are not all stored.
    """
    if earlier.state is GenerationState.loading or not earlier.prompts:
        raise Conflict(_NOT_STORED)
    found = later(session, project, wish, earlier)
    if found is None:
        plan = planning.plan(session, project, wish, look(session, earlier))
        digest = _digest_after(session, earlier, wish)
        found = _open(session, project, plan, digest, name=name, by=by, earlier=earlier)
    elif wish.budget is not None and found.state in OPEN:
        generations.raise_budget(session, found, wish.budget, by=by)
    yield found
    yield from _ask_all(session, found)


def look(session: Session, earlier: Generation) -> Source:
    """Say what is in the prompts of an earlier generation."""
    return stored.look(session, earlier.source, earlier.digest)


def ask_some(session: Session, generation: Generation) -> bool:
    """Ask for the next calls, if there are any to be asked for; False when there are none left.

    Raises Forbidden if the project's rule keeps an endpoint away by now.
    """
    batches.take_turn(session, generation.project_id)
    session.refresh(generation)
    if generation.state is not GenerationState.asking:
        return False
    wish, endpoints = generation.wish, generations.endpoints(session, generation)
    is_stopped = _is_stopped(session, generation)
    first = generation.asked // wish.answers
    some = max(1, CHUNK_CALLS // wish.answers)
    for prompt in stored.page(session, generation.source, first=first, limit=some):
        _ask(session, generation, wish, prompt, endpoints)
        generation.asked += wish.answers
    if generation.asked >= generation.prompts * wish.answers:
        generations.move(session, generation, GenerationState.running)
    if is_stopped:
        calls.cancel_all(session, generation.kin)
    session.flush()
    return generation.state is GenerationState.asking


def _is_stopped(session: Session, generation: Generation) -> bool:
    """Say whether the budget is used up; until the commit it does not come to be so.

    Calls that are asked for then go the way of those that were waiting.
    """
    mine = sa.select(Purse.stopped).where(Purse.kin == generation.kin)
    return session.scalar(mine.with_for_update()) is not None


def _ask_all(session: Session, generation: Generation) -> Iterator[Generation]:
    while ask_some(session, generation):
        yield generation
    yield generation


def _ask(
    session: Session,
    generation: Generation,
    wish: Wish,
    prompt: GenerationPrompt,
    endpoints: Sequence[Endpoint],
) -> None:
    messages = [
        {"role": message["role"], "content": message["content"]} for message in prompt.messages
    ]
    for place, endpoint in enumerate(endpoints):
        for sample in range(wish.samples):
            calls.ask(
                session,
                endpoint,
                messages,
                project_id=generation.project_id,
                kin=generation.kin,
                key=key_of(generation, prompt.number, place, sample),
                sampling=_sampling(endpoint, sample),
            )


def _sampling(endpoint: Endpoint, sample: int) -> Sampling | None:
    """Return how another answer to the same prompt is drawn: with another seed, if there is one."""
    given = endpoint.written.sampling
    if sample == 0 or given.seed is None:
        return None
    return given.model_copy(update={"seed": (given.seed + sample) % 2**31})


def _standing(session: Session, project: Project, digest: str) -> Generation | None:
    mine = Generation.project_id == project.id, Generation.digest == digest, STANDING
    found = sa.select(Generation).where(*mine).execution_options(populate_existing=True)
    return session.scalar(found)


def _open(
    session: Session,
    project: Project,
    plan: Plan,
    digest: str,
    *,
    name: str,
    by: Person,
    earlier: Generation | None = None,
) -> Generation:
    """Make the generation, with its purse, unless somebody else has made it meanwhile."""
    batches.take_turn(session, project.id)
    if (found := _standing(session, project, digest)) is not None:
        return found
    generation = Generation(
        project_id=project.id,
        earlier_id=earlier and earlier.id,
        prompts_of=earlier and earlier.source,
        name=lines.fitted(name)[:200],
        digest=digest,
        settings=plan.wish.settings,
        endpoint_ids=[endpoint.id for endpoint in plan.endpoints],
        standing=plan.standing,
        state=GenerationState.loading if earlier is None else GenerationState.asking,
        prompts=0 if earlier is None else earlier.prompts,
        asked=0,
        created_by=by.id,
        created_at=moment(session),
    )
    session.add(generation)
    session.flush()
    if (budget := plan.wish.budget_micro) is not None:
        purses.fill(session, generation.kin, budget, plan.currency)
    about: dict[str, Any] = {"calls": plan.calls, "endpoints": list(plan.wish.endpoints)}
    events.record(
        session,
        "generation.begun",
        person_id=by.id,
        project_id=project.id,
        subject=generation.id,
        digest=digest,
        **about,
    )
    return generation


def _store(
    session: Session, generation: Generation, found: Iterator[Asked | Refused], total: int
) -> Iterator[Generation]:
    """Store what is not stored yet of the prompts, in order."""
    number = 0
    while chunk := list(islice(found, CHUNK_PROMPTS)):
        batches.take_turn(session, generation.project_id)
        session.refresh(generation)
        if generation.state is not GenerationState.loading:
            return  # somebody else was faster, or nobody wants it any more
        if any(isinstance(prompt, Refused) for prompt in chunk) or number + len(chunk) > total:
            raise Invalid(_CHANGED)
        _insert(session, generation, number, [each for each in chunk if isinstance(each, Asked)])
        number += len(chunk)
        generation.prompts = max(generation.prompts, number)
        if number == total:
            generations.move(session, generation, GenerationState.asking)
        session.flush()
        yield generation
    if number != total:
        raise Invalid(_CHANGED)


def _insert(session: Session, generation: Generation, number: int, chunk: Sequence[Asked]) -> None:
    rows = [
        {
            "generation_id": generation.id,
            "number": number + at,
            "external_id": prompt.id,
            "messages": [message.model_dump(exclude_none=True) for message in prompt.messages],
            "language": prompt.language,
            "sensitive": prompt.sensitive,
            "details": prompt.metadata,
        }
        for at, prompt in enumerate(chunk)
    ]
    once = insert(dialect_of(session), GenerationPrompt).on_conflict_do_nothing(
        index_elements=["generation_id", "number"]
    )
    session.execute(once, rows)


def _digest(of_prompts: str, wish: Wish) -> str:
    """Hash all that a generation follows from, but for the versions of endpoints."""
    told = json.dumps([of_prompts, wish.settings], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()


def _digest_after(session: Session, earlier: Generation, wish: Wish) -> str:
    """Hash what a later round follows from; a new version of an endpoint makes another one."""
    ids = [registry.find(session, name).id for name in wish.endpoints]
    return _digest(f"{earlier.id}/{ids}", wish)
