"""Finishing: when all calls are over, their answers become rows, and the rows one batch.

Nobody who makes calls knows of generations. Whoever does jobs looks whether a generation can go on
(`due`), and asks for the job that does it; what was killed on the way is due again, and comes to
the same rows.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler.endpoints import calls
from labeler.endpoints.calls import Call, CallState
from labeler.endpoints.registry import Endpoint
from labeler.errors import Conflict
from labeler.generation import beginning, generations, planning, screening, stored
from labeler.generation.generations import JOB, Generation, GenerationState
from labeler.generation.pairing import Answer, Compared, Pairs
from labeler.generation.screening import Found, Said
from labeler.generation.stored import GenerationPrompt, KeptOut
from labeler.jobs import Job, JobState, Place, Progress
from labeler.people.accounts import Person
from labeler.said import say
from labeler.schema import Reading, moment
from labeler.work import batches
from labeler.work.batches import BatchState
from labeler.work.projects import Project
from labeler.work.rows import Message, ResponseIn, Row

PAGE = 200
"""Of how many prompts the answers are read at a time."""
_ASKING = say("Asking for answers")
_PAIRING = say("Pairing answers")
_CANCELLED = say("Nobody wants this any more.")


class Given(NamedTuple):
    """An answer that was given, the call that brought it, and who gave it."""

    answer: Answer
    call: Call
    endpoint: Endpoint


@dataclass
class Tally:
    """What came of the prompts so far; `left` is yet to be written down."""

    left: list[dict[str, Any]] = field(default_factory=list)
    kept_out: Counter[str] = field(default_factory=Counter)
    missing: int = 0
    """How many answers there are not."""
    comparisons: int = 0
    without: int = 0
    """How many prompts have no comparison."""

    @property
    def outcome(self) -> dict[str, Any]:
        """What a generation keeps of it."""
        return {
            "comparisons": self.comparisons,
            "kept_out": dict(self.kept_out),
            "missing": self.missing,
            "prompts_without": self.without,
        }


def due(session: Session) -> Sequence[int]:
    """Return the generations, by id, that go on by a job that nobody has asked for.

    Those of which all calls have their answers, those that somebody wants to make do with what is
    there, and those of which calls are yet to be asked for. One whose job has failed waits.
    """
    last = sa.select(Job.state).where(Job.kind == JOB, Job.key == sa.cast(Generation.id, sa.Text()))
    job = last.order_by(Job.id.desc()).limit(1).scalar_subquery()
    idle = sa.or_(job.is_(None), job.in_((JobState.done, JobState.cancelled)))
    open_ = GenerationState.asking, GenerationState.running, GenerationState.finishing
    found = sa.select(Generation).where(Generation.state.in_(open_), idle).order_by(Generation.id)
    return [each.id for each in session.scalars(found).all() if _goes_on(session, each)]


def ask_for_due(session: Session) -> int:
    """Ask for the jobs of all generations that are due; return how many there are."""
    ids = due(session)
    for generation_id in ids:
        generations.ask_for_batch(session, session.get_one(Generation, generation_id))
    return len(ids)


def run(place: Place, job: Job, progress: Progress) -> dict[str, Any]:
    """Ask for the calls that are yet to be asked for, or make the answers a batch.

    Raises Conflict if nobody wants the generation any more, and as `batches.load` does.
    """
    with place.reading() as session:
        generation = session.get_one(Generation, job.payload["generation"])
    if generation.state is GenerationState.asking:
        return _ask_all(place, generation, progress)
    generation = place.write(lambda session: _closed(session, generation.id))
    if generation.state is GenerationState.done:
        return generation.outcome or {}
    if generation.state is not GenerationState.finishing:
        raise Conflict(_CANCELLED)
    tally = Tally()
    rows = _rows(place.reading, generation, tally)
    first = next(rows, None)  # read before anybody has to wait for the turn to write
    if first is None:
        return place.write(lambda session: _end_without(session, generation.id, tally))
    whole = chain([first], rows)
    return place.write_steps(lambda session: _load(session, job, whole, tally, progress))


def _goes_on(session: Session, generation: Generation) -> bool:
    return generation.state is not GenerationState.running or _has_all(session, generation)


def _has_all(session: Session, generation: Generation) -> bool:
    """Say whether every call has its answer."""
    without = sa.exists().where(Call.kin == generation.kin, Call.state != CallState.done)
    return not session.scalar(sa.select(without))


def _ask_all(place: Place, generation: Generation, progress: Progress) -> dict[str, Any]:
    total = generation.prompts * generation.wish.answers

    def ask_some(session: Session) -> tuple[bool, int]:
        mine = session.get_one(Generation, generation.id)
        return beginning.ask_some(session, mine), mine.asked

    goes_on, asked = True, 0
    while goes_on:
        goes_on, asked = place.write(ask_some)
        progress(asked, total, _ASKING)
    return {"asked": asked}


def _closed(session: Session, generation_id: int) -> Generation:
    """Return a generation as it stands; of one whose calls are over, nothing more is asked."""
    generation = session.get_one(Generation, generation_id)
    if generation.state is GenerationState.running and _has_all(session, generation):
        generations.move(session, generation, GenerationState.finishing)
    return generation


def _end_without(session: Session, generation_id: int, tally: Tally) -> dict[str, Any]:
    """End a generation of which no two answers can be compared."""
    generation = session.get_one(Generation, generation_id)
    _forget(session, generation)
    _keep(session, tally)
    return _end(session, generation, tally)


def _load(
    session: Session, job: Job, rows: Iterable[Row], tally: Tally, progress: Progress
) -> Iterator[dict[str, Any]]:
    """Load what can be compared as a batch; yield after every chunk, to be committed."""
    generation = session.get_one(Generation, job.payload["generation"])
    project = session.get_one(Project, generation.project_id)
    by = session.get_one(Person, generation.created_by)
    name, digest = generation.name, generation.digest
    is_first = True
    for step in batches.load(session, project, rows, name=name, digest=digest, by=by):
        if is_first:
            _forget(session, generation)
        is_first = False
        _keep(session, tally)
        if step.batch.state is BatchState.ready:
            generation.batch_id = step.batch.id
            _end(session, generation, tally)
        progress(step.loaded, 0, _PAIRING)
        yield tally.outcome
        tally.left.clear()


def _rows(reading: Reading, generation: Generation, tally: Tally) -> Iterator[Row]:
    with reading() as session:
        endpoints = generations.endpoints(session, generation)
    wish = generation.wish
    pairs = planning.pairs(wish, generation.standing)
    models = planning.models(endpoints)
    drawn = planning.answers(wish)
    number = 0
    while True:
        with reading() as session:
            page = stored.page(session, generation.source, first=number, limit=PAGE)
            found = _given(session, generation, page, drawn)
        if not page:
            return
        number = page[-1].number + 1
        for prompt in page:
            given = found[prompt.number]
            tally.missing += len(drawn) - len(given)
            yield from _compared(generation, prompt, given, pairs, models, tally)


def _given(
    session: Session,
    generation: Generation,
    page: Sequence[GenerationPrompt],
    drawn: Sequence[Answer],
) -> dict[int, list[Given]]:
    """Return the answers to each prompt of a page, by its number, in the order of the wish."""
    samples = generation.wish.samples
    keys = {
        generations.key_of(generation, prompt.number, *divmod(at, samples)): (prompt.number, answer)
        for prompt in page
        for at, answer in enumerate(drawn)
    }
    done = Call.key.in_(keys), Call.state == CallState.done
    by_key = {call.key: call for call in session.scalars(sa.select(Call).where(*done))}
    found: dict[int, list[Given]] = {prompt.number: [] for prompt in page}
    for key, (number, answer) in keys.items():
        if (call := by_key.get(key)) is not None:
            endpoint = session.get_one(Endpoint, call.endpoint_id)
            found[number].append(Given(answer, call, endpoint))
    return found


def _compared(
    generation: Generation,
    prompt: GenerationPrompt,
    given: Sequence[Given],
    pairs: Pairs,
    models: dict[str, str],
    tally: Tally,
) -> Iterator[Row]:
    usable = _screened(generation, prompt, given, tally)
    chosen = pairs.of(str(prompt.number), [each.answer for each in usable])
    tally.comparisons += len(chosen)
    tally.without += not chosen
    for these in chosen:
        yield _row(generation, prompt, usable, these, models)


def _screened(
    generation: Generation, prompt: GenerationPrompt, given: Sequence[Given], tally: Tally
) -> list[Given]:
    """Return the answers that can be compared; write down the others, with the reason."""
    said = [
        Said(each.call.text or "", each.call.finish_reason or "", _makers(each.endpoint))
        for each in given
    ]
    asked = [message["content"] for message in prompt.messages]
    reasons = screening.screen(said, language=prompt.language, asked=asked)
    for each, found in zip(given, reasons, strict=True):
        if found is not None:
            tally.kept_out[found.reason.value] += 1
            tally.left.append(_left(generation, prompt, each, found))
    return [each for each, found in zip(given, reasons, strict=True) if found is None]


def _left(
    generation: Generation, prompt: GenerationPrompt, given: Given, found: Found
) -> dict[str, Any]:
    return {
        "generation_id": generation.id,
        "prompt_id": prompt.id,
        "call_id": given.call.id,
        "line": given.call.line,
        "reason": found.reason,
        "detail": found.detail,
    }


def _row(
    generation: Generation,
    prompt: GenerationPrompt,
    usable: Sequence[Given],
    these: Compared,
    models: dict[str, str],
) -> Row:
    samples, names = generation.wish.samples, generation.wish.endpoints
    chosen = [usable[at] for at in these]
    # Which answers these are, by their places among all that were drawn, from 1.
    places = [
        names.index(each.answer.endpoint) * samples + each.answer.sample + 1 for each in chosen
    ]
    about = {"number": generation.id, "prompt": prompt.external_id}
    return Row(
        line=prompt.number + 1,
        id=f"{prompt.external_id}~{generation.id}.{'-'.join(map(str, places))}",
        messages=tuple(map(Message.model_validate, prompt.messages)),
        language=prompt.language,
        responses=tuple(_response(each, models) for each in chosen),
        gold=None,
        metadata={"generation": about} | prompt.details,
        sensitive=prompt.sensitive,
        size=sum(len(each.call.text or "") for each in chosen),
    )


def _response(given: Given, models: dict[str, str]) -> ResponseIn:
    provenance = calls.provenance(given.call, given.endpoint)
    text, model = given.call.text or "", models[given.answer.endpoint][:200]
    return ResponseIn(**provenance | {"text": text, "model": model})


def _makers(endpoint: Endpoint) -> tuple[str, ...]:
    profile = endpoint.written
    return (*profile.makers, profile.model)


def _forget(session: Session, generation: Generation) -> None:
    """Forget what an earlier attempt has written down."""
    session.execute(sa.delete(KeptOut).where(KeptOut.generation_id == generation.id))


def _keep(session: Session, tally: Tally) -> None:
    if tally.left:
        session.execute(sa.insert(KeptOut), tally.left)


def _end(session: Session, generation: Generation, tally: Tally) -> dict[str, Any]:
    generation.outcome = tally.outcome
    generation.ended_at = moment(session)
    generations.move(session, generation, GenerationState.done)
    return tally.outcome
