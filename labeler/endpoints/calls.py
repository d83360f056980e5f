"""Calls: what is asked of endpoints, one row each, from the wish to the answer.

The first answer that comes is kept, and a call that has one is never made again. Every answer that
was paid for is in the bill once: in `cost_micro` if it was kept, in `wasted_micro` if it came when
nobody wanted one any more. How calls are taken and ended is in `taking`.
"""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from labeler.endpoints import billing, purses, registry
from labeler.endpoints.profiles import Sampling
from labeler.endpoints.registry import Endpoint
from labeler.errors import Conflict, NotFound
from labeler.said import say
from labeler.schema import Base, BigInt, Id, changed, dialect_of, insert, moment, reference
from labeler.work.projects import Project

CHAT, BATCH = 10, 0
"""Priorities: somebody waits for a chat."""
WAITING = sa.text("state = 'waiting'")
TAKEN = sa.text("taken_by IS NOT NULL")

Messages = Sequence[Mapping[str, str]]

_ANEW = {"populate_existing": True}


class CallState(enum.Enum):
    """What became of a call."""

    waiting = "waiting"
    """It is made as soon as its line has room, and it is due."""
    running = "running"
    """Somebody is at it, or was until a short while ago."""
    done = "done"
    """It has its answer, whether that is complete or not."""
    failed = "failed"
    """It brought no answer; the fault says why."""
    cancelled = "cancelled"
    """Nobody wants it any more, or the budget of its kin was used up."""


MOVES: Mapping[CallState, frozenset[CallState]] = MappingProxyType(
    {
        CallState.waiting: frozenset(CallState),
        CallState.running: frozenset(CallState),
        CallState.failed: frozenset({CallState.waiting}),
        CallState.cancelled: frozenset({CallState.waiting}),
    }
)
"""The moves allowed. Nothing follows on done; what failed or was cancelled can be asked again."""


class Call(Base):
    """One answer that is wanted of one version of an endpoint, and what came of it."""

    __tablename__ = "calls"
    __table_args__ = (
        sa.Index(
            "ix_calls_waiting",
            *("line", "priority", "id"),
            sqlite_where=WAITING,
            postgresql_where=WAITING,
        ),
        sa.Index("ix_calls_taken", "line", sqlite_where=TAKEN, postgresql_where=TAKEN),
    )

    id: Mapped[Id]
    project_id: Mapped[int] = reference("projects.id", index=True)
    endpoint_id: Mapped[int] = reference("endpoints.id")
    line: Mapped[str]
    """The endpoint's name: what its versions share."""
    kin: Mapped[str] = mapped_column(index=True)
    """What it belongs to, such as generation:12 or conversation:7."""
    key: Mapped[str] = mapped_column(unique=True)
    """What it is for: of each key there is one call, however often it is asked for."""
    priority: Mapped[int]
    messages: Mapped[list[dict[str, str]]]
    sampling: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    """What stands in for the sampling of the profile; nothing, if that holds."""
    state: Mapped[CallState]
    attempts: Mapped[int]
    """How often it was begun. Who took it knows by this whether it is still theirs."""
    failures: Mapped[int]
    """How often it failed since it was last asked for."""
    silences: Mapped[int]
    """How often since then whoever made it was not heard of again."""
    due_at: Mapped[datetime]
    taken_at: Mapped[datetime | None]
    taken_by: Mapped[str | None]
    """Who waits for its answer, though it may be cancelled meanwhile: the line knows of it."""
    heartbeat_at: Mapped[datetime | None]
    aside_micro: Mapped[BigInt]
    """What is set aside of its kin's purse while it is under way."""
    text: Mapped[str | None]
    thinking: Mapped[str | None]
    finish_reason: Mapped[str | None]
    cost_micro: Mapped[BigInt]
    """What the answer that was kept cost, in millionths of the unit of the currency."""
    wasted_micro: Mapped[BigInt]
    """What answers cost that came when nobody wanted one any more."""
    currency: Mapped[str]
    input_tokens: Mapped[int | None]
    output_tokens: Mapped[int | None]
    latency_ms: Mapped[int | None]
    origin: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    """Where the answer comes from: all that a dataset says of it."""
    fault: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    """What went wrong last, as `Fault` writes it; it stays while the call is made again."""
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    @property
    def is_over(self) -> bool:
        """Whether nothing comes of it unless it is asked for again."""
        return self.state not in (CallState.waiting, CallState.running)

    @property
    def is_complete(self) -> bool:
        """Whether the model ended its answer by itself."""
        return self.state is CallState.done and self.finish_reason == "stop"


@dataclass(frozen=True)
class Bill:
    """What calls cost, in millionths of the unit of the currency."""

    currency: str
    cost_micro: int
    """For answers that were kept."""
    wasted_micro: int
    """For answers that came too late."""

    @property
    def total_micro(self) -> int:
        """All that was spent."""
        return self.cost_micro + self.wasted_micro


