"""Tokens for the JSON API: opaque, hashed, scoped, shown once."""

import enum
from collections.abc import Iterable, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from labeler import clock, events
from labeler.errors import Forbidden, Invalid, NotFound
from labeler.people import secrets
from labeler.people.accounts import Person
from labeler.said import say
from labeler.schema import Base, Id, changed, reference

MARK = "lbl_"

LACKS = say("This token may not be used for this: it lacks the scope %(scope)s.")


class Scope(enum.Enum):
    """What a token may be used for, within what its person may do."""

    judge = "judge"
    """Take assignments, judge and skip them."""
    read = "read"
    """Read progress, judgments and releases."""
    manage = "manage"
    """Create projects, load batches and order releases."""


class Token(Base):
    """A secret that lets a program act as a person, within its scopes."""

    __tablename__ = "tokens"

    id: Mapped[Id]
    person_id: Mapped[int] = reference("people.id", index=True)
    secret_digest: Mapped[str] = mapped_column(unique=True)
    label: Mapped[str]
    scopes: Mapped[list[str]]
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


# Every request runs this: made once, it costs less than half.
_BY_SECRET = (
    sa.select(Person, Token.scopes)
    .join(Token, Token.person_id == Person.id)
    .where(
        Token.secret_digest == sa.bindparam("digest"),
        Token.revoked_at.is_(None),
        Person.closed_at.is_(None),
    )
)


def create(
    session: Session, person: Person, *, label: str = "", scopes: Iterable[Scope] = tuple(Scope)
) -> str:
    """Make a token for the person; return it, for this once."""
    wanted = sorted({scope.value for scope in scopes})
    if not wanted:
        raise Invalid("A token needs at least one scope.", fields={"scopes": say("Choose one.")})
    secret = MARK + secrets.new()
    session.add(
        Token(
            person_id=person.id,
            secret_digest=secrets.digest(secret),
            label=label[:100],
            scopes=wanted,
            created_at=clock.now(),
        )
    )
    events.record(session, "token.created", person_id=person.id, scopes=wanted)
    return secret


def person_of(session: Session, secret: str, scope: Scope) -> Person | None:
    """Return whom this token speaks for, or None; raises Forbidden outside its scopes."""
    row = session.execute(_BY_SECRET, {"digest": secrets.digest(secret)}).one_or_none()
    if row is None:
        return None
    person, scopes = row
    if scope.value not in scopes:
        raise Forbidden(say(LACKS, scope=scope.value))
    return person


def current(session: Session, person: Person) -> Sequence[Token]:
    """Return the person's tokens that still work, newest first."""
    return session.scalars(
        sa.select(Token)
        .where(Token.person_id == person.id, Token.revoked_at.is_(None))
        .order_by(Token.id.desc())
    ).all()


def revoke(session: Session, token_id: int, *, by: Person) -> None:
    """End one of the person's tokens; raises NotFound."""
    done = changed(
        session,
        sa.update(Token)
        .where(Token.id == token_id, Token.person_id == by.id, Token.revoked_at.is_(None))
        .values(revoked_at=clock.now()),
    )
    if not done:
        raise NotFound("There is no such token.")
    events.record(session, "token.revoked", person_id=by.id, subject=token_id)
