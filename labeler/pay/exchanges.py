"""Exchanges and roundings: what is due in one currency becomes due in another, or a whole step.

An exchange is two transfers through the project's clearing account, made together: all that is due
goes in, and what that is at the stated rate comes out. What is left of the smallest unit is rounded
up at the project's cost, so that nobody loses by it. The rate, its source and its day stand in the
transfers, and are read from there when the ledger is verified.

A rounding pays the rest of a last whole step, such as a shilling, which no rail can carry less of.
"""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler import clock, events
from labeler.errors import Conflict, Invalid
from labeler.pay import accounts, corrections, ledger, money
from labeler.pay.accounts import Account, AccountKind, Place
from labeler.pay.ledger import Transfer, TransferKind
from labeler.pay.money import LARGEST_MINOR
from labeler.people.accounts import Person, require_person
from labeler.said import say
from labeler.text import lines

LONGEST_SOURCE = 200
_ROUNDING, _CLEARING = Place(AccountKind.rounding), Place(AccountKind.fx_clearing)
_RATE = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")
_KEY = re.compile(r"exchange:(?P<pair>\d+:\d+):(?P<rate>[0-9.]+):(?P<way>out|in)")


class Quote(NamedTuple):
    """How many units of the new currency one of the old one is, who says so, and for which day."""

    rate: str
    source: str
    on: date


class Changed(NamedTuple):
    """What went and what came, in minor units of each currency; what was rounded up is in it."""

    gave_minor: int
    got_minor: int


def exchange(
    session: Session,
    project_id: int,
    person: Person,
    currency: str,
    wanted: str,
    quote: Quote,
    *,
    agreed_by: Person,
    by: Person,
) -> Changed:
    """Change all that is due to a person in a currency for another one.

    It takes two, as to take something back does: a bad rate takes as much. Raises Forbidden where
    they are one, or it is about one of them; Invalid for what is no rate, no source or the same
    currency; Conflict where nothing is due or it comes to less than the smallest unit.
    """
    corrections.require_two(person.id, by, agreed_by)
    rate, told = _read(currency, wanted, quote)
    # In one order, so that nobody who changes them the other way round waits for us for ever.
    for code in sorted((currency, wanted)):
        accounts.locked(session, project_id, _CLEARING, code)
    due = accounts.locked(
        session, project_id, Place(AccountKind.earned_approved, person.id), currency
    )
    got = worth(due.balance_minor, currency, wanted, rate)
    if due.balance_minor == 0 or not 1 <= got <= LARGEST_MINOR:
        raise Conflict(
            say("Nothing is due in %(currency)s that can be changed.", currency=currency)
        )
    gave, whole = due.balance_minor, int(got)
    pair = f"{due.id}:{_made(session, due)}"
    mine = Place(AccountKind.earned_approved, person.id)
    source, rest = f"{pair}:{quote.rate.strip()}", int(got != whole)
    for kind, leg in (
        (TransferKind.exchange, _leg(currency, mine, _CLEARING, gave, f"{source}:out")),
        (TransferKind.exchange, _leg(wanted, _CLEARING, mine, whole, f"{source}:in")),
        (TransferKind.rounding, _leg(wanted, _ROUNDING, mine, rest, f"exchange:{pair}")),
    ):
        ledger.move(session, project_id=project_id, kind=kind, by=by, reason=told, **leg)
    who = {"person_id": by.id, "subject": person.id, "agreed_by": agreed_by.id}
    events.record(session, "pay.exchanged", project_id=project_id, account=due.id, rate=told, **who)
    return Changed(gave, whole + rest)


def worth(amount_minor: int, currency: str, wanted: str, rate: Fraction) -> Fraction:
    """Return what an amount comes to in another currency, in its minor units, exactly."""
    scale = Fraction(10) ** (money.exponent(wanted) - money.exponent(currency))
    return amount_minor * rate * scale


