"""Payouts: what one person is sent in one pay run, and what became of it.

A payout moves once from state to state, by an UPDATE that repeats the state it was in, and the
money moves in the same transaction under a key of the payout's own: what is done again, by a
click, a file or a program that was stopped, finds it done.
"""

import enum
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from labeler import clock, events
from labeler.errors import Conflict, Invalid, NotFound
from labeler.pay import accounts, destinations, dues, ledger
from labeler.pay.accounts import Account, AccountKind, Place
from labeler.pay.destinations import Destination
from labeler.pay.ledger import TransferKind
from labeler.pay.rails import making
from labeler.pay.rails.making import Rail
from labeler.pay.rails.rows import PayoutRow
from labeler.people.accounts import Person
from labeler.said import say
from labeler.schema import Base, BigInt, Id, changed, reference
from labeler.text import lines

LONGEST_NOTE = 500
AT_ONCE = 500
"""Payouts that one statement names."""


class PayoutState(enum.Enum):
    """What became of a payout."""

    prepared = "prepared"
    """In the run; the money is in flight once the run is approved."""
    left = "left"
    """Held when the run was approved: the money stays where it is, for a later run."""
    sent = "sent"
    """The file is with the bank or the service."""
    confirmed = "confirmed"
    """Paid."""
    failed = "failed"
    """Not paid; the money is the person's to be paid again."""
    unknown = "unknown"
    """Nobody knows. It is asked about, and never sent again; the money stays in flight."""


class Held(enum.Enum):
    """Why a payout is not made."""

    no_destination = "no_destination"
    """The person has not said where to."""
    other_rail = "other_rail"
    """They said so, but this way of paying does not lead there."""
    changed = "changed"
    """Where to changed less than a week ago; held until somebody has looked at it."""
    below_step = "below_step"
    """Less than the least amount that can be sent; it is carried to the next run."""
    full = "full"
    """The file takes no more."""
    balance = "balance"
    """Less was there than when the run was drafted."""


MOVES: Mapping[PayoutState, frozenset[PayoutState]] = MappingProxyType(
    {
        PayoutState.prepared: frozenset({PayoutState.left, PayoutState.sent}),
        PayoutState.sent: frozenset(
            {PayoutState.confirmed, PayoutState.failed, PayoutState.unknown}
        ),
        PayoutState.unknown: frozenset({PayoutState.confirmed, PayoutState.failed}),
    }
)
"""The moves allowed; every other state is an end."""
OUTCOMES = (PayoutState.confirmed, PayoutState.failed, PayoutState.unknown)
OPEN = (PayoutState.prepared, PayoutState.sent, PayoutState.unknown)


_WAYS = MappingProxyType(
    {
        TransferKind.payout: (AccountKind.earned_approved, AccountKind.payout_in_flight),
        TransferKind.paid: (AccountKind.payout_in_flight, AccountKind.paid),
        TransferKind.failure: (AccountKind.payout_in_flight, AccountKind.earned_approved),
    }
)
_SETTLES = MappingProxyType(
    {PayoutState.confirmed: TransferKind.paid, PayoutState.failed: TransferKind.failure}
)


class Payout(Base):
    """An amount for a person in a run, to the place that they had named when it was drafted."""

    __tablename__ = "payouts"
    __table_args__ = (
        sa.UniqueConstraint("run_id", "person_id"),
        sa.CheckConstraint("amount_minor >= 0", name="amount"),
    )

    id: Mapped[Id]
    run_id: Mapped[int] = reference("pay_runs.id")
    project_id: Mapped[int] = reference("projects.id")
    person_id: Mapped[int] = reference("people.id", index=True)
    destination_id: Mapped[int | None] = reference("destinations.id")
    currency: Mapped[str]
    amount_minor: Mapped[BigInt]
    """What is sent."""
    carried_minor: Mapped[BigInt]
    """What stays for the next run because it is less than can be sent."""
    disputed_minor: Mapped[BigInt]
    """What else is kept for the person until a dispute is decided, when the run was drafted."""
    state: Mapped[PayoutState] = mapped_column(default=PayoutState.prepared)
    held: Mapped[Held | None]
    released_by: Mapped[int | None] = reference("people.id")
    released_at: Mapped[datetime | None]
    released_reason: Mapped[str | None]
    settled_at: Mapped[datetime | None]
    note: Mapped[str | None]
    """What whoever pays was told by the bank or the service."""

    @property
    def reference(self) -> str:
        """What the file and its results call this payout, for ever."""
        return f"{REFERENCE}{self.id:09d}"

    @property
    def is_payable(self) -> bool:
        """Whether it is made when the run is approved."""
        return self.held is None or self.released_at is not None


