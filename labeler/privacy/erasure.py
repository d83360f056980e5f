"""Erasure: a person is forgotten, and their number stays with what others rely on.

What told who they are goes in one transaction: name, address, password, where they signed in, where
they were to be paid, and the key that made what they were called in releases. What they judged and
what they earned stays under the bare number. Who was paid is kept apart (see `identities`).

Nobody is erased while money of theirs is on its way, somebody decides about them, or a project or
the installation would be without anybody who answers for it.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from labeler import clock, events
from labeler.arena import forgetting
from labeler.errors import Conflict, Forbidden, Invalid
from labeler.pay import money, weeks
from labeler.pay.accounts import EARNED, Account, AccountKind
from labeler.pay.destinations import Destination
from labeler.pay.limits import Limit
from labeler.pay.payouts import Payout
from labeler.people import forum, memberships, secrets
from labeler.people.accounts import Person, require_person
from labeler.people.memberships import Membership, Role
from labeler.people.sign_ins import SignIn, SignInLink
from labeler.people.tokens import Token
from labeler.privacy import identities
from labeler.privacy.identities import YEARS
from labeler.quality import refusals
from labeler.quality.disputes import Dispute
from labeler.quality.refusals import Refusal
from labeler.said import Said, say
from labeler.work import assignments
from labeler.work.opt_ins import OptIn
from labeler.work.projects import Project

NAME = "Erased person"
NOT_YET = say("This cannot be done yet.")
UNPAID = tuple(kind for kind in EARNED if kind is not AccountKind.paid)
OWED = say(
    "%(amount)s in %(project)s is not paid out yet. It is paid first: say where to under How you "
    "are paid, and ask the project's owner when the next pay run is."
)
WEEK = say("This week's time in %(project)s is settled when the week is over. Ask again after it.")
OBJECTED = say("An objection waits for its answer. You are told under My rights.")
REFUSED = say("Whether some work is paid is being decided. You can appeal under My rights.")
ONLY_OWNER = say("Nobody else owns %(project)s: make somebody else an owner first.")
ONLY_ADMIN = say("Nobody else administers this site: make somebody else an administrator first.")


def hindrances(session: Session, person: Person) -> list[Said]:
    """Say what keeps a person from being erased now, and what to do about each."""
    return [*_owed(session, person), *_undecided(session, person), *_duties(session, person)]


def erase(
    session: Session, person: Person, *, reason: str = "", years: int = YEARS, by: Person
) -> None:
    """Forget a person, at their own wish; `reason` says how an administrator heard of it.

    Raises Forbidden for anybody else, Invalid without that reason, Conflict while something
    hinders it. Again, it changes nothing.
    """
    require_person(by)
    _require_allowed(person, reason, by)
    _take_turn(session, person)
    if person.erased_at is not None:
        return
    # First what could still earn something, so that nothing is earned behind the look at it.
    assignments.release_all(session, person)
    if found := hindrances(session, person):
        raise Conflict(NOT_YET, fields={str(n): words for n, words in enumerate(found, start=1)})
    for project_id in session.scalars(_projects(person)).all():
        memberships.remove(session, project_id, person, by=by)
    forget(session, person, at=clock.now(), years=years)
    why: dict[str, Any] = {} if by.id == person.id else {"reason": reason.strip()}
    events.record(session, "person.erased", person_id=by.id, subject=person.id, **why)


def forget(session: Session, person: Person, *, at: datetime, years: int = YEARS) -> None:
    """Destroy what tells who a person is, whatever else is open; `at` is when it was first done.

    Whoever was paid is kept apart, for so many whole years.
    """
    assignments.release_all(session, person)
    identities.keep(session, person, years=years)
    for owned in (SignIn, SignInLink, Token, Limit, OptIn):
        session.execute(sa.delete(owned).where(owned.person_id == person.id))
    session.execute(
        sa.update(Person)
        .where(Person.id == person.id)
        .values(
            # An address that no mail reaches (RFC 2606), and that nobody can have taken before.
            email=f"{secrets.new()[:24].lower()}@erased.invalid",
            name=NAME,
            password_hash=None,
            is_admin=False,
            failures=0,
            failed_at=None,
            language=None,
            closed_at=at,
            erased_at=at,
            pseudonym_key=None,
        )
    )
    session.execute(
        sa.update(Membership)
        .where(Membership.person_id == person.id)
        .values(cohorts=[], removed_at=sa.func.coalesce(Membership.removed_at, at))
    )
    forum.forget(session, person, at=at)
    forgetting.forget(session, person, at=at)
    empty_destinations(session, person.id, Destination.id.not_in(_paid_to(person.id)))


def empty_destinations(session: Session, person_id: int, *which: sa.ColumnElement[bool]) -> None:
    """Empty where somebody who was erased had wanted to be paid."""
    theirs = sa.update(Destination).where(Destination.person_id == person_id, *which)
    session.execute(theirs.values(content={}).execution_options(synchronize_session=False))


def _require_allowed(person: Person, reason: str, by: Person) -> None:
    if by.id == person.id:
        return
    if not by.is_admin:
        raise Forbidden("Only they themselves or an administrator can do this.")
    if not reason.strip():
        fault = say("Say how they asked for it: it is put on record.")
        raise Invalid("Please give a reason.", fields={"reason": fault})


def _take_turn(session: Session, person: Person) -> None:
    """Wait until nobody else erases this person, or an administrator; hold others off."""
    # Locked in one order, so that of two administrators who go at once the second one sees it.
    # This kind of lock lets everybody else refer to them.
    is_one = sa.and_(Person.is_admin, Person.closed_at.is_(None))
    session.scalars(
        sa.select(Person)
        .where(sa.or_(Person.id == person.id, is_one))
        .order_by(Person.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).all()


def _owed(session: Session, person: Person) -> Iterator[Said]:
    rows = session.execute(
        sa.select(Project.title, Account.currency, sa.func.sum(Account.balance_minor))
        .join(Project, Project.id == Account.project_id)
        .where(Account.person_id == person.id, Account.kind.in_(UNPAID), Account.balance_minor > 0)
        .group_by(Project.id, Account.currency)
        .order_by(Project.id, Account.currency)
    )
    for title, currency, minor in rows:
        yield say(OWED, amount=money.text(int(minor), currency), project=title)
    for project_id, title in session.execute(_projects(person)).all():
        week = weeks.so_far(session, project_id, person.id)
        if week is not None and any(
            line.amount_minor for line in week[1].lines if line.kind in weeks.BOOKED
        ):
            yield say(WEEK, project=title)


def _undecided(session: Session, person: Person) -> Iterator[Said]:
    objected = sa.exists().where(Dispute.person_id == person.id, Dispute.answered_at.is_(None))
    if session.scalar(sa.select(objected)):
        yield OBJECTED
    refused = sa.exists().where(Refusal.person_id == person.id, Refusal.state.in_(refusals.OPEN))
    if session.scalar(sa.select(refused)):
        yield REFUSED


def _duties(session: Session, person: Person) -> Iterator[Said]:
    other = aliased(Membership)
    others = sa.exists().where(
        other.project_id == Membership.project_id,
        other.person_id != person.id,
        other.role == Role.owner,
        other.removed_at.is_(None),
    )
    alone = _projects(person).where(Membership.role == Role.owner, ~others)
    for _project_id, title in session.execute(alone):
        yield say(ONLY_OWNER, project=title)
    rest = sa.exists().where(Person.is_admin, Person.closed_at.is_(None), Person.id != person.id)
    if person.is_admin and not session.scalar(sa.select(rest)):
        yield ONLY_ADMIN


def _projects(person: Person) -> sa.Select[int, str]:
    """Return the projects in which the person has a part, with their titles."""
    return (
        sa.select(Project.id, Project.title)
        .join(Membership, Membership.project_id == Project.id)
        .where(Membership.person_id == person.id, Membership.removed_at.is_(None))
        .order_by(Project.id)
    )


def _paid_to(person_id: int) -> sa.Select[int | None]:
    """Return where payouts of the person went or were to go: vouchers, which accounts need."""
    return sa.select(Payout.destination_id).where(
        Payout.person_id == person_id, Payout.destination_id.is_not(None)
    )
