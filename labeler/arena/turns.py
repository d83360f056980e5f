"""Turns: a message, and the answers of both models to it, in an order that the server draws.

A turn that is drawn again stays on record beside the one that takes its place. What was promised
for judging it, and by which form, is written down when it is asked.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from labeler.arena.conversations import Conversation
from labeler.people.accounts import Person
from labeler.schema import Base, BigInt, Id, reference

LONGEST = 10_000
"""How many characters a message has at most."""
MOST_DRAWS = 5
"""How often a turn is answered at most."""
IS_CURRENT = sa.text("superseded_at IS NULL")


class Turn(Base):
    """One message and two calls. `places` says which response stands at A, B."""

    __tablename__ = "turns"
    __table_args__ = (
        sa.UniqueConstraint("conversation_id", "number", "draw"),
        sa.Index(
            "uq_turns_current",
            "conversation_id",
            "number",
            unique=True,
            sqlite_where=IS_CURRENT,
            postgresql_where=IS_CURRENT,
        ),
    )

    id: Mapped[Id]
    conversation_id: Mapped[int] = reference("conversations.id")
    number: Mapped[int]
    """Counted from 1."""
    draw: Mapped[int]
    """Counted from 1: a turn that is drawn again has a row for each draw."""
    key: Mapped[str | None] = mapped_column(unique=True)
    """The idempotency key of the message; None of what was drawn again."""
    text: Mapped[str]
    first_call_id: Mapped[int] = reference("calls.id")
    """Response number 0: the call of the conversation's first endpoint."""
    second_call_id: Mapped[int] = reference("calls.id")
    places: Mapped[list[int]]
    guideline_number: Mapped[int]
    rubric_number: Mapped[int]
    pay_minor: Mapped[BigInt]
    currency: Mapped[str]
    rate_id: Mapped[int | None] = reference("rates.id")
    created_at: Mapped[datetime]
    superseded_at: Mapped[datetime | None]
    """When another draw took its place, or the conversation ended without it."""
    goes_on: Mapped[int | None]
    """The number of the response that the conversation goes on from, where it is one for both."""
    is_lot: Mapped[bool] = mapped_column(default=False)
    """Whether the server drew that one, as neither was better."""
    assignment_id: Mapped[int | None] = reference("assignments.id", unique=True)
    """Once the person has voted: where it is kept."""


def say(session: Session, conversation: Conversation, text: str, *, key: str, by: Person) -> Turn:
    """Write a message, which both models are asked to answer; the same key is the same message.

    Raises Invalid for a text that is blank or too long; Conflict after the end or the last turn,
    while the turn before waits for its answers or its vote, and as `begin` does.
    """
    raise NotImplementedError


def draw_again(session: Session, turn: Turn, *, by: Person) -> Turn:
    """Ask both models again; the answers so far stay on record. Doing it again is no error.

    Raises Conflict while they are writing, after the vote or the end, and beyond `MOST_DRAWS`.
    """
    raise NotImplementedError


def find(session: Session, turn_id: int, *, by: Person) -> Turn:
    """Return a turn of the person's own conversation; raises NotFound."""
    raise NotImplementedError


def current(session: Session, conversation: Conversation) -> list[Turn]:
    """Return the turns of a conversation in order, each as it was drawn last."""
    raise NotImplementedError