REFERENCE = "PAY"


def collect(
    session: Session, project_id: int, run_id: int, rail: Rail, currency: str
) -> list[Payout]:
    """Add a payout for everybody who is to be paid, those that cannot be made with the reason."""
    owed = dues.by_person(session, project_id, currency)
    step = making.step(rail, currency)
    shares = making.split({person: each.approved_minor for person, each in owed.items()}, step)
    places = destinations.newest(session, owed, currency)
    made, room = [], making.MOST[rail]
    for person_id, share in shares.items():
        held = _held(rail, places.get(person_id), share.payable, room=room)
        room -= held is None
        place = places.get(person_id)
        made.append(
            Payout(
                run_id=run_id,
                project_id=project_id,
                person_id=person_id,
                destination_id=place.id if place else None,
                currency=currency,
                amount_minor=share.payable,
                carried_minor=share.carried,
                disputed_minor=owed[person_id].disputed_minor,
                state=PayoutState.prepared,
                held=held,
            )
        )
    session.add_all(made)
    session.flush()
    return made


def _held(rail: Rail, place: Destination | None, payable: int, *, room: int) -> Held | None:
    if payable == 0:
        return Held.below_step
    if place is None:
        return Held.no_destination
    if not making.takes(rail, place.details):
        return Held.other_rail
    if not destinations.is_settled(place, clock.now()):
        return Held.changed
    return Held.full if room <= 0 else None


def of_run(
    session: Session, run_id: int, *, after: int = 0, limit: int | None = None
) -> list[Payout]:
    """Return the payouts of a run in order, those after one of them if it is given."""
    found = sa.select(Payout).where(Payout.run_id == run_id, Payout.id > after)
    found = found.order_by(Payout.id).limit(limit).execution_options(populate_existing=True)
    return list(session.scalars(found))


def find(session: Session, run_id: int, payout_id: int) -> Payout:
    """Return a payout of the run; raises NotFound."""
    found = session.scalar(sa.select(Payout).where(Payout.run_id == run_id, Payout.id == payout_id))
    if found is None:
        raise NotFound("There is no such payout in this run.")
    return found


def release(session: Session, payout: Payout, reason: str, *, by: Person) -> None:
    """Let a payout be made although the person's details changed lately.

    Somebody has looked at it and says why; nothing if it is released already. Raises Invalid,
    Conflict.
    """
    reason = reason.strip()
    if not 0 < len(reason) <= LONGEST_NOTE or not lines.fits(reason):
        fault = say(
            "Say how you know, on one line of %(most)s characters at most.", most=LONGEST_NOTE
        )
        raise Invalid("Please say how you know.", fields={"reason": fault})
    done = changed(
        session,
        sa.update(Payout)
        .where(
            Payout.id == payout.id,
            Payout.state == PayoutState.prepared,
            Payout.held == Held.changed,
            Payout.released_at.is_(None),
        )
        .values(released_by=by.id, released_at=clock.now(), released_reason=reason),
    )
    session.refresh(payout)
    if not done:
        if payout.released_at is not None:
            return
        raise Conflict("Only a payout that waits because its details changed can be let go.")
    _tell(session, "payout.released", payout, by, reason=reason)


def put_in_flight(session: Session, each: Sequence[Payout], *, by: Person) -> int:
    """Put the money of those payouts of one run in flight that can be made; return how many.

    Every account is locked before it is looked at, so that of two runs of the same people the
    second one sees what the first has left. What cannot be made is left, with the reason.
    """
    if not each:
        return 0
    places = destinations.newest(session, [p.person_id for p in each], each[0].currency)
    balances = _locked(session, each)
    begun = 0
    for payout in each:
        place = places.get(payout.person_id)
        held = None if payout.is_payable else payout.held
        if held is None and (place is None or place.id != payout.destination_id):
            held = Held.changed
        if held is None and balances.get(payout.person_id, 0) < payout.amount_minor:
            held = Held.balance
        if held is not None:
            _leave(session, payout, held)
            continue
        _pay(session, payout, TransferKind.payout, by=by)
        begun += 1
    session.expire_all()
    return begun


