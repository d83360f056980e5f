"""Sign-ins: one row for each browser that is signed in, listed and revocable; and sign-in links.

A cookie carries a secret; the row carries its hash. Signing out ends the row, so a copy of the
cookie is worth nothing afterwards.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from labeler import clock, events
from labeler.errors import NotFound
from labeler.people import memberships, secrets
from labeler.people.accounts import Person
from labeler.schema import Base, Id, changed, reference

LASTS = timedelta(days=30)
LINK_LASTS = timedelta(days=7)
FRESH = timedelta(minutes=15)
"""How long a sign-in shows that it is the person who sits there."""


class SignIn(Base):
    """A browser in which a person is signed in, until it is revoked or too old."""

    __tablename__ = "sign_ins"

    id: Mapped[Id]
    person_id: Mapped[int] = reference("people.id", index=True)
    secret_digest: Mapped[str] = mapped_column(unique=True)
    browser: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class SignInLink(Base):
    """A link that signs a person in once: an invitation, or a way back without a password."""

    __tablename__ = "sign_in_links"

    id: Mapped[Id]
    person_id: Mapped[int] = reference("people.id", index=True)
    secret_digest: Mapped[str] = mapped_column(unique=True)
    made_by: Mapped[int | None] = reference("people.id")
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


# Every request runs this: made once, it costs less than half.
_BY_SECRET = (
    sa.select(Person)
    .join(SignIn, SignIn.person_id == Person.id)
    .where(
        SignIn.secret_digest == sa.bindparam("digest"),
        SignIn.revoked_at.is_(None),
        SignIn.expires_at > sa.bindparam("now"),
        Person.closed_at.is_(None),
    )
)


def start(session: Session, person: Person, *, browser: str = "") -> str:
    """Sign the person in; return the secret for the cookie."""
    secret = secrets.new()
    now = clock.now()
    session.execute(
        sa.update(Person).where(Person.id == person.id).values(failures=0, failed_at=None)
    )
    session.add(
        SignIn(
            person_id=person.id,
            secret_digest=secrets.digest(secret),
            browser=browser[:200],
            created_at=now,
            expires_at=now + LASTS,
        )
    )
    session.flush()
    return secret


def person_of(session: Session, secret: str) -> Person | None:
    """Return the person whom this cookie's secret signs in, or None."""
    return session.scalar(_BY_SECRET, {"digest": secrets.digest(secret), "now": clock.now()})


def is_fresh(session: Session, secret: str) -> bool:
    """Say whether the sign-in with this secret began just now."""
    began = sa.select(SignIn.created_at).where(SignIn.secret_digest == secrets.digest(secret))
    at = session.scalar(began)
    return at is not None and clock.now() - at < FRESH


def current(session: Session, person: Person) -> Sequence[SignIn]:
    """Return where the person is signed in, newest first."""
    return session.scalars(
        sa.select(SignIn)
        .where(
            SignIn.person_id == person.id,
            SignIn.revoked_at.is_(None),
            SignIn.expires_at > clock.now(),
        )
        .order_by(SignIn.id.desc())
    ).all()


def end(session: Session, secret: str) -> None:
    """Sign out the browser that holds this secret."""
    _revoke(session, SignIn.secret_digest == secrets.digest(secret))


def revoke(session: Session, sign_in_id: int, *, by: Person) -> None:
    """Sign out another browser of the same person; raises NotFound."""
    if not _revoke(session, SignIn.id == sign_in_id, SignIn.person_id == by.id):
        raise NotFound("There is no such sign-in.")


def end_all(session: Session, person: Person) -> None:
    """Sign the person out everywhere, and let none of their links sign anybody in."""
    _revoke(session, SignIn.person_id == person.id)
    _use_up(session, SignInLink.person_id == person.id)


def make_link(session: Session, person: Person, *, by: Person | None) -> str:
    """Make a link that signs the person in once; return its secret."""
    secret = secrets.new()
    now = clock.now()
    session.add(
        SignInLink(
            person_id=person.id,
            secret_digest=secrets.digest(secret),
            made_by=by.id if by else None,
            created_at=now,
            expires_at=now + LINK_LASTS,
        )
    )
    events.record(session, "sign_in_link.made", person_id=by.id if by else None, subject=person.id)
    return secret


def invite(session: Session, person: Person, *, by: Person) -> str | None:
    """Make a link for somebody whom `by` invites; None if it would open the account of another.

    Owners invite by address alone, so that an account which others opened stays closed to them.
    """
    return make_link(session, person, by=by) if open_to(session, [person], by=by) else None


def open_to(session: Session, people: Iterable[Person], *, by: Person) -> set[int]:
    """Return for whom of these `by` may make a link, by id: administrators for everybody.

    Anybody else for those without a password whom they were the first to invite, and who have
    a part in no project but theirs.
    """
    ids = [person.id for person in people]
    if by.is_admin:
        return set(ids)
    links = sa.select(SignInLink.made_by).where(SignInLink.person_id == Person.id)
    first = links.order_by(SignInLink.id).limit(1).scalar_subquery()
    came = sa.select(SignIn.id).where(SignIn.person_id == Person.id)
    query = sa.select(Person.id).where(
        Person.id.in_(ids),
        Person.password_hash.is_(None),
        Person.is_admin.is_(False),
        ~memberships.beyond(by).exists(),
        sa.or_(first == by.id, ~sa.or_(links.exists(), came.exists())),
    )
    return set(session.scalars(query))


def person_of_link(session: Session, secret: str) -> Person:
    """Return whom this link would sign in; raises NotFound if it was used or is too old."""
    person = session.scalar(
        sa.select(Person)
        .join(SignInLink, SignInLink.person_id == Person.id)
        .where(*_usable(secret), Person.closed_at.is_(None))
    )
    if person is None:
        raise NotFound("This link has been used or is too old. Please ask for a new one.")
    return person


def use_link(session: Session, secret: str, *, browser: str = "") -> tuple[Person, str]:
    """Use up the link; return the person and the secret for the cookie. Raises NotFound.

    The person's other links end with it: whoever made them may have kept one.
    """
    person = person_of_link(session, secret)
    if not _use_up(session, *_usable(secret)):
        raise NotFound("This link has been used or is too old. Please ask for a new one.")
    _use_up(session, SignInLink.person_id == person.id)
    return person, start(session, person, browser=browser)


def _usable(secret: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        SignInLink.secret_digest == secrets.digest(secret),
        SignInLink.used_at.is_(None),
        SignInLink.expires_at > clock.now(),
    )


def _revoke(session: Session, *which: sa.ColumnElement[bool]) -> int:
    still = sa.update(SignIn).where(*which, SignIn.revoked_at.is_(None))
    return changed(session, still.values(revoked_at=clock.now()))


def _use_up(session: Session, *which: sa.ColumnElement[bool]) -> int:
    unused = sa.update(SignInLink).where(*which, SignInLink.used_at.is_(None))
    return changed(session, unused.values(used_at=clock.now()))
