"""Destinations: where a person wants to be paid, by currency. Appended; the newest one counts.

Only the person writes them. What they wrote shows again masked, to them and to the owners who run
pay; in full it leaves in payout files alone, and in no dataset.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from labeler import clock, events
from labeler.pay import details, money
from labeler.pay.details import Details
from labeler.people.accounts import Person
from labeler.schema import Base, Id, reference

SETTLES = timedelta(days=7)
"""How long changed details are held back until somebody looked at them."""


class Destination(Base):
    """Where a person is paid in one currency, from then on."""

    __tablename__ = "destinations"
    __table_args__ = (sa.UniqueConstraint("person_id", "currency", "number"),)

    id: Mapped[Id]
    person_id: Mapped[int] = reference("people.id")
    currency: Mapped[str]
    number: Mapped[int] = mapped_column()
    """From 1 on, of this person and currency: above 1 it replaced another."""
    kind: Mapped[str]
    """Of the details: bank, mobile, paypal, wise or other."""
    content: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]

    @property
    def details(self) -> Details:
        """The details as they were checked when they were written."""
        return details.stored(self.content)


def replace(
    session: Session, person: Person, currency: str, given: Mapping[str, Any]
) -> Destination:
    """Keep where the person wants to be paid in a currency, in place of what held before.

    Details that hold already are returned, unchanged. Raises Invalid naming every bad field.
    """
    money.exponent(currency)
    read = details.read(given)
    content = read.model_dump(mode="json")
    held = newest(session, [person.id], currency).get(person.id)
    if held is not None and held.content == content:
        return held
    made = Destination(
        person_id=person.id,
        currency=currency,
        number=held.number + 1 if held else 1,
        kind=read.kind,
        content=content,
        created_at=clock.now(),
    )
    session.add(made)
    session.flush()
    events.record(
        session,
        "destination.changed",
        person_id=person.id,
        subject=person.id,
        currency=currency,
        number=made.number,
        destination_kind=made.kind,
    )
    return made


def newest(session: Session, person_ids: Iterable[int], currency: str) -> dict[int, Destination]:
    """Return where people want to be paid in a currency, of those who said so."""
    last = (
        sa.select(Destination.person_id, sa.func.max(Destination.number).label("number"))
        .where(Destination.person_id.in_(set(person_ids)), Destination.currency == currency)
        .group_by(Destination.person_id)
        .subquery()
    )
    found = session.scalars(
        sa.select(Destination)
        .join(
            last,
            sa.and_(Destination.person_id == last.c.person_id, Destination.number == last.c.number),
        )
        .where(Destination.currency == currency)
    )
    return {each.person_id: each for each in found}


def history(session: Session, person: Person) -> dict[str, Sequence[Destination]]:
    """Return everything that the person ever wrote, by currency, newest first."""
    found = session.scalars(
        sa.select(Destination)
        .where(Destination.person_id == person.id)
        .order_by(Destination.currency, Destination.number.desc())
    )
    by_currency: dict[str, list[Destination]] = {}
    for each in found:
        by_currency.setdefault(each.currency, []).append(each)
    return dict(by_currency)


def by_id(session: Session, ids: Iterable[int]) -> dict[int, Destination]:
    """Return versions by their id."""
    found = session.scalars(sa.select(Destination).where(Destination.id.in_(set(ids))))
    return {each.id: each for each in found}


def is_settled(destination: Destination, now: datetime) -> bool:
    """Tell whether a payout to it needs no look: it replaced nothing, or did so long enough ago."""
    return destination.number == 1 or now - destination.created_at >= SETTLES
