"""Taking: which call is made next, by whom, and how it ends.

A call is taken by a conditional UPDATE, under the lock of its line. Whoever makes it says every few
seconds that they are at it; after a silence it is taken up again. Locks are always taken in this
order: line, call, purse. A caller who was silent and comes back with an answer all the same is
heard: the first answer is kept, whoever brings it, and every other one is billed as wasted.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from pydantic import ValidationError
from sqlalchemy.orm import Session

from labeler.endpoints import billing, origins, pacing, purses, registry
from labeler.endpoints.calls import TAKEN, WAITING, Call, CallState, Messages
from labeler.endpoints.client import Reply
from labeler.endpoints.faults import OURS, Fault
from labeler.endpoints.pacing import EndpointLine
from labeler.endpoints.profiles import Profile, Sampling
from labeler.endpoints.registry import Endpoint
from labeler.errors import Forbidden
from labeler.said import say
from labeler.schema import changed, moment, storable
from labeler.work.projects import Project

PATIENCE = timedelta(seconds=30)
"""After how long a silence whoever made a call counts as ended."""
MOST_SILENCES = 20
"""How often a call is begun without any end: one that ends its program would do so for ever."""
_UNREAD = say("The profile of the endpoint cannot be read any more: please write it anew.")
_SILENT = say("The program that asked ended each time before there was an answer.")


@dataclass(frozen=True)
class Taken:
    """A call that somebody makes now, with all they need for it but the key."""

    call_id: int
    attempt: int
    line: str
    kin: str
    endpoint_id: int
    profile: Profile
    messages: Messages
    sampling: Sampling | None


class _Place(NamedTuple):
    """Where a call stands in the order in which they are made."""

    rank: int
    call_id: int


class _Held(NamedTuple):
    """A call as it stands, until the commit."""

    state: CallState
    taken_by: str | None
    attempts: int
    failures: int
    aside_micro: int

    def is_of(self, taken: Taken) -> bool:
        return self.state is CallState.running and self.attempts == taken.attempt


def due(session: Session) -> bool:
    """Tell whether a call waits that somebody should make, or somebody stopped making."""
    now = moment(session)
    return any(_next(session, line.name, now) for line in _awake(session, now))


def take(session: Session, by: str, without: Collection[str] = ()) -> Taken | None:
    """Take the call that is to be made next; None if no line has room for one that is due.

    The highest priority goes first, then the oldest. Nothing is taken from the lines `without`.
    Commit before you make it.
    """
    now = moment(session)
    found = [
        (first, line.name)
        for line in _awake(session, now)
        if line.name not in without and _has_room(session, line, now)
        if (first := _next(session, line.name, now))
    ]
    lock: Callable[[Session, str], EndpointLine | None] = pacing.locked
    for _, name in sorted(found):
        line = lock(session, name)
        if line and (taken := _take_from(session, line, by)):
            return taken
        lock = pacing.locked_if_free
    return None


def beat(session: Session, by: str, call_ids: Collection[int]) -> int:
    """Say that somebody is at these calls; return how many of them are still theirs."""
    mine = Call.id.in_(call_ids), Call.taken_by == by
    return changed(session, _update().where(*mine).values(heartbeat_at=moment(session)))


def finish(session: Session, taken: Taken, reply: Reply) -> bool:
    """Keep the answer; False if the call is over already, and this one was paid for in vain."""
    pacing.answered(session, taken.line)
    held, now = _hold(session, taken.call_id), moment(session)
    tokens = reply.input_tokens, reply.output_tokens
    cost = billing.billed_micro(taken.profile, taken.messages, taken.sampling, tokens)
    is_wanted = held.state in (CallState.waiting, CallState.running)
    if is_wanted:
        _set(session, taken.call_id, held, cost_micro=cost, **_answer(taken, reply, now))
    else:
        _set(session, taken.call_id, held, wasted_micro=Call.wasted_micro + cost)
    purses.spend(session, taken.kin, cost, aside_micro=held.aside_micro)
    return is_wanted


def fail(session: Session, taken: Taken, fault: Fault) -> bool:
    """Note that an attempt brought no answer; False if the call is theirs no longer.

    It is made again later if that may help and it has not failed too often.
    """
    pacing.missed(session, taken.line, fault, moment(session))
    held, now = _hold(session, taken.call_id), moment(session)
    if not held.is_of(taken):
        if held.attempts == taken.attempt and held.taken_by:
            _set(session, taken.call_id, held)  # it was cancelled meanwhile
        return False
    failures = held.failures + 1
    if fault.retryable and failures < taken.profile.limits.attempts:
        told = pacing.wait(fault.retry_after_s) if fault.retry_after_s else timedelta()
        later = now + max(told, pacing.backoff(failures))
        end: dict[str, Any] = {"state": CallState.waiting, "due_at": later}
    else:
        end = {"state": CallState.failed, "ended_at": now}
    kept = storable(fault.as_json())
    _set(session, taken.call_id, held, failures=failures, fault=kept, **end)
    purses.spend(session, taken.kin, 0, aside_micro=held.aside_micro)
    return True


def lay_down(session: Session, by: str) -> int:
    """Give back the calls that somebody was making, to be made anew at once; return how many."""
    mine = sa.select(Call.id, Call.kin).where(TAKEN, Call.taken_by == by).order_by(Call.id)
    laid = 0
    for call_id, kin in session.execute(mine).all():
        held = _hold(session, call_id)
        if held.taken_by != by:
            continue
        runs = held.state is CallState.running
        anew = {"state": CallState.waiting, "due_at": moment(session)} if runs else {}
        _set(session, call_id, held, **anew)
        purses.spend(session, kin, 0, aside_micro=held.aside_micro)
        laid += runs
    return laid


def _awake(session: Session, now: datetime) -> Sequence[EndpointLine]:
    """Return the lines that do not rest."""
    rests = EndpointLine.rests_until
    wanted = sa.select(EndpointLine).where(sa.or_(rests.is_(None), rests <= now))
    return session.scalars(wanted, execution_options={"populate_existing": True}).all()


def _has_room(session: Session, line: EndpointLine, now: datetime) -> bool:
    if line.opens_at(now) > now:
        return False
    live = TAKEN, Call.line == line.name, Call.heartbeat_at >= now - PATIENCE
    under_way = session.scalars(sa.select(sa.func.count()).select_from(Call).where(*live)).one()
    return under_way < line.room


def _next(session: Session, line: str, now: datetime, without: Iterable[str] = ()) -> _Place | None:
    """Return which call of a line is made next; none of the kins `without`."""
    mine = Call.line == line, Call.kin.not_in(without)
    wanted = sa.select(Call.priority, Call.id)
    waiting = wanted.where(WAITING, *mine, Call.due_at <= now)
    silent = wanted.where(*mine, _silent(now))
    # Two steps, each along the index: the highest priority, and the oldest of it.
    highest = session.execute(waiting.order_by(Call.priority.desc()).limit(1)).first()
    oldest = waiting.where(Call.priority == (highest and highest.priority))
    found = [
        session.execute(silent.order_by(Call.priority.desc(), Call.id).limit(1)).first(),
        highest and session.execute(oldest.order_by(Call.id).limit(1)).first(),
    ]
    return min((_Place(-row.priority, row.id) for row in found if row), default=None)


def _take_from(session: Session, line: EndpointLine, by: str) -> Taken | None:
    """Take the next call of a line that is locked, unless others were faster."""
    now = moment(session)
    if not _has_room(session, line, now):
        return None
    poor = set[str]()
    while found := _next(session, line.name, now, poor):
        call = _free(session, found.call_id, now)
        if call is None:
            return None  # somebody ends it just now
        if _is_hopeless(session, call, now):
            continue
        taken, most = _seen(session, call)
        if call.state is CallState.waiting and not _afford(session, call, most):
            poor.add(call.kin)
            continue
        _begin(session, call, most, by, now)
        pacing.begin(session, line, now)
        return taken
    return None


def _free(session: Session, call_id: int, now: datetime) -> Call | None:
    """Return a call that nobody is at, locked; None if somebody changes it just now."""
    is_free = sa.or_(WAITING, _silent(now))
    free = sa.select(Call).where(Call.id == call_id, is_free)
    locked = free.with_for_update(skip_locked=True)
    return session.scalar(locked, execution_options={"populate_existing": True})


def _silent(now: datetime) -> sa.ColumnElement[bool]:
    """Return what is true of a call that somebody has stopped making."""
    silent = Call.heartbeat_at < now - PATIENCE
    return sa.and_(TAKEN, Call.state == CallState.running, silent)


def _is_hopeless(session: Session, call: Call, now: datetime) -> bool:
    """Let a call fail that must not be made, or that has ended its program too often."""
    endpoint = session.get_one(Endpoint, call.endpoint_id)
    code, why = "", say("")
    if call.silences >= MOST_SILENCES:
        code, why = "abandoned", _SILENT
    try:
        registry.require_allowed(session.get_one(Project, call.project_id), endpoint)
    except Forbidden as refusal:
        code, why = "forbidden", refusal.message
    except ValidationError:  # else one that an older program wrote would stop all the others
        code, why = "profile", _UNREAD
    if not code:
        return False
    fault = Fault(status=None, code=code, type=OURS, message=why, retryable=False)
    held = _hold(session, call.id)
    _set(
        *(session, call.id, held),
        state=CallState.failed,
        fault=fault.as_json(),
        ended_at=now,
    )
    purses.spend(session, call.kin, 0, aside_micro=held.aside_micro)
    return True


def _seen(session: Session, call: Call) -> tuple[Taken, int]:
    """Return what is needed to make a call, and what it costs at most."""
    profile = session.get_one(Endpoint, call.endpoint_id).written
    sampling = Sampling.model_validate(call.sampling) if call.sampling else None
    taken = Taken(
        call_id=call.id,
        attempt=call.attempts + 1,
        line=call.line,
        kin=call.kin,
        endpoint_id=call.endpoint_id,
        profile=profile,
        messages=call.messages,
        sampling=sampling,
    )
    return taken, billing.most_micro(profile, call.messages, sampling)


def _afford(session: Session, call: Call, most_micro: int) -> bool:
    """Set aside what a call costs at most; a kin that cannot is stopped, if that is final."""
    if purses.set_aside(session, call.kin, most_micro):
        return True
    if purses.stop(session, call.kin, most_micro):
        waiting = _update().where(WAITING, Call.kin == call.kin)
        ended = {"state": CallState.cancelled, "ended_at": moment(session)}
        changed(session, waiting.values(ended))
    return False


def _begin(session: Session, call: Call, most_micro: int, by: str, now: datetime) -> None:
    waited = call.state is CallState.waiting
    begun = {
        "state": CallState.running,
        "attempts": call.attempts + 1,
        "silences": call.silences + (not waited),
        "aside_micro": most_micro if waited else call.aside_micro,
        "taken_at": now,
        "taken_by": by,
        "heartbeat_at": now,
    }
    still = Call.state == call.state, Call.attempts == call.attempts
    if not changed(session, _update().where(Call.id == call.id, *still).values(begun)):
        raise AssertionError("a call changed while it was locked")


def _hold(session: Session, call_id: int) -> _Held:
    """Return how a call stands, so that nobody changes it until the commit."""
    columns = Call.state, Call.taken_by, Call.attempts, Call.failures, Call.aside_micro
    wanted = sa.select(*columns).where(Call.id == call_id).with_for_update()
    return _Held(*session.execute(wanted).one())


def _set(session: Session, call_id: int, held: _Held, **values: Any) -> None:
    """Change a call that stands as it was held; nobody waits for it any more."""
    still = Call.state == held.state, Call.attempts == held.attempts
    free = {"taken_by": None, "aside_micro": 0}
    if not changed(session, _update().where(Call.id == call_id, *still).values(free | values)):
        raise AssertionError("a call changed while it was locked")


def _answer(taken: Taken, reply: Reply, now: datetime) -> dict[str, Any]:
    origin = origins.of(taken.profile, taken.endpoint_id, taken.sampling, reply, now)
    return {
        "state": CallState.done,
        "text": storable(reply.text),
        "thinking": storable(reply.thinking),
        "finish_reason": reply.finish_reason,
        "input_tokens": reply.input_tokens,
        "output_tokens": reply.output_tokens,
        "latency_ms": reply.latency_ms,
        "origin": storable(origin),
        "ended_at": now,
    }


def _update() -> sa.Update:
    return sa.update(Call).execution_options(synchronize_session=False)
