"""Pay as it was booked: what people earned in a project up to a moment, and when they had it.

Read from the ledger alone. What was refused, and what two people took back, is taken off. What an
hour came to is told of whole weeks whose pay was due by the moment: what was booked for them,
without bonuses and corrections, by the hours that were worked in them.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TypeAlias

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from exports import selection
from exports.cards.labor.counted import Until
from labeler.pay import reckoning, weeks
from labeler.pay.accounts import Account, AccountKind
from labeler.pay.ledger import EARNINGS, Transfer, TransferKind

Key: TypeAlias = tuple[int, str]
"""A person and a currency."""
BACK = (TransferKind.refusal, TransferKind.correction)
"""What takes something from a person."""
OF_TIME = tuple(weeks.BOOKED.values())


@dataclass
class Paid:
    """What people were paid, in minor units, by person and currency."""

    kinds: dict[Key, Counter[TransferKind]] = field(default_factory=lambda: defaultdict(Counter))
    """What was given, by why."""
    back: Counter[Key] = field(default_factory=Counter)
    """What was refused or taken back."""
    judgments: Counter[Key] = field(default_factory=Counter)
    """How many judgments earned something."""
    in_weeks: Counter[Key] = field(default_factory=Counter)
    """What whole weeks came to whose pay is due."""
    waits: dict[int, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    """By person, how many days' earnings took how many days to arrive."""
    failed: Counter[int] = field(default_factory=Counter)
    """By person, payments that failed and were not tried again."""

    @property
    def gross(self) -> dict[Key, int]:
        """What each person earned in each currency."""
        return {key: sum(kinds.values()) - self.back[key] for key, kinds in self.kinds.items()}

    def of_kind(self, kind: TransferKind, currency: str) -> dict[int, int]:
        """Return what was given for this reason in a currency, by person."""
        found = self.kinds.items()
        return {who: kinds[kind] for (who, code), kinds in found if code == currency}

    @property
    def currencies(self) -> dict[int, str]:
        """In which currency each person is paid: where most of their judgments were."""
        found: dict[int, str] = {}
        ranked = sorted(self.kinds, key=lambda key: (-self.judgments[key], key[1]))
        for who, currency in ranked:
            found.setdefault(who, currency)
        return found

    def hourly(
        self, people: Iterable[int], currency: str, seconds: Mapping[int, int]
    ) -> dict[int, int]:
        """Return what an hour came to, rounded down, of those of these people who worked.

        `seconds` are those of whole weeks; who was paid nothing for them had nothing an hour.
        """
        return {
            who: max(0, self.in_weeks[who, currency]) * reckoning.HOUR_S // seconds[who]
            for who in people
            if seconds.get(who)
        }


def paid(session: Session, until: Until) -> Paid:
    """Return what everybody in the project was paid."""
    found = Paid()
    _add_given(session, until, found)
    _take_back(session, until, found)
    _add_weeks(session, until, found)
    _add_waits(session, until, found)
    _add_failed(session, until, found)
    return found


def _by(until: Until) -> tuple[sa.ColumnElement[bool], ...]:
    """Say in SQL what was booked by the moment; what judgments earned is booked with them."""
    of_judgment = Transfer.kind == TransferKind.judgment
    known = sa.and_(of_judgment, Transfer.judgment_id <= until.mark.last_judgment_id)
    in_time = sa.or_(known, sa.and_(~of_judgment, Transfer.at <= until.at))
    return Transfer.project_id == until.project_id, Account.person_id.is_not(None), in_time


def _add_given(session: Session, until: Until, found: Paid) -> None:
    given = (
        sa.select(
            Account.person_id,
            Transfer.currency,
            Transfer.kind,
            sa.func.sum(Transfer.amount_minor),
            sa.func.count(),
        )
        .join(Account, Account.id == Transfer.to_account_id)
        .where(*_by(until), Transfer.kind.in_(EARNINGS))
        .group_by(Account.person_id, Transfer.currency, Transfer.kind)
    )
    for who, currency, kind, amount, number in selection.rows(session, given):
        found.kinds[who or 0, currency][kind] += int(amount)
        if kind is TransferKind.judgment:
            found.judgments[who or 0, currency] += number


