"""Corrections: what was booked wrong is put right by another transfer, and never by an edit.

To pay somebody more takes one person and a reason. To take back what was booked in error takes two,
neither of whom it is about: an administrator proposes it, somebody else agrees. Only what is due
can be taken back, never what is waiting, held, on its way or paid, and nobody goes below zero. The
person reads the proposal and its reason at once, and can contest it.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, aliased

from labeler import clock, events
from labeler.errors import Conflict, Forbidden, Invalid, NotFound
from labeler.pay import accounts, ledger, money
from labeler.pay.accounts import Account, AccountKind, Place
from labeler.pay.ledger import Transfer, TransferKind
from labeler.pay.money import LARGEST_MINOR
from labeler.people.accounts import Person, require_person
from labeler.said import say
from labeler.schema import Base, BigInt, Id, changed, reference

LATELY = timedelta(days=92)
"""For how long it is told beside one's earnings what was put right; statements tell it for ever."""
PUT_RIGHT = (
    *(TransferKind.bonus, TransferKind.correction, TransferKind.rounding, TransferKind.exchange),
)


class Correction(Base):
    """Somebody proposes to take back what was booked in error; another one agrees or drops it."""

    __tablename__ = "corrections"
    __table_args__ = (
        sa.CheckConstraint("amount_minor > 0", name="amount"),
        sa.Index("ix_corrections_project", "project_id", "decided_at"),
        sa.Index("ix_corrections_person", "person_id", "decided_at"),
    )

    id: Mapped[Id]
    project_id: Mapped[int] = reference("projects.id")
    person_id: Mapped[int] = reference("people.id")
    currency: Mapped[str]
    amount_minor: Mapped[BigInt]
    reason: Mapped[str]
    proposed_by: Mapped[int] = reference("people.id")
    proposed_at: Mapped[datetime]
    is_agreed: Mapped[bool | None]
    """None while nobody has decided."""
    decided_by: Mapped[int | None] = reference("people.id")
    decided_at: Mapped[datetime | None]


def give(
    session: Session,
    project_id: int,
    person: Person,
    currency: str,
    amount_minor: int,
    *,
    reason: str,
    source: str,
    by: Person,
) -> Transfer:
    """Pay somebody more, since something was booked wrong; it is due after the usual window.

    `source` names the act, so that it happens once. Raises Forbidden about oneself, Invalid, and
    Conflict as `ledger.move`.
    """
    require_person(by)
    _require_other(person.id, by)
    money.exponent(currency)
    given = ledger.move(
        session,
        project_id=project_id,
        currency=currency,
        giver=Place(AccountKind.adjustment),
        taker=Place(AccountKind.earned_pending, person.id),
        amount_minor=_amount(amount_minor),
        kind=TransferKind.correction,
        source=source,
        by=by,
        reason=_reason(reason),
    )
    assert given is not None  # more than nothing moves
    return given


def propose(
    session: Session,
    project_id: int,
    person: Person,
    currency: str,
    amount_minor: int,
    *,
    reason: str,
    by: Person,
) -> Correction:
    """Propose to take back what was booked in error; the same again is the one that waits.

    Raises Forbidden to all but administrators and about oneself, Invalid, Conflict if less is due.
    """
    require_person(by)
    if not by.is_admin:
        raise Forbidden("Only administrators propose to take back what was booked.")
    _require_other(person.id, by)
    money.exponent(currency)
    why, amount_minor = _reason(reason), _amount(amount_minor)
    said = {"project_id": project_id, "person_id": person.id, "currency": currency}
    said |= {"amount_minor": amount_minor, "reason": why}
    waits = sa.select(Correction).filter_by(**said).where(Correction.decided_at.is_(None))
    if found := session.scalars(waits.limit(1)).first():
        return found
    due = Place(AccountKind.earned_approved, person.id)
    if accounts.locked(session, project_id, due, currency).balance_minor < amount_minor:
        raise Conflict("Less than that is due to them. What is paid or waits stays theirs.")
    made = Correction(proposed_by=by.id, proposed_at=clock.now(), **said)
    session.add(made)
    session.flush()
    _tell(session, "correction.proposed", made, by)
    return made


def agree(session: Session, correction: Correction, *, by: Person) -> None:
    """Take it back, as a second person; nothing if they did so already.

    Raises Forbidden to whoever proposed it and whom it is about, Conflict if somebody else has
    decided, or less is due by now.
    """
    require_person(by)
    require_two(correction.person_id, session.get_one(Person, correction.proposed_by), by)
    if not _decide(session, correction, True, by):
        return
    ledger.move(
        session,
        project_id=correction.project_id,
        currency=correction.currency,
        giver=Place(AccountKind.earned_approved, correction.person_id),
        taker=Place(AccountKind.adjustment),
        amount_minor=correction.amount_minor,
        kind=TransferKind.correction,
        source=_source(correction.id),
        by=by,
        reason=correction.reason,
    )
    _tell(session, "correction.agreed", correction, by)


