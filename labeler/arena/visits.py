"""Visits: people who come by a link that a project gives out, chat, and do nothing else.

A visitor has an account without password or address, no part in the project, and is not paid. The
link's secret is kept as a hash; it lets people in until a day, and within the project's limits.
"""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from labeler.people.accounts import Person
from labeler.schema import Base, Id, reference
from labeler.work.projects import Project


class ChatLink(Base):
    """A link by which visitors come to a project's chat, until a moment."""

    __tablename__ = "chat_links"
    __table_args__ = (sa.Index("ix_chat_links_project", "project_id", "id"),)

    id: Mapped[Id]
    project_id: Mapped[int] = reference("projects.id")
    secret_digest: Mapped[str] = mapped_column(unique=True)
    label: Mapped[str]
    made_by: Mapped[int] = reference("people.id")
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class Visit(Base):
    """A visitor, and the link by which they came."""

    __tablename__ = "visits"

    person_id: Mapped[int] = reference("people.id", primary_key=True)
    link_id: Mapped[int] = reference("chat_links.id", index=True)
    project_id: Mapped[int] = reference("projects.id", index=True)
    created_at: Mapped[datetime]


def make_link(
    session: Session, project: Project, *, label: str, expires_at: datetime, by: Person
) -> str:
    """Make a link for visitors; return its secret, for this once.

    Raises Conflict where the project's rules let no visitors in, Invalid for a moment that is over.
    """
    raise NotImplementedError


def links(session: Session, project_id: int) -> Sequence[ChatLink]:
    """Return the links of a project, newest first."""
    raise NotImplementedError


def revoke(session: Session, link_id: int, project: Project, *, by: Person) -> None:
    """Let nobody in by this link any more; visitors who came by it begin nothing new."""
    raise NotImplementedError


def project_of(session: Session, secret: str) -> Project:
    """Return the project to which a link leads; raises NotFound if it is over. Changes nothing."""
    raise NotImplementedError


def enter(session: Session, secret: str, *, browser: str = "") -> tuple[Person, str]:
    """Make whoever follows the link a visitor; return the person and the secret for the cookie.

    Raises NotFound where the link is over. Whoever is signed in already stays who they are: ask
    before this is called.
    """
    raise NotImplementedError


def visit_of(session: Session, person: Person) -> Visit | None:
    """Return by which link the person came; None for people who are no visitors."""
    raise NotImplementedError
