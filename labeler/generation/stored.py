"""What is stored of a generation beside its calls: its prompts, and which answers were kept out."""

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from labeler.generation import prompts
from labeler.generation.prompts import Size, Source
from labeler.generation.screening import Reason
from labeler.schema import Base, Id, reference

PAGE = 1000


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


def page(
    session: Session, generation_id: int, *, first: int = 0, limit: int = PAGE
) -> Sequence[GenerationPrompt]:
    """Return the prompts that are stored under a generation, from a number on."""
    mine = GenerationPrompt.generation_id == generation_id, GenerationPrompt.number >= first
    found = sa.select(GenerationPrompt).where(*mine).order_by(GenerationPrompt.number)
    return session.scalars(found.limit(limit)).all()


def look(session: Session, generation_id: int, digest: str) -> Source:
    """Say what is in the prompts under a generation, as `prompts.look` does of a file."""
    sizes: dict[str, Size] = {}
    is_sensitive = False
    for prompt in _all(session, generation_id):
        contents = (message["content"] for message in prompt.messages)
        prompts.add(sizes.setdefault(prompt.language, Size()), contents)
        is_sensitive = is_sensitive or bool(prompt.sensitive)
    return Source(digest, sizes, is_sensitive)


def _all(session: Session, generation_id: int) -> Iterator[GenerationPrompt]:
    first = 0
    while found := page(session, generation_id, first=first):
        yield from found
        first = found[-1].number + 1
        for prompt in found:
            session.expunge(prompt)
