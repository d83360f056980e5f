"""Conversations: a person and two unnamed models, drawn by the server.

A person has one open conversation in a project at most. Who answers is told after its end, and
from then on nothing can be said of the answers any more.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from labeler import clock
from labeler.arena import admission, pairs, rules, visits
from labeler.arena.admission import Promise
from labeler.arena.rules import ChatRules, GoesOn, Vote
from labeler.endpoints.registry import Endpoint
from labeler.errors import Conflict, Invalid, NotFound
from labeler.people.accounts import Person
from labeler.people.visitors import Visit
from labeler.said import say
from labeler.schema import Base, Id, dialect_of, insert, reference
from labeler.work.projects import Project

IS_OPEN = sa.text("ended_at IS NULL")
TOO_FEW = say("Fewer than two of this chat's models can be asked just now. Please try again later.")
NOT_ASKED_IN = say("This project does not ask you in this language.")
HAD_ALL = say("You have had all the conversations that there are for a visitor. Thank you.")


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

    @property
    def kin(self) -> str:
        """What its calls are known by."""
        return f"conversation:{self.id}"


def begin(session: Session, project: Project, *, language: str, by: Person) -> Conversation:
    """Return the person's open conversation in the project, or begin one with two endpoints drawn.

    The least used pairs come first, then the lot. Raises Invalid for a language that is not the
    project's or the person's; Conflict without rules, while the project gives out no work, its
    budget is used up, the person has worked as long as they want to (`limits.Reached`), has yet to
    qualify, or is a visitor beyond the limits; Forbidden while they have not accepted its terms
    (`terms.NotAgreed`).
    """
    promise = admission.require(session, project, by)
    if found := open_of(session, project.id, by):
        return found
    chat = rules.require(session, project.id)
    _require_language(project, promise, language)
    _require_more(session, project, by)
    admission.require_room(session, project, promise, in_chats=0)
    first, second = _drawn(session, project, chat)
    begun = insert(dialect_of(session), Conversation).values(
        project_id=project.id,
        person_id=by.id,
        language=language,
        vote=chat.vote,
        goes_on=chat.goes_on,
        most_turns=chat.most_turns,
        further=chat.further,
        first_id=first.id,
        second_id=second.id,
        created_at=clock.now(),
    )
    session.execute(begun.on_conflict_do_nothing())
    found = open_of(session, project.id, by)  # another window may have been faster
    assert found is not None
    return found


def find(session: Session, conversation_id: int, *, by: Person) -> Conversation:
    """Return the person's own conversation; raises NotFound."""
    return _found(session, _theirs(by).where(Conversation.id == conversation_id))


def hold(session: Session, conversation_id: int, *, by: Person) -> Conversation:
    """Return the same as it is now; nobody else changes it until the transaction ends."""
    mine = _theirs(by).where(Conversation.id == conversation_id)
    locked = mine.with_for_update(key_share=True).execution_options(populate_existing=True)
    return _found(session, locked)


def open_of(session: Session, project_id: int, person: Person) -> Conversation | None:
    """Return the conversation that the person has begun in the project and not ended."""
    return session.scalar(_theirs(person).where(Conversation.project_id == project_id, IS_OPEN))


def of_person(session: Session, project_id: int, person: Person) -> Sequence[Conversation]:
    """Return the person's conversations in the project, newest first."""
    mine = _theirs(person).where(Conversation.project_id == project_id)
    return session.scalars(mine.order_by(Conversation.id.desc())).all()


def endpoints(session: Session, conversation: Conversation) -> tuple[Endpoint, Endpoint]:
    """Return which versions of which endpoints give the responses number 0 and 1."""
    first = session.get_one(Endpoint, conversation.first_id)
    return first, session.get_one(Endpoint, conversation.second_id)


def _theirs(person: Person) -> sa.Select[Conversation]:
    return sa.select(Conversation).where(Conversation.person_id == person.id)


def _found(session: Session, query: sa.Select[Conversation]) -> Conversation:
    found = session.scalar(query)
    if found is None:
        raise NotFound("There is no such conversation.")
    return found


def _require_language(project: Project, promise: Promise, language: str) -> None:
    theirs = [tag.lower() for tag in promise.languages]
    speaks = not theirs or not languages_of(language).isdisjoint(theirs)
    if language not in project.languages or not speaks:
        raise Invalid(NOT_ASKED_IN, fields={"language": NOT_ASKED_IN})


def languages_of(tag: str) -> set[str]:
    """Return what a language goes by: pt-BR is also pt."""
    return {tag.lower(), tag.lower().partition("-")[0]}


def _require_more(session: Session, project: Project, by: Person) -> None:
    """Raise Conflict if a visitor has had what there is for them, or for all of them today."""
    visit = visits.visit_of(session, by)
    if visit is None or visit.project_id != project.id:
        return
    limits = visits.hold_limits(session, project.id)
    if not limits.per_visitor:
        raise Conflict(visits.NO_VISITORS)
    begun = sa.select(sa.func.count()).select_from(Conversation)
    if _number(session, begun.where(Conversation.person_id == by.id)) >= limits.per_visitor:
        raise Conflict(HAD_ALL)
    theirs = sa.select(Visit.person_id).where(Visit.project_id == project.id)
    today = begun.where(
        Conversation.person_id.in_(theirs),
        Conversation.project_id == project.id,
        Conversation.created_at >= visits.today(),
    )
    if _number(session, today) >= limits.per_day:
        raise Conflict(visits.FULL_TODAY)


def _number(session: Session, query: sa.Select[int]) -> int:
    return session.scalar(query) or 0


def _drawn(session: Session, project: Project, chat: ChatRules) -> tuple[Endpoint, Endpoint]:
    usable = {endpoint.name: endpoint for endpoint in rules.usable(session, project, chat)}
    if len(usable) < 2:
        raise Conflict(TOO_FEW)
    first, second = pairs.draw(list(usable), _met(session, project.id))
    return usable[first], usable[second]


def _met(session: Session, project_id: int) -> dict[pairs.Pair, int]:
    one, other = aliased(Endpoint), aliased(Endpoint)
    number: Any = sa.func.count()
    rows = session.execute(
        sa.select(one.name, other.name, number)
        .select_from(Conversation)
        .join(one, one.id == Conversation.first_id)
        .join(other, other.id == Conversation.second_id)
        .where(Conversation.project_id == project_id)
        .group_by(one.name, other.name)
    )
    return pairs.met((first, second, n) for first, second, n in rows)
