"""Earnings: what becomes of what was earned, until it is due.

What is earned is pending for a while, in which a person may look at it, and then becomes due by
itself. No program takes anything back: to hold, to refuse and to correct are acts of a person.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from labeler import clock
from labeler.errors import Conflict, Invalid
from labeler.pay import accounts, ledger
from labeler.pay.accounts import Account, AccountKind, Place
from labeler.pay.ledger import EARNINGS, Transfer, TransferKind
from labeler.people.accounts import Person, require_person
from labeler.said import say

WINDOW = timedelta(hours=72)
"""How long what was earned is pending."""
DUE = say("This pay is due already, or paid. It stays with who earned it.")
_about, _undoing = aliased(Transfer), aliased(Transfer)


def give_bonus(
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
    """Give somebody more than was agreed; `source` names the act, so that it happens once."""
    if not reason.strip():
        raise Invalid("Please say why.", fields={"reason": say("A reason is needed.")})
    given = ledger.move(
        session,
        project_id=project_id,
        currency=currency,
        giver=Place(AccountKind.project_cost),
        taker=Place(AccountKind.earned_pending, person.id),
        amount_minor=amount_minor,
        kind=TransferKind.bonus,
        source=source,
        by=by,
        reason=reason.strip(),
    )
    if given is None:
        raise Invalid("A bonus of nothing is none.", fields={"amount": say("Give an amount.")})
    return given


def hold(session: Session, earned: Transfer, *, reason: str, by: Person) -> None:
    """Keep what was earned apart while it is disputed; raises Conflict if it is due already.

    Nothing is lost by it: it waits until somebody lets it go or refuses it.
    """
    require_person(by)
    # Whoever makes it due at this moment has the account first, or waits.
    _locked(session, earned.to_account_id)
    if is_due(earned):
        raise Conflict(DUE)
    pending, held = _own(session, earned, AccountKind.earned_pending, AccountKind.held)
    if _last_done(session, earned) not in (None, TransferKind.release):
        raise Conflict("This is held already, or was refused.")
    _undo(session, earned, pending, held, TransferKind.hold, reason=reason, by=by)


def let_go(session: Session, earned: Transfer, *, reason: str, by: Person | None) -> None:
    """Put back what was held; what is old enough becomes due at once.

    Without `by` it is a deadline that passed: what is in the worker's favour a program may do.
    """
    pending, held = _own(session, earned, AccountKind.earned_pending, AccountKind.held)
    _require_held(session, earned)
    _undo(session, earned, held, pending, TransferKind.release, reason=reason, by=by)


def refuse(session: Session, earned: Transfer, *, reason: str, by: Person) -> None:
    """Give what was held back to the project; raises Conflict unless it is held."""
    require_person(by)
    _, held = _own(session, earned, AccountKind.earned_pending, AccountKind.held)
    _require_held(session, earned)
    back = Place(AccountKind.project_cost)
    _undo(session, earned, held, back, TransferKind.refusal, reason=reason, by=by)


def of_judgment(session: Session, judgment_id: int) -> Transfer | None:
    """Return what a judgment earned, by the number of its first version; None if nothing."""
    key = ledger.earning_key(judgment_id)
    return session.scalar(sa.select(Transfer).where(Transfer.key == key))


def is_due(earned: Transfer) -> bool:
    """Say whether the window is over in which it can be held, whether it was paid yet or not."""
    return clock.now() >= earned.at + WINDOW


def is_held(session: Session, earned: Transfer) -> bool:
    """Say whether somebody holds what this transfer gave."""
    return _last_done(session, earned) is TransferKind.hold


def approve_due(session: Session, project_id: int) -> Iterator[None]:
    """Make due what has been pending for the whole window; yield after each person, for a commit.

    To do so again at the same moment changes nothing.
    """
    # Whole hours, so that of each hour's earnings one transfer is made rather than many.
    cutoff = (clock.now() - WINDOW).replace(minute=0, second=0, microsecond=0)
    pending = (
        sa.select(Account)
        .where(Account.project_id == project_id, Account.kind == AccountKind.earned_pending)
        .where(Account.balance_minor > 0)
        .order_by(Account.id)
    )
    for account in session.scalars(pending).all():
        _approve(session, account.id, cutoff)
        yield


def _approve(session: Session, account_id: int, cutoff: datetime) -> None:
    account = _locked(session, account_id)
    due = account.balance_minor - _recent(session, account_id, cutoff)
    if due <= 0:
        return
    owner = account.person_id
    ledger.move(
        session,
        project_id=account.project_id,
        currency=account.currency,
        giver=Place(AccountKind.earned_pending, owner),
        taker=Place(AccountKind.earned_approved, owner),
        amount_minor=due,
        kind=TransferKind.approval,
        source=f"{account_id}:{_approvals(session, account)}",
    )


def _approvals(session: Session, account: Account) -> int:
    """Return how often something of this pending account became due before."""
    due = Place(AccountKind.earned_approved, account.person_id)
    due_id = accounts.require(session, account.project_id, due, account.currency)
    before = sa.select(sa.func.count()).where(
        Transfer.to_account_id == due_id, Transfer.kind == TransferKind.approval
    )
    return session.scalar(before) or 0


def _locked(session: Session, account_id: int) -> Account:
    """Return the account as it is, and stay so until the end of the transaction."""
    found = sa.select(Account).where(Account.id == account_id).with_for_update()
    return session.scalars(found.execution_options(populate_existing=True)).one()


def _recent(session: Session, account_id: int, cutoff: datetime) -> int:
    """Return how much of a pending account was earned after the cutoff, and is still there."""
    earned: Any = (
        sa.select(sa.func.coalesce(sa.func.sum(Transfer.amount_minor), 0))
        .where(Transfer.to_account_id == account_id, Transfer.at > cutoff)
        .where(Transfer.kind.in_(EARNINGS))
    )
    goes = _undoing.from_account_id == account_id
    comes = _undoing.to_account_id == account_id
    sign = sa.case((goes, -_undoing.amount_minor), (comes, _undoing.amount_minor), else_=0)
    undone: Any = (
        sa.select(sa.func.coalesce(sa.func.sum(sign), 0))
        .join(_about, _about.id == _undoing.about_id)
        .where(_about.to_account_id == account_id, _about.at > cutoff)
    )
    return int(session.scalar(earned) or 0) + int(session.scalar(undone) or 0)


def _own(session: Session, earned: Transfer, *kinds: AccountKind) -> tuple[Place, ...]:
    """Return places of the person to whom the transfer gave something."""
    taker = session.get_one(Account, earned.to_account_id)
    assert earned.kind in EARNINGS and taker.kind is AccountKind.earned_pending
    return tuple(Place(kind, taker.person_id) for kind in kinds)


def _last_done(session: Session, earned: Transfer) -> TransferKind | None:
    """Return what was done last to what this transfer gave."""
    return session.scalar(
        sa.select(Transfer.kind)
        .where(Transfer.about_id == earned.id)
        .order_by(Transfer.id.desc())
        .limit(1)
    )


def _require_held(session: Session, earned: Transfer) -> None:
    if not is_held(session, earned):
        raise Conflict("This is not held.")


def _undo(
    session: Session,
    earned: Transfer,
    giver: Place,
    taker: Place,
    kind: TransferKind,
    *,
    reason: str,
    by: Person | None,
) -> None:
    if not reason.strip():
        raise Invalid("Please say why.", fields={"reason": say("A reason is needed.")})
    done = sa.select(sa.func.count()).where(Transfer.about_id == earned.id)
    ledger.move(
        session,
        project_id=earned.project_id,
        currency=earned.currency,
        giver=giver,
        taker=taker,
        amount_minor=earned.amount_minor,
        kind=kind,
        source=f"{earned.id}:{session.scalar(done)}",
        about=earned,
        by=by,
        reason=reason.strip(),
    )
