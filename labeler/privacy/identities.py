"""Kept identities: who a number was, apart from everything else, for as long as pay law asks.

There is one for everybody who was paid and then erased. No page shows them; an administrator reads
one by a command, which leaves an event behind. When its time is over it is deleted.
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from labeler import clock, events
from labeler.errors import Forbidden, Invalid, NotFound
from labeler.pay.accounts import Account
from labeler.pay.ledger import Transfer
from labeler.people.accounts import Person
from labeler.said import say
from labeler.schema import Base, Id, reference

YEARS = 10
"""Accounting records: L123-22 of the French Code de commerce, read in a public copy."""
REASON = "What was paid to them has to stay provable for as long as accounts are kept."


class KeptIdentity(Base):
    """Who somebody was who has been erased, and until when that is kept."""

    __tablename__ = "kept_identities"

    id: Mapped[Id]
    person_id: Mapped[int] = reference("people.id", unique=True)
    name: Mapped[str]
    reason: Mapped[str] = mapped_column(default=REASON)
    kept_at: Mapped[datetime]
    until: Mapped[datetime]


def keep(session: Session, person: Person, *, years: int = YEARS) -> KeptIdentity | None:
    """Keep who a person is if they were ever paid: whole years after the last of it; else None."""
    last = last_paid_at(session, person.id)
    if last is None:
        return None
    until = datetime(last.year + years + 1, 1, 1, tzinfo=UTC)
    kept = KeptIdentity(person_id=person.id, name=person.name, kept_at=clock.now(), until=until)
    session.add(kept)
    session.flush()
    return kept


def last_paid_at(session: Session, person_id: int) -> datetime | None:
    """Return when money of the person last moved, if any ever did."""
    mine = sa.select(Account.id).where(Account.person_id == person_id)
    newest = sa.select(sa.func.max(Transfer.at))
    found = [
        session.scalar(newest.where(side.in_(mine)))
        for side in (Transfer.to_account_id, Transfer.from_account_id)
    ]
    return max((moment for moment in found if moment is not None), default=None)


def read(session: Session, person_id: int, reason: str, *, by: Person) -> KeptIdentity:
    """Read who a number was, for a reason that is put on record.

    Raises Forbidden for whoever is no administrator, Invalid without a reason, NotFound.
    """
    if not by.is_admin:
        raise Forbidden("Only an administrator reads who somebody was.")
    if not reason.strip():
        raise Invalid("Please give a reason.", fields={"reason": say("It is put on record.")})
    found = session.scalar(sa.select(KeptIdentity).where(KeptIdentity.person_id == person_id))
    if found is None:
        raise NotFound("Nobody of this number is kept.")
    events.record(
        session, "identity.read", person_id=by.id, subject=person_id, reason=reason.strip()
    )
    return found
