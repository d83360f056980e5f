"""Visits: people who come by a link that a project gives out, chat, and do nothing else.

A visitor has an account without password or address, no part in the project, and is not paid (see
`people.visitors`). The link's secret is kept as a hash; it lets people in until a day, and within
the project's limits.
"""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from labeler import clock, events
from labeler.arena import rules
from labeler.arena.rules import ChatRules
from labeler.errors import Conflict, Forbidden, Invalid, NotFound
from labeler.pay import worktime
from labeler.people import secrets, sign_ins, visitors
from labeler.people.accounts import Person
from labeler.people.memberships import Role
from labeler.people.visitors import Visit
from labeler.said import say
from labeler.schema import Base, Id, changed, reference
from labeler.text import lines
from labeler.work import projects
from labeler.work.projects import NOT_OPEN, Project, ProjectState

OVER = say("This link is over. Please ask whoever gave it to you.")
NO_VISITORS = say("The rules of this chat let no visitors in.")
FULL_TODAY = say("As many people as this chat takes have come today. Please come back tomorrow.")
PAST = say("This must be later than now.")


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


def make_link(
    session: Session, project: Project, *, label: str, expires_at: datetime, by: Person
) -> str:
    """Make a link for visitors; return its secret, for this once.

    Raises Forbidden to whoever is no owner, Conflict where the project's rules let no visitors in,
    Invalid for a moment that is over.
    """
    if projects.role_in(session, project, by) is not Role.owner:
        raise Forbidden(NOT_OPEN[Role.owner])
    if not rules.require(session, project.id).per_visitor:
        raise Conflict(NO_VISITORS)
    now = clock.now()
    if expires_at <= now:
        raise Invalid(PAST, fields={"expires_at": PAST})
    secret = secrets.new()
    link = ChatLink(
        project_id=project.id,
        secret_digest=secrets.digest(secret),
        label=lines.fitted(label).strip()[:100],
        made_by=by.id,
        created_at=now,
        expires_at=expires_at,
    )
    session.add(link)
    session.flush()
    said = {"link": link.id, "until": expires_at.isoformat()}
    events.record(session, "chat_link.made", person_id=by.id, project_id=project.id, **said)
    return secret


def links(session: Session, project_id: int) -> Sequence[ChatLink]:
    """Return the links of a project, newest first."""
    mine = sa.select(ChatLink).where(ChatLink.project_id == project_id)
    return session.scalars(mine.order_by(ChatLink.id.desc())).all()


def revoke(session: Session, link_id: int, project: Project, *, by: Person) -> None:
    """Let nobody in by this link any more; visitors who came by it write nothing new.

    Nothing if it is revoked already. Raises NotFound, and Forbidden to whoever is no owner.
    """
    if projects.role_in(session, project, by) is not Role.owner:
        raise Forbidden(NOT_OPEN[Role.owner])
    link = session.get(ChatLink, link_id)
    if link is None or link.project_id != project.id:
        raise NotFound("There is no such link.")
    still = sa.update(ChatLink).where(ChatLink.id == link_id, ChatLink.revoked_at.is_(None))
    if changed(session, still.values(revoked_at=clock.now())):
        about = {"person_id": by.id, "project_id": project.id, "link": link_id}
        events.record(session, "chat_link.revoked", **about)


def project_of(session: Session, secret: str) -> Project:
    """Return the project to which a link leads; raises NotFound if it is over. Changes nothing."""
    link = session.scalar(_usable().where(ChatLink.secret_digest == secrets.digest(secret)))
    if link is None:
        raise NotFound(OVER)
    project = session.get_one(Project, link.project_id)
    if project.state is not ProjectState.active:
        raise NotFound(OVER)
    return project


def enter(session: Session, secret: str, *, browser: str = "") -> tuple[Person, str]:
    """Make whoever follows the link a visitor; return the person and the secret for the cookie.

    Raises NotFound where the link is over, Conflict where the day is full. Whoever is signed in
    already stays who they are: ask before this is called.
    """
    project = project_of(session, secret)
    link = session.scalars(_usable().where(ChatLink.secret_digest == secrets.digest(secret))).one()
    limits = hold_limits(session, project.id)
    if not limits.per_visitor:
        raise Conflict(NO_VISITORS)
    if visitors.came_since(session, project.id, today()) >= limits.per_day:
        raise Conflict(FULL_TODAY)
    person = visitors.add(session, project.id, link.id)
    return person, sign_ins.start(session, person, browser=browser)


def visit_of(session: Session, person: Person) -> Visit | None:
    """Return by which link the person came; None for people who are no visitors."""
    return visitors.visit_of(session, person)


def require_open(session: Session, visit: Visit) -> None:
    """Raise Conflict if the link by which somebody came is over."""
    if session.scalar(_usable().where(ChatLink.id == visit.link_id)) is None:
        raise Conflict(OVER)


def hold_limits(session: Session, project_id: int) -> ChatRules:
    """Return the limits of a project; nobody else counts visitors until the transaction ends."""
    rules.require(session, project_id)
    return session.get_one(ChatRules, project_id, with_for_update={"key_share": True})


def today() -> datetime:
    """Return when the day began, in UTC."""
    return worktime.midnight(clock.now().date())


def _usable() -> sa.Select[ChatLink]:
    return sa.select(ChatLink).where(
        ChatLink.revoked_at.is_(None), ChatLink.expires_at > clock.now()
    )
