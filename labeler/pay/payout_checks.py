"""Payouts held against the ledger: what their state says must be what their money did."""

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from labeler.pay.ledger import Transfer, TransferKind
from labeler.pay.payouts import Payout, PayoutState
from labeler.pay.runs import PayRun, RunState

FLIES = (PayoutState.prepared, PayoutState.sent, PayoutState.unknown)
_ENDS = {PayoutState.confirmed: TransferKind.paid, PayoutState.failed: TransferKind.failure}


def faults(session: Session) -> Iterator[str]:
    """Yield every payout whose transfers are not those of its state, by its number."""
    began, paid, failed = (aliased(Transfer) for _ in range(3))
    query = sa.select(Payout.id).join(PayRun, PayRun.id == Payout.run_id)
    kinds = {TransferKind.payout: began, TransferKind.paid: paid, TransferKind.failure: failed}
    for kind, moved in kinds.items():
        key = sa.literal(f"{kind.value}:") + sa.cast(Payout.id, sa.Text())
        query = query.outerjoin(moved, moved.key == key)
    has_begun = sa.or_(
        sa.and_(Payout.state.in_(FLIES), PayRun.state.not_in((RunState.draft, RunState.dropped))),
        Payout.state.in_(_ENDS),
    )
    unlike = sa.or_(
        began.id.is_not(None) != has_begun,
        began.amount_minor != Payout.amount_minor,
        *(kinds[kind].id.is_not(None) != (Payout.state == state) for state, kind in _ENDS.items()),
        *(kinds[kind].amount_minor != Payout.amount_minor for kind in _ENDS.values()),
    )
    for number in session.scalars(query.where(unlike).order_by(Payout.id)):
        yield f"payout {number} is not where its money is"
    yield from _lost(session)


def _lost(session: Session) -> Iterator[str]:
    """Yield every transfer of the kind that no payout explains."""
    number = sa.literal("payout:") + sa.cast(Payout.id, sa.Text())
    rows = session.scalars(
        sa.select(Transfer.id)
        .outerjoin(Payout, Transfer.key == number)
        .where(Transfer.kind == TransferKind.payout, Payout.id.is_(None))
        .order_by(Transfer.id)
    )
    for transfer_id in rows:
        yield f"transfer {transfer_id} is of no payout"