def _take_back(session: Session, until: Until, found: Paid) -> None:
    taken = (
        sa.select(Account.person_id, Transfer.currency, sa.func.sum(Transfer.amount_minor))
        .join(Account, Account.id == Transfer.from_account_id)
        .where(*_by(until), Transfer.kind.in_(BACK))
        .group_by(Account.person_id, Transfer.currency)
    )
    for who, currency, amount in selection.rows(session, taken):
        found.back[who or 0, currency] += int(amount)


def _add_weeks(session: Session, until: Until, found: Paid) -> None:
    """Add what whole weeks came to: judgments, less what was refused of them, and their time."""
    about, amount = aliased(Transfer), sa.func.sum(Transfer.amount_minor)
    whose = Account.person_id, Transfer.currency
    earned = (
        sa.select(*whose, amount)
        .join(Account, Account.id == Transfer.to_account_id)
        .where(*_by(until), Transfer.kind == TransferKind.judgment)
        .where(Transfer.at < until.weeks_end)
    )
    refused = (
        sa.select(*whose, -amount)
        .join(Account, Account.id == Transfer.from_account_id)
        .join(about, about.id == Transfer.about_id)
        .where(*_by(until), Transfer.kind == TransferKind.refusal)
        .where(about.at < until.weeks_end)
    )
    for query in (earned, refused):
        for who, currency, change in selection.rows(session, query.group_by(*whose)):
            found.in_weeks[who or 0, currency] += int(change)
    of_time = (
        sa.select(*whose, Transfer.key, Transfer.amount_minor)
        .join(Account, Account.id == Transfer.to_account_id)
        .where(*_by(until), Transfer.kind.in_(OF_TIME))
    )
    for who, currency, key, more in selection.rows(session, of_time):
        if weeks.of_source(key) < until.weeks_end.date():
            found.in_weeks[who or 0, currency] += more


def _add_waits(session: Session, until: Until, found: Paid) -> None:
    """Lay what arrived on what was earned, the oldest first, and count the days between."""
    earned = _daily(
        sa.select(Account.person_id, Transfer.currency, _DAY, sa.func.sum(Transfer.amount_minor))
        .join(Account, Account.id == Transfer.to_account_id)
        .where(*_by(until), Transfer.kind.in_(EARNINGS))
        .where(Account.kind == AccountKind.earned_pending),
        session,
    )
    arrived = _daily(
        sa.select(Account.person_id, Transfer.currency, _DAY, sa.func.sum(Transfer.amount_minor))
        .join(Account, Account.id == Transfer.to_account_id)
        .where(*_by(until), Transfer.kind == TransferKind.paid),
        session,
    )
    for key, days in arrived.items():
        owed = list(reversed(earned.get(key, [])))
        for came_on, amount in days:
            while owed and owed[-1][1] <= amount:
                earned_on, part = owed.pop()
                amount -= part
                found.waits[key[0]][max(0, (came_on - earned_on).days)] += 1
            if owed:
                owed[-1] = owed[-1][0], owed[-1][1] - amount


def _daily(
    query: sa.Select[int | None, str, str, int], session: Session
) -> dict[Key, list[tuple[date, int]]]:
    found: dict[Key, list[tuple[date, int]]] = defaultdict(list)
    grouped = query.group_by(Account.person_id, Transfer.currency, _DAY).order_by(_DAY)
    for who, currency, day, amount in selection.rows(session, grouped):
        found[who or 0, currency].append((date.fromisoformat(day), int(amount)))
    return found


def _add_failed(session: Session, until: Until, found: Paid) -> None:
    sent = sa.func.max(Transfer.id).filter(Transfer.kind == TransferKind.payout)
    failed = sa.func.max(Transfer.id).filter(Transfer.kind == TransferKind.failure)
    rows = selection.rows(
        session,
        sa.select(Account.person_id, Transfer.currency, sent, failed)
        .join(Account, Account.id == Transfer.to_account_id)
        .where(*_by(until), Transfer.kind.in_([TransferKind.payout, TransferKind.failure]))
        .group_by(Account.person_id, Transfer.currency),
    )
    for who, _currency, last_sent, last_failed in rows:
        if (last_failed or 0) > (last_sent or 0):
            found.failed[who or 0] += 1


_DAY = sa.cast(sa.func.date(Transfer.at), sa.Text())