def _locked(session: Session, each: Sequence[Payout]) -> dict[int, int]:
    """Return what people have approved, by person, and keep it so until the transaction ends.

    The accounts are locked in the order in which money that moves between them locks them.
    """
    project_id, currency = each[0].project_id, each[0].currency
    for payout in each:
        if payout.is_payable:
            flying = Place(AccountKind.payout_in_flight, payout.person_id)
            accounts.require(session, project_id, flying, currency)
    locked = session.execute(
        sa.select(Account.kind, Account.person_id, Account.balance_minor)
        .where(
            Account.project_id == project_id,
            Account.currency == currency,
            Account.kind.in_((AccountKind.earned_approved, AccountKind.payout_in_flight)),
            Account.person_id.in_([payout.person_id for payout in each]),
        )
        .order_by(Account.id)
        .with_for_update()
    )
    return {
        row.person_id: row.balance_minor
        for row in locked
        if row.kind is AccountKind.earned_approved
    }


def _leave(session: Session, payout: Payout, held: Held) -> None:
    session.execute(
        sa.update(Payout)
        .where(Payout.id == payout.id, Payout.state == PayoutState.prepared)
        .values(state=PayoutState.left, held=held)
    )


def settle(
    session: Session, each: Sequence[Payout], outcome: PayoutState, note: str = "", *, by: Person
) -> list[Payout]:
    """Say what became of payouts of one run that were sent; return those of which it was news.

    Confirmed pays them, failed gives the money back to be paid again, unknown keeps it in flight.
    Raises Conflict where something else was said for good, or one was not sent.
    """
    assert outcome in OUTCOMES
    news = [payout for payout in each if payout.state is not outcome]
    for payout in news:
        if outcome not in MOVES.get(payout.state, ()):
            raise Conflict(refusal_of(payout))
    before = [state for state, after in MOVES.items() if outcome in after]
    said = {"settled_at": clock.now(), "note": lines.fitted(note[:LONGEST_NOTE]) or None}
    for some in batched(news, AT_ONCE):
        done = changed(
            session,
            sa.update(Payout)
            .where(Payout.id.in_([payout.id for payout in some]), Payout.state.in_(before))
            .values(state=outcome, **said),
        )
        if done < len(some):
            raise Conflict("Somebody else has settled some of these at the same moment.")
    if outcome in _SETTLES:
        for payout in news:
            _pay(session, payout, _SETTLES[outcome], by=by)
    return news


def batched(each: Sequence[Payout], size: int) -> Iterator[Sequence[Payout]]:
    """Part payouts into as many as one statement takes."""
    return (each[begin : begin + size] for begin in range(0, len(each), size))


def _pay(session: Session, payout: Payout, kind: TransferKind, *, by: Person) -> None:
    """Move the amount of a payout on, once for each kind."""
    giver, taker = _WAYS[kind]
    ledger.move(
        session,
        project_id=payout.project_id,
        currency=payout.currency,
        giver=Place(giver, payout.person_id),
        taker=Place(taker, payout.person_id),
        amount_minor=payout.amount_minor,
        kind=kind,
        source=str(payout.id),
        by=by,
    )


def refusal_of(payout: Payout) -> str:
    """Say why nothing more can be told of a payout."""
    if payout.state in (PayoutState.prepared, PayoutState.left):
        return say("%(reference)s was not sent.", reference=payout.reference)
    if payout.state is PayoutState.confirmed:
        return say("%(reference)s is confirmed already.", reference=payout.reference)
    return say(
        "%(reference)s failed already. What was paid after all is booked by hand.",
        reference=payout.reference,
    )


def row_of(payout: Payout, place: Destination) -> PayoutRow:
    """Return a payout as a file holds it."""
    details = place.details
    return PayoutRow(payout.reference, details.name, payout.amount_minor, payout.currency, details)


def _tell(session: Session, kind: str, payout: Payout, by: Person, **more: str) -> None:
    events.record(
        session,
        kind,
        person_id=by.id,
        project_id=payout.project_id,
        payout=payout.id,
        subject=payout.person_id,
        **more,
    )