def round_up(
    session: Session, project_id: int, person: Person, currency: str, step_minor: int, *, by: Person
) -> int:
    """Round what is due up to a whole step, at the project's cost; return by how much.

    0 if it is one already, or nothing is due: so it is rounded up once.
    """
    require_person(by)
    mine = Place(AccountKind.earned_approved, person.id)
    due = accounts.locked(session, project_id, mine, currency)
    missing = -due.balance_minor % step_minor
    earlier = sa.select(sa.func.count()).where(
        Transfer.to_account_id == due.id, Transfer.kind == TransferKind.rounding
    )
    leg = _leg(currency, _ROUNDING, mine, missing, f"{due.id}:{session.scalar(earlier)}")
    reason = money.text(step_minor, currency)
    kind = TransferKind.rounding
    ledger.move(session, project_id=project_id, kind=kind, by=by, reason=reason, **leg)
    return missing


def faults(session: Session) -> Iterator[str]:
    """Yield which exchanges are not whole, or are not what their rate makes of them."""
    legs: dict[str, dict[str, Transfer]] = {}
    exchanged = sa.select(Transfer).where(Transfer.kind == TransferKind.exchange)
    for transfer in session.scalars(exchanged.order_by(Transfer.id)):
        found = _KEY.fullmatch(transfer.key)
        if found is None:
            yield f"transfer {transfer.id} is of no exchange"
            continue
        legs.setdefault(f"{found['pair']}:{found['rate']}", {})[found["way"]] = transfer
    for name, both in legs.items():
        if not _is_whole(session, name, both):
            yield f"exchange {name} is not whole, or not what its rate makes of it"


def _is_whole(session: Session, name: str, both: dict[str, Transfer]) -> bool:
    if both.keys() != {"out", "in"}:
        return False
    out, back = both["out"], both["in"]
    pair, _, rate = name.rpartition(":")
    got = worth(out.amount_minor, out.currency, back.currency, Fraction(Decimal(rate)))
    rest = sa.select(Transfer.amount_minor).where(Transfer.key == f"rounding:exchange:{pair}")
    ends = (out.from_account_id, back.to_account_id)
    whose = sa.select(Account.person_id).where(Account.id.in_(ends)).distinct()
    is_one = len(session.scalars(whose).all()) == 1
    found = back.amount_minor, session.scalar(rest) or 0
    return is_one and found == (int(got), int(got != int(got)))


def _leg(
    currency: str, giver: Place, taker: Place, amount_minor: int, source: str
) -> dict[str, Any]:
    return {
        "currency": currency,
        "giver": giver,
        "taker": taker,
        "amount_minor": amount_minor,
        "source": source,
    }


def _made(session: Session, due: Account) -> int:
    """Return how often what was due in this account was exchanged before."""
    before = sa.select(sa.func.count()).where(
        Transfer.from_account_id == due.id, Transfer.kind == TransferKind.exchange
    )
    return session.scalar(before) or 0


def _read(currency: str, wanted: str, quote: Quote) -> tuple[Fraction, str]:
    """Return the rate exactly, and the sentence that statements show with it."""
    faults = {}
    for field, code in (("currency", currency), ("wanted", wanted)):
        try:
            money.exponent(code)
        except Invalid as refusal:
            faults[field] = refusal.message
    if currency == wanted:
        faults["wanted"] = say("Please give another currency.")
    if not _RATE.fullmatch(quote.rate.strip()) or not Decimal(quote.rate.strip()):
        faults["rate"] = say("Please give a rate such as 151.25.")
    source = quote.source.strip()
    if not source or len(source) > LONGEST_SOURCE or not lines.fits(source):
        faults["source"] = say("Please say who publishes this rate.")
    if quote.on > clock.now().date():
        faults["on"] = say("This day is yet to come.")
    if faults:
        raise Invalid("This cannot be exchanged as written.", fields=faults)
    told = f"1 {currency} = {quote.rate.strip()} {wanted} ({source}, {quote.on.isoformat()})"
    return Fraction(Decimal(quote.rate.strip())), told