def ask(
    session: Session,
    endpoint: Endpoint,
    messages: Messages,
    *,
    project_id: int,
    kin: str,
    key: str,
    priority: int = BATCH,
    sampling: Sampling | None = None,
) -> Call:
    """Ask an endpoint for an answer; whoever asks again with the same key gets the same call.

    `sampling` stands in for the whole of the profile's. Raises Forbidden if the project's rule
    keeps the endpoint away, Conflict if it is archived, or bills in another currency than the
    budget of the kin.
    """
    if (found := _of_key(session, key)) is not None:
        return found
    _require_askable(session, endpoint, project_id, kin)
    now = moment(session)
    asked = insert(dialect_of(session), Call).values(
        project_id=project_id,
        endpoint_id=endpoint.id,
        line=endpoint.name,
        kin=kin,
        key=key,
        priority=priority,
        messages=[dict(message) for message in messages],
        sampling=sampling and sampling.model_dump(mode="json"),
        currency=endpoint.written.price.currency,
        due_at=now,
        created_at=now,
        **_FRESH,
    )
    once = asked.on_conflict_do_nothing(index_elements=["key"])
    made = session.scalar(once.returning(Call.id))
    if made is not None:
        return session.get_one(Call, made)
    found = _of_key(session, key)  # somebody else asked at the same moment
    assert found is not None
    return found


_FRESH = MappingProxyType(
    {
        "state": CallState.waiting,
        "attempts": 0,
        "failures": 0,
        "silences": 0,
        "aside_micro": 0,
        "cost_micro": 0,
        "wasted_micro": 0,
    }
)


def retry(session: Session, call: Call) -> bool:
    """Make a call again that failed or was cancelled; False if it is open.

    Raises Conflict if it has its answer.
    """
    is_again = bool(_again(session, Call.id == call.id))
    session.refresh(call)
    if call.state is CallState.done:
        raise Conflict("This has its answer already.")
    return is_again


def retry_all(session: Session, kin: str) -> int:
    """Make all calls of a kin again that failed or were cancelled; return how many."""
    return _again(session, Call.kin == kin)


def cancel_all(session: Session, kin: str) -> int:
    """End the calls of a kin that are not over; return how many.

    One that is under way is not kept any more, but what it costs is billed.
    """
    open_ = Call.kin == kin, Call.state.in_(_before(CallState.cancelled))
    ended = {"state": CallState.cancelled, "ended_at": moment(session)}
    aside = session.scalars(_update().where(*open_).values(ended).returning(Call.aside_micro)).all()
    if sum(aside):
        spent_on = Call.kin == kin, Call.state == CallState.cancelled, Call.aside_micro > 0
        changed(session, _update().where(*spent_on).values(aside_micro=0))
        purses.spend(session, kin, 0, aside_micro=sum(aside))
    return len(aside)


def find(session: Session, call_id: int) -> Call:
    """Return a call; raises NotFound."""
    call = session.get(Call, call_id, populate_existing=True)
    if call is None:
        raise NotFound("There is no such call.")
    return call


def counts(session: Session, kin: str) -> Mapping[CallState, int]:
    """Return how many calls of a kin are in each state, without reading them."""
    wanted = sa.select(Call.state, sa.func.count()).where(Call.kin == kin).group_by(Call.state)
    found = dict(session.execute(wanted).all())
    return {state: found.get(state, 0) for state in CallState}


def spent(session: Session, kin: str) -> Bill | None:
    """Return what the calls of a kin cost until now; None if there are none."""
    sums = sa.func.sum(Call.cost_micro), sa.func.sum(Call.wasted_micro)
    wanted = sa.select(Call.currency, *sums).where(Call.kin == kin).group_by(Call.currency)
    found = session.execute(wanted.order_by(sa.desc(sums[0]))).first()
    if found is None:
        return None
    currency, cost, wasted = found
    return Bill(currency, int(cost), int(wasted))


def provenance(call: Call, endpoint: Endpoint) -> dict[str, Any]:
    """Return what a dataset says of where an answer comes from, beside its text and its model.

    These are the further keys of a response in a batch; `endpoint` is the version that was asked.
    """
    return {
        "endpoint": endpoint.name,
        "endpoint_version": endpoint.version,
        **(call.origin or {}),
    }


def _require_askable(session: Session, endpoint: Endpoint, project_id: int, kin: str) -> None:
    registry.require_allowed(session.get_one(Project, project_id), endpoint)
    if endpoint.archived_at is not None:
        raise Conflict(say("The endpoint %(name)s is archived.", name=endpoint.name))
    purse = purses.find(session, kin)
    price = endpoint.written.price
    if purse and not billing.is_free(price) and price.currency != purse.currency:
        words = "%(name)s is paid in %(currency)s, but the budget is in %(other)s."
        raise Conflict(
            say(words, name=endpoint.name, currency=price.currency, other=purse.currency)
        )


def _of_key(session: Session, key: str) -> Call | None:
    return session.scalar(sa.select(Call).where(Call.key == key), execution_options=_ANEW)


def _again(session: Session, which: sa.ColumnElement[bool]) -> int:
    ended = which, Call.state.in_((CallState.failed, CallState.cancelled))
    anew = {
        "state": CallState.waiting,
        "failures": 0,
        "silences": 0,
        "due_at": moment(session),
        "ended_at": None,
    }
    return changed(session, _update().where(*ended).values(anew))


def _before(state: CallState) -> list[CallState]:
    return [before for before, after in MOVES.items() if state in after]


def _update() -> sa.Update:
    return sa.update(Call).execution_options(synchronize_session=False)
