"""People: anyone who signs in. Their numbers are never deleted, and what they judged stays theirs.

Whoever is erased (see `labeler.privacy`) leaves a number without name, address or key.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from labeler import clock, events
from labeler.errors import Conflict, Forbidden, Invalid, NotFound
from labeler.said import say
from labeler.schema import Base, Id
from labeler.text import lines

VISITORS = "visitor.invalid"
"""The host of the addresses of visitors of a chat (see `visitors`), which no mail reaches."""
FREE_TRIES = 5
LONGEST_WAIT = timedelta(minutes=15)


def _new_key() -> str:
    return secrets.token_hex(32)


class Person(Base):
    """Anyone who signs in. `failures` counts wrong passwords since the last right one."""

    __tablename__ = "people"

    id: Mapped[Id]
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    password_hash: Mapped[str | None]
    is_admin: Mapped[bool] = mapped_column(default=False)
    failures: Mapped[int] = mapped_column(default=0)
    failed_at: Mapped[datetime | None]
    language: Mapped[str | None]
    """The language of the interface that they chose; none follows their browser."""
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]
    """When all that told who they are was destroyed."""
    pseudonym_key: Mapped[str | None] = mapped_column(default=_new_key, deferred=True)
    """Makes what they are called in releases; it never leaves the database. None: destroyed."""

    @property
    def is_visitor(self) -> bool:
        """Whether somebody who is not forgotten came by a link of a chat."""
        return self.email.endswith(f"@{VISITORS}")


@dataclass(frozen=True)
class Credentials:
    """What a sign-in needs to know, read before the slow check of the password."""

    person_id: int | None
    password_hash: str | None
    wait: timedelta


def create(
    session: Session, email: str, name: str, *, by: Person | None, is_admin: bool = False
) -> Person:
    """Add a person who can sign in by link until they choose a password."""
    email = _normal(email)
    if session.scalar(sa.select(Person.id).where(Person.email == email)) is not None:
        raise Conflict(say("There is already a person with the address %(email)s.", email=email))
    if not name.strip():
        raise Invalid("Please give a name.", fields={"name": say("A name is needed.")})
    if not lines.fits(name):
        fault = say("The name holds a character that cannot be stored.")
        raise Invalid(fault, fields={"name": fault})
    person = Person(email=email, name=name.strip(), is_admin=is_admin, created_at=clock.now())
    session.add(person)
    session.flush()
    events.record(session, "person.created", person_id=by.id if by else None, subject=person.id)
    return person


def require_person(by: object) -> None:
    """Raise Forbidden unless somebody acts: no program decides against a person.

    See Art. 10(5) of Directive (EU) 2024/2831: what restricts or ends work a human being decides.
    """
    if not isinstance(by, Person):
        raise Forbidden("Only a person decides this.")


def by_id(session: Session, person_ids: Iterable[int]) -> dict[int, Person]:
    """Return people by number."""
    found = session.scalars(sa.select(Person).where(Person.id.in_(set(person_ids))))
    return {person.id: person for person in found}


def began(session: Session) -> datetime:
    """Return when the first account was made; now if there is none."""
    return session.scalar(sa.select(sa.func.min(Person.created_at))) or clock.now()


def find(session: Session, email: str) -> Person:
    """Return the open account of this address; raises NotFound."""
    person = session.scalar(
        sa.select(Person).where(Person.email == _normal(email), Person.closed_at.is_(None))
    )
    if person is None:
        raise NotFound(say("Nobody here has the address %(email)s.", email=email))
    return person


def find_any(session: Session, email: str) -> Person:
    """Return whoever has this address, be their account closed; raises NotFound."""
    person = session.scalar(sa.select(Person).where(Person.email == _normal(email)))
    if person is None:
        raise NotFound(say("Nobody here has the address %(email)s.", email=email))
    return person


def find_or_create(session: Session, email: str, name: str, *, by: Person | None) -> Person:
    """Return the account of this address, added if it was not there."""
    try:
        return find(session, email)
    except NotFound:
        return create(session, email, name, by=by)


def credentials(session: Session, email: str) -> Credentials:
    """Return what is needed to check a password; the same shape for an unknown address."""
    try:
        person = find(session, email)
    except (NotFound, Invalid):
        return Credentials(None, None, timedelta(0))
    return Credentials(person.id, person.password_hash, _wait(person))


def note_failure(session: Session, person_id: int) -> None:
    """Count a wrong password."""
    session.execute(
        sa.update(Person)
        .where(Person.id == person_id)
        .values(failures=Person.failures + 1, failed_at=clock.now())
    )


def set_password(session: Session, person: Person, password_hash: str) -> None:
    """Give the person a new password, hashed beforehand."""
    session.execute(
        sa.update(Person)
        .where(Person.id == person.id)
        .values(password_hash=password_hash, failures=0, failed_at=None)
    )
    events.record(session, "person.password_set", person_id=person.id, subject=person.id)


def choose_language(session: Session, person: Person, language: str | None) -> None:
    """Keep the language in which the person reads pages; None follows their browser."""
    session.execute(sa.update(Person).where(Person.id == person.id).values(language=language))


def _wait(person: Person) -> timedelta:
    if person.failures < FREE_TRIES or person.failed_at is None:
        return timedelta(0)
    delay = min(LONGEST_WAIT, timedelta(seconds=2 ** min(person.failures - FREE_TRIES, 20)))
    return max(timedelta(0), person.failed_at + delay - clock.now())


def _normal(email: str) -> str:
    email = email.strip().lower()
    name, at, host = email.partition("@")
    unfit = len(email) > 254 or not lines.fits(email) or any(c.isspace() for c in email)
    if not (name and at and host) or unfit:
        raise Invalid(
            "That is not an e-mail address.", fields={"email": say("For example ada@example.org.")}
        )
    return email
