"""Generations: batches whose answers are drawn from endpoints, from their prompts to what came of it.

A generation goes from loading, while its prompts are stored, over asking, while calls are asked
for, and running, while they are made, to done, when its answers are a batch. Whoever is killed on
the way is followed by somebody else who goes on: prompts are numbered, calls are asked for by
keys, and the batch is loaded under the generation's digest.
"""

import enum
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from labeler.generation import wishes
from labeler.generation.screening import Reason
from labeler.generation.wishes import Wish
from labeler.schema import Base, BigInt, Id, reference

STANDING = sa.text("state <> 'cancelled'")


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
        GenerationState.asking: frozenset({GenerationState.running, GenerationState.cancelled}),
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


class GenerationPrompt(Base):
    """A prompt to which answers are drawn, numbered from 0 in its file."""

    __tablename__ = "generation_prompts"
    __table_args__ = (sa.UniqueConstraint("generation_id", "number"),)

    id: Mapped[Id]
    generation_id: Mapped[int] = reference("generations.id")
    number: Mapped[int]
    external_id: Mapped[str]
    messages: Mapped[list[dict[str, str]]]
    language: Mapped[str]
    sensitive: Mapped[str] = mapped_column(default="")
    details: Mapped[dict[str, Any]]


class KeptOut(Base):
    """An answer that is in no comparison, and why."""

    __tablename__ = "kept_out"

    id: Mapped[Id]
    generation_id: Mapped[int] = reference("generations.id", index=True)
    prompt_id: Mapped[int] = reference("generation_prompts.id")
    call_id: Mapped[int] = reference("calls.id")
    line: Mapped[str]
    """The endpoint that gave it."""
    reason: Mapped[Reason]
    detail: Mapped[str]
    """The word that gave it away, the language that it is in, and so on."""
