"""Calls: what is asked of endpoints, one row each, from the wish to the answer. The table decides.

A call is taken by a conditional UPDATE, under the lock of its line. Whoever makes it says every few
seconds that they are at it; after a silence it is taken up again. The first answer that comes is
kept, and a call that has one is never made again. Every answer that was paid for is in the bill
once: in `cost_micro` if it was kept, in `wasted_micro` if it came too late.

Locks are always taken in this order: line, call, purse.
"""

import enum
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from labeler.endpoints.client import Reply
from labeler.endpoints.faults import Fault
from labeler.endpoints.profiles import Profile, Sampling
from labeler.endpoints.registry import Endpoint
from labeler.schema import Base, BigInt, Id, reference

PATIENCE = timedelta(seconds=30)
"""After how long a silence whoever made a call counts as ended."""
CHAT, BATCH = 10, 0
"""Priorities: somebody waits for a chat."""
WAITING = sa.text("state = 'waiting'")
RUNNING = sa.text("state = 'running'")

Messages = Sequence[Mapping[str, str]]


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
        sa.Index("ix_calls_running", "line", sqlite_where=RUNNING, postgresql_where=RUNNING),
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
    due_at: Mapped[datetime]
    taken_at: Mapped[datetime | None]
    taken_by: Mapped[str | None]
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
class Taken:
    """A call that somebody makes now, with all they need for it but the key."""

    call_id: int
    attempt: int
    line: str
    kin: str
    profile: Profile
    messages: Messages
    sampling: Sampling | None


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
    raise NotImplementedError


def take(session: Session, by: str) -> Taken | None:
    """Take the call that is to be made next; None if no line has room for one that is due.

    The highest priority goes first, then the oldest. Commit before you make it.
    """
    raise NotImplementedError


def beat(session: Session, by: str, call_ids: Collection[int]) -> int:
    """Say that somebody is at these calls; return how many of them are still theirs."""
    raise NotImplementedError


def finish(session: Session, taken: Taken, reply: Reply) -> bool:
    """Keep the answer; False if the call is over already, and this one was paid for in vain."""
    raise NotImplementedError


def fail(session: Session, taken: Taken, fault: Fault) -> bool:
    """Note that an attempt brought no answer; False if the call is theirs no longer.

    It is made again later if that may help and it has not failed too often.
    """
    raise NotImplementedError


def lay_down(session: Session, by: str) -> int:
    """Give back the calls that somebody was making, to be made anew; return how many."""
    raise NotImplementedError


def retry(session: Session, call: Call) -> bool:
    """Make a call again that failed or was cancelled; False if it is open. Conflict if done."""
    raise NotImplementedError


def retry_all(session: Session, kin: str) -> int:
    """Make all calls of a kin again that failed or were cancelled; return how many."""
    raise NotImplementedError


def cancel_all(session: Session, kin: str) -> int:
    """End the calls of a kin that are not over; return how many.

    One that is under way is not kept any more, but what it costs is billed.
    """
    raise NotImplementedError


def find(session: Session, call_id: int) -> Call:
    """Return a call; raises NotFound."""
    raise NotImplementedError


def of_kin(session: Session, kin: str) -> Sequence[Call]:
    """Return the calls of a kin, oldest first."""
    raise NotImplementedError


def counts(session: Session, kin: str) -> Mapping[CallState, int]:
    """Return how many calls of a kin are in each state, without reading them."""
    raise NotImplementedError


def spent(session: Session, kin: str) -> Bill | None:
    """Return what the calls of a kin cost until now; None if there are none."""
    raise NotImplementedError


def provenance(call: Call, endpoint: Endpoint) -> dict[str, Any]:
    """Return what a dataset says of where an answer comes from, beside its text and its model.

    These are the further keys of a response in a batch. `endpoint` is the version that answered.
    """
    raise NotImplementedError


def most_micro(profile: Profile, messages: Messages, sampling: Sampling | None = None) -> int:
    """Return what one call costs at most, in millionths of the unit of the currency.

    A token is never shorter than a byte. An answer without a limit counts as `UNLIMITED` tokens.
    """
    raise NotImplementedError
