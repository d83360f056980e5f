"""Conversations: a person and two unnamed models, drawn by the server.

A person has one open conversation in a project at most. Who answers is told after its end, and
from then on nothing can be said of the answers any more.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from labeler.arena.rules import GoesOn, Vote
from labeler.people.accounts import Person
from labeler.schema import Base, Id, reference
from labeler.work.projects import Project

IS_OPEN = sa.text("ended_at IS NULL")


class Conversation(Base):
    """What a person writes, and two models answer; with the rules that held when it began."""

    __tablename__ = "conversations"
    __table_args__ = (
        sa.Index(
            "uq_conversations_open",
            "project_id",
            "person_id",
            unique=True,
            sqlite_where=IS_OPEN,
            postgresql_where=IS_OPEN,
        ),
        sa.Index("ix_conversations_person", "person_id", "id"),
        sa.Index("ix_conversations_project", "project_id", "id"),
    )

    id: Mapped[Id]
    project_id: Mapped[int] = reference("projects.id")
    person_id: Mapped[int] = reference("people.id")
    language: Mapped[str]
    vote: Mapped[Vote]
    goes_on: Mapped[GoesOn]
    most_turns: Mapped[int]
    further: Mapped[int]
    first_id: Mapped[int] = reference("endpoints.id")
    """Which version of which endpoint gives the response number 0."""
    second_id: Mapped[int] = reference("endpoints.id")
    """And which one number 1."""
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    revealed_at: Mapped[datetime | None] = mapped_column()
    """When the person was told who answered; from then on there is no vote."""


def begin(session: Session, project: Project, *, language: str, by: Person) -> Conversation:
    """Return the person's open conversation in the project, or begin one with two endpoints drawn.

    The least used pairs come first, then the lot. Raises Invalid for a language that is not the
    project's or the person's; Conflict without rules, while the project gives out no work, its
    budget is used up, the person has worked as long as they want to (`limits.Reached`), has yet to
    qualify, or is a visitor beyond the limits; Forbidden while they have not accepted its terms
    (`terms.NotAgreed`).
    """
    raise NotImplementedError


def find(session: Session, conversation_id: int, *, by: Person) -> Conversation:
    """Return the person's own conversation; raises NotFound."""
    raise NotImplementedError


def open_of(session: Session, project_id: int, person: Person) -> Conversation | None:
    """Return the conversation that the person has begun in the project and not ended."""
    raise NotImplementedError


def of_person(session: Session, project_id: int, person: Person) -> list[Conversation]:
    """Return the person's conversations in the project, newest first."""
    raise NotImplementedError
