"""Reconciliation: what the ledger says, held against what people did, check by check.

Each check is one statement that returns only what is wrong. What is found is named by the numbers
of its rows, never by people.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from labeler import clock
from labeler.pay import corrections, exchanges, payout_checks, seals
from labeler.pay.accounts import EARNED, Account, AccountKind
from labeler.pay.ledger import EARNINGS, Transfer, TransferKind
from labeler.work.assignments import Assignment
from labeler.work.judgments import Judgment

IN_FLIGHT = timedelta(days=10)
"""How long money may be on its way before somebody should ask where it is."""
NEXT = {
    TransferKind.hold: (AccountKind.earned_pending, AccountKind.held),
    TransferKind.release: (AccountKind.held, AccountKind.earned_pending),
    TransferKind.approval: (AccountKind.earned_pending, AccountKind.earned_approved),
    TransferKind.payout: (AccountKind.earned_approved, AccountKind.payout_in_flight),
    TransferKind.paid: (AccountKind.payout_in_flight, AccountKind.paid),
    TransferKind.failure: (AccountKind.payout_in_flight, AccountKind.earned_approved),
}
"""Between which accounts of one person money of a kind moves."""
PENDING, DUE = AccountKind.earned_pending, AccountKind.earned_approved
GIVING = {
    **dict.fromkeys(EARNINGS, (AccountKind.project_cost, (PENDING, DUE))),
    TransferKind.correction: (AccountKind.adjustment, (PENDING,)),
    TransferKind.rounding: (AccountKind.rounding, (DUE,)),
    TransferKind.exchange: (AccountKind.fx_clearing, (DUE,)),
}
"""From which account of a project money of a kind comes, and to which of a person's."""
TAKING = {
    TransferKind.refusal: ((PENDING, AccountKind.held), AccountKind.project_cost),
    TransferKind.correction: ((DUE,), AccountKind.adjustment),
    TransferKind.exchange: ((DUE,), AccountKind.fx_clearing),
}
"""From which accounts of a person money of a kind goes, and to which of the project's."""
UNDOING = (TransferKind.hold, TransferKind.refusal)


def faults(session: Session) -> Iterator[str]:
    """Yield a sentence for everything that does not add up, check by check."""
    for _, check in CHECKS:
        yield from check(session)


def _unlike_accounts(session: Session) -> Iterator[str]:
    giver, taker = aliased(Account), aliased(Account)
    rows = session.execute(
        sa.select(Transfer.id)
        .outerjoin(giver, giver.id == Transfer.from_account_id)
        .outerjoin(taker, taker.id == Transfer.to_account_id)
        .where(
            sa.or_(
                giver.currency.is_distinct_from(Transfer.currency),
                taker.currency.is_distinct_from(Transfer.currency),
                giver.project_id.is_distinct_from(Transfer.project_id),
                taker.project_id.is_distinct_from(Transfer.project_id),
                Transfer.from_account_id == Transfer.to_account_id,
                Transfer.amount_minor <= 0,
            )
        )
        .order_by(Transfer.id)
    )
    for (transfer_id,) in rows:
        yield f"transfer {transfer_id} does not fit its accounts"


def _wrong_balances(session: Session) -> Iterator[str]:
    total = _coming(Transfer.to_account_id) - _coming(Transfer.from_account_id)
    kept = sa.case((Account.person_id.is_(None), 0), else_=total)
    rows = session.execute(
        sa.select(Account.id, Account.balance_minor, kept)
        .where(Account.balance_minor != kept)
        .order_by(Account.id)
    )
    for account_id, balance, found in rows:
        yield f"account {account_id} says {balance} and its transfers add up to {found}"


def _coming(side: Any) -> Any:
    added = sa.select(sa.func.coalesce(sa.func.sum(Transfer.amount_minor), 0))
    return added.where(side == Account.id).correlate(Account).scalar_subquery()


