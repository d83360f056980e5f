"""Visitors: people who came by a link of a project's chat, and of whom nothing else is known.

Each has an account without a password, and an address that no mail reaches (it ends in .invalid,
RFC 2606). Their part in the project is over as soon as it begins, so that no work is given to them,
and nothing is paid to them. That they are visitors stays known when they are forgotten.
"""

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from labeler import clock
from labeler.people import secrets
from labeler.people.accounts import VISITORS, Person
from labeler.people.memberships import Membership, Role
from labeler.said import say
from labeler.schema import Base, Id, reference

NAME = say("Visitor")


class Visit(Base):
    """A visitor, and the link by which they came."""

    __tablename__ = "visits"
    __table_args__ = (sa.Index("ix_visits_project", "project_id", "created_at"),)

    id: Mapped[Id]
    person_id: Mapped[int] = reference("people.id", unique=True)
    link_id: Mapped[int] = reference("chat_links.id", index=True)
    project_id: Mapped[int] = reference("projects.id")
    created_at: Mapped[datetime]
    forgotten_at: Mapped[datetime | None] = mapped_column()
    """When all that told who they are was destroyed, as their time was over."""


def add(session: Session, project_id: int, link_id: int) -> Person:
    """Add a visitor of a project."""
    now = clock.now()
    email = f"{secrets.digest(secrets.new())[:24]}@{VISITORS}"
    person = Person(email=email, name=NAME, created_at=now, password_hash=None)
    session.add(person)
    session.flush()
    part = Membership(project_id=project_id, person_id=person.id, role=Role.annotator)
    part.created_at = part.removed_at = now
    visit = Visit(person_id=person.id, link_id=link_id, project_id=project_id, created_at=now)
    session.add_all([part, visit])
    session.flush()
    return person


def visit_of(session: Session, person: Person) -> Visit | None:
    """Return by which link the person came; None for people who are no visitors."""
    return session.scalar(sa.select(Visit).where(Visit.person_id == person.id))


def among(session: Session, person_ids: Iterable[int]) -> set[int]:
    """Return which of these people are visitors."""
    theirs = Visit.person_id.in_(set(person_ids))
    return set(session.scalars(sa.select(Visit.person_id).where(theirs)))


def numbers() -> sa.Select[int]:
    """Return the numbers of all visitors, as a query."""
    return sa.select(Visit.person_id)


def came_since(session: Session, project_id: int, moment: datetime) -> int:
    """Return how many visitors have come to a project since a moment."""
    here = Visit.project_id == project_id, Visit.created_at >= moment
    return session.scalar(sa.select(sa.func.count()).select_from(Visit).where(*here)) or 0