def drop(session: Session, correction: Correction, *, by: Person) -> None:
    """Give the proposal up: nothing moves. Nothing if they did so already; raises Conflict."""
    require_person(by)
    _require_other(correction.person_id, by)
    if _decide(session, correction, False, by):
        _tell(session, "correction.dropped", correction, by)


def find(session: Session, project_id: int, number: int) -> Correction:
    """Return a proposal of a project; raises NotFound."""
    found = session.get(Correction, number)
    if found is None or found.project_id != project_id:
        raise NotFound("There is no such correction.")
    return found


def waiting(session: Session, project_id: int) -> Sequence[Correction]:
    """Return what nobody has decided yet in a project, the oldest first."""
    here = Correction.project_id == project_id, Correction.decided_at.is_(None)
    return session.scalars(sa.select(Correction).where(*here).order_by(Correction.id)).all()


def proposed_to(session: Session, person_id: int) -> Sequence[Correction]:
    """Return what is proposed to be taken from a person, the oldest first."""
    theirs = Correction.person_id == person_id, Correction.decided_at.is_(None)
    return session.scalars(sa.select(Correction).where(*theirs).order_by(Correction.id)).all()


def of_person(session: Session, person_id: int) -> Sequence[tuple[Transfer, bool]]:
    """Return what was put right for a person lately, newest first, and whether it gave more."""
    theirs = Account.person_id == person_id
    mine = sa.select(Account.id).where(theirs)
    # What left is found where it came in: there is an index on that side alone.
    projects = sa.select(Account.project_id).where(theirs)
    back = sa.select(Account.id).where(
        Account.person_id.is_(None),
        Account.kind.in_((AccountKind.adjustment, AccountKind.fx_clearing)),
        Account.project_id.in_(projects),
    )
    gave = Transfer.to_account_id.in_(mine)
    took = sa.and_(Transfer.to_account_id.in_(back), Transfer.from_account_id.in_(mine))
    rows = session.execute(
        sa.select(Transfer, gave)
        .where(sa.or_(gave, took), Transfer.kind.in_(PUT_RIGHT))
        .where(Transfer.at >= clock.now() - LATELY)
        .order_by(Transfer.id.desc())
    )
    return [(transfer, bool(given)) for transfer, given in rows]


def faults(session: Session) -> Iterator[str]:
    """Yield which corrections took something that two people did not agree to take."""
    giver = aliased(Account)
    key = sa.literal(f"{TransferKind.correction.value}:taken:") + sa.cast(Correction.id, sa.Text)
    agreed = sa.and_(
        Transfer.key == key,
        Correction.is_agreed.is_(True),
        Correction.decided_by != Correction.proposed_by,
        Correction.person_id == giver.person_id,
        Correction.amount_minor == Transfer.amount_minor,
        Correction.currency == Transfer.currency,
    )
    rows = sa.select(Transfer.id).join(giver, giver.id == Transfer.from_account_id)
    taken = rows.where(Transfer.kind == TransferKind.correction, giver.person_id.is_not(None))
    alone = taken.where(~sa.exists().where(agreed)).order_by(Transfer.id)
    for transfer_id in session.scalars(alone):
        yield f"transfer {transfer_id} takes back what two people did not agree to take back"


def _source(correction_id: int) -> str:
    return f"taken:{correction_id}"


def _decide(session: Session, correction: Correction, is_agreed: bool, by: Person) -> bool:
    """Decide once; False if this person has decided the same. Raises Conflict otherwise."""
    decided = changed(
        session,
        sa.update(Correction)
        .where(Correction.id == correction.id, Correction.decided_at.is_(None))
        .values(is_agreed=is_agreed, decided_by=by.id, decided_at=clock.now()),
    )
    session.refresh(correction)
    if decided:
        return True
    if (correction.is_agreed, correction.decided_by) != (is_agreed, by.id):
        raise Conflict("Somebody else has decided this already.")
    return False


def require_two(person_id: int, proposer: Person, by: Person) -> None:
    """Raise Forbidden unless two people act, and about neither of themselves."""
    for each in (proposer, by):
        require_person(each)
        _require_other(person_id, each)
    if proposer.id == by.id:
        raise Forbidden("Whoever proposed it cannot agree to it: please ask somebody else.")


def _require_other(person_id: int, by: Person) -> None:
    if person_id == by.id:
        raise Forbidden("This is about your own pay, so somebody else decides.")


def _amount(amount_minor: int) -> int:
    if not 0 < amount_minor <= LARGEST_MINOR:
        raise Invalid("Please give an amount.", fields={"amount": say("Give an amount.")})
    return amount_minor


def _reason(reason: str) -> str:
    if not reason.strip():
        raise Invalid("Please say why.", fields={"reason": say("A reason is needed.")})
    return reason.strip()


def _tell(session: Session, kind: str, correction: Correction, by: Person) -> None:
    events.record(
        session,
        kind,
        person_id=by.id,
        project_id=correction.project_id,
        subject=correction.person_id,
        correction=correction.id,
    )