def _earned_unequally(session: Session) -> Iterator[str]:
    times = sa.func.count(Transfer.id)
    promised = sa.case((Assignment.pay_minor > 0, 1), else_=0)
    rows = session.execute(
        sa.select(Judgment.id, times, promised)
        .join(Assignment, Assignment.id == Judgment.assignment_id)
        .outerjoin(Transfer, Transfer.judgment_id == Judgment.id)
        .where(Judgment.version == 1)
        .group_by(Judgment.id, Assignment.pay_minor)
        .having(times != promised)
        .order_by(Judgment.id)
    )
    for judgment_id, found, wanted in rows:
        yield f"judgment {judgment_id} earned {found} times instead of {wanted}"


def _earned_wrongly(session: Session) -> Iterator[str]:
    as_promised = sa.and_(
        Transfer.amount_minor == Assignment.pay_minor,
        Transfer.currency == Assignment.currency,
        Transfer.project_id == Judgment.project_id,
        Transfer.kind == TransferKind.judgment,
        Account.kind == AccountKind.earned_pending,
        Account.person_id == Judgment.person_id,
    )
    rows = session.execute(
        sa.select(Transfer.id, Judgment.id)
        .join(Judgment, Judgment.id == Transfer.judgment_id)
        .join(Assignment, Assignment.id == Judgment.assignment_id)
        .join(Account, Account.id == Transfer.to_account_id)
        .where(sa.func.coalesce(as_promised, False).is_not(True))
        .order_by(Transfer.id)
    )
    for transfer_id, judgment_id in rows:
        yield f"transfer {transfer_id} does not pay judgment {judgment_id} what was promised"


def _earned_for_nothing(session: Session) -> Iterator[str]:
    first = sa.and_(Judgment.id == Transfer.judgment_id, Judgment.version == 1)
    for transfer_id in session.scalars(
        sa.select(Transfer.id)
        .outerjoin(Judgment, first)
        .where(Transfer.kind == TransferKind.judgment, Judgment.id.is_(None))
        .order_by(Transfer.id)
    ):
        yield f"transfer {transfer_id} pays for no judgment"


def _misdirected(session: Session) -> Iterator[str]:
    giver, taker = aliased(Account), aliased(Account)
    same = giver.person_id == taker.person_id
    allowed: list[sa.ColumnElement[bool]] = [
        (Transfer.kind == kind) & (giver.kind == before) & (taker.kind == after) & same
        for kind, (before, after) in NEXT.items()
    ]
    projects_own, comes_back = giver.person_id.is_(None), taker.person_id.is_(None)
    for kind, (source, takers) in GIVING.items():
        ways = giver.kind == source, taker.kind.in_(takers)
        allowed.append(sa.and_(Transfer.kind == kind, projects_own, *ways))
    for kind, (givers, target) in TAKING.items():
        back = giver.kind.in_(givers), taker.kind == target
        allowed.append(sa.and_(Transfer.kind == kind, comes_back, *back))
    for transfer_id in session.scalars(
        sa.select(Transfer.id)
        .join(giver, giver.id == Transfer.from_account_id)
        .join(taker, taker.id == Transfer.to_account_id)
        .where(sa.not_(sa.func.coalesce(sa.or_(*allowed), False)))
        .order_by(Transfer.id)
    ):
        yield f"transfer {transfer_id} goes where money of its kind does not go"


def _undone_twice(session: Session) -> Iterator[str]:
    """Of what one transfer gave, no more is held or refused than it was."""
    undone = aliased(Transfer)
    sign = sa.case(
        (undone.kind.in_(UNDOING), undone.amount_minor),
        (undone.kind == TransferKind.release, -undone.amount_minor),
        else_=0,
    )
    # What was held and is then refused goes from the held account: it is undone once.
    held = aliased(Account)
    sign = sa.case(
        (sa.and_(undone.kind == TransferKind.refusal, held.kind == AccountKind.held), 0),
        else_=sign,
    )
    rows = session.execute(
        sa.select(Transfer.id, Transfer.amount_minor, sa.func.sum(sign))
        .join(undone, undone.about_id == Transfer.id)
        .join(held, held.id == undone.from_account_id)
        .group_by(Transfer.id, Transfer.amount_minor)
        .having(
            sa.or_(sa.func.sum(sign) > Transfer.amount_minor, sa.func.sum(sign) < 0),
        )
        .order_by(Transfer.id)
    )
    for transfer_id, amount, total in rows:
        yield f"of transfer {transfer_id}, which gave {amount}, {total} are undone"
    loose = sa.select(Transfer.id).where(
        Transfer.kind.in_((*UNDOING, TransferKind.release)) != Transfer.about_id.is_not(None)
    )
    for transfer_id in session.scalars(loose.order_by(Transfer.id)):
        yield f"transfer {transfer_id} undoes nothing, or undoes what it may not"


def _left_lying(session: Session) -> Iterator[str]:
    """Money on its way arrives or comes back."""
    since = clock.now() - IN_FLIGHT
    moved = sa.select(sa.func.max(Transfer.at)).where(Transfer.to_account_id == Account.id)
    for account_id in session.scalars(
        sa.select(Account.id)
        .where(Account.kind == AccountKind.payout_in_flight, Account.balance_minor > 0)
        .where(moved.correlate(Account).scalar_subquery() < since)
        .order_by(Account.id)
    ):
        yield f"money of account {account_id} is on its way for more than {IN_FLIGHT.days} days"


def _broken_seals(session: Session) -> Iterator[str]:
    for number in seals.breaks(session):
        yield f"seal {number} does not fit the transfers that it was put on"


def _below_zero(session: Session) -> Iterator[str]:
    rows = sa.select(Account.id).where(Account.person_id.is_not(None), Account.balance_minor < 0)
    for account_id in session.scalars(rows.order_by(Account.id)):
        yield f"account {account_id} of a person is below zero"


def _lost_on_the_way(session: Session) -> Iterator[str]:
    """What people have in all their accounts is what they were given less what was taken back."""
    giver, taker = aliased(Account), aliased(Account)
    given = sa.case((giver.person_id.is_(None), Transfer.amount_minor), else_=0)
    returned = sa.case((taker.person_id.is_(None), Transfer.amount_minor), else_=0)
    crossed = sa.or_(giver.person_id.is_(None), taker.person_id.is_(None))
    person = sa.func.coalesce(giver.person_id, taker.person_id)
    came = (
        sa.select(
            person.label("person_id"),
            Transfer.currency.label("currency"),
            sa.func.sum(given - returned).label("minor"),
        )
        .join(giver, giver.id == Transfer.from_account_id)
        .join(taker, taker.id == Transfer.to_account_id)
        .where(crossed, person.is_not(None))
        .group_by(person, Transfer.currency)
        .subquery()
    )
    has = (
        sa.select(
            Account.person_id, Account.currency, sa.func.sum(Account.balance_minor).label("n")
        )
        .where(Account.kind.in_(EARNED))
        .group_by(Account.person_id, Account.currency)
        .subquery()
    )
    both = sa.and_(has.c.person_id == came.c.person_id, has.c.currency == came.c.currency)
    rows = session.execute(
        sa.select(has.c.person_id, has.c.currency, has.c.n, sa.func.coalesce(came.c.minor, 0))
        .outerjoin(came, both)
        .where(has.c.n != sa.func.coalesce(came.c.minor, 0))
        .order_by(has.c.person_id, has.c.currency)
    )
    for person_id, currency, n, minor in rows:
        yield f"person {person_id} has {n} of {currency} and was given {minor}"


CHECKS: tuple[tuple[str, Callable[[Session], Iterator[str]]], ...] = (
    (
        "each transfer fits its two accounts, so that each currency adds up to nothing",
        _unlike_accounts,
    ),
    ("each balance is what its transfers add up to", _wrong_balances),
    ("each judgment earned once", _earned_unequally),
    ("each judgment earned what was promised", _earned_wrongly),
    ("nothing was earned for no judgment", _earned_for_nothing),
    ("money goes the way of its kind", _misdirected),
    ("nothing is held or refused twice", _undone_twice),
    ("nothing is left lying on its way", _left_lying),
    ("every seal fits its transfers", _broken_seals),
    ("nobody is below zero", _below_zero),
    ("two people took back what was booked in error", corrections.faults),
    ("what is changed is changed whole, at its rate", exchanges.faults),
    ("each payout is where its money is", payout_checks.faults),
    ("what people have is what they were given", _lost_on_the_way),
)
"""Every check with what it makes sure of."""
