"""Pay as it was booked: what people earned in a project up to a moment, and when they had it.

Read from the ledger alone. What was refused, and what two people took back, is taken off. What an
hour came to is told of whole weeks whose pay was due by the moment: what was booked for them,
without bonuses and corrections, by the hours that were worked in them.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import TypeAlias

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from exports.cards.labor.counted import Until
from exports.choosing import selection
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
    earned: dict[Key, Counter[date]] = field(default_factory=lambda: defaultdict(Counter))
    """What was earned on which day."""
    waits: dict[int, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    """By person, how many days' earnings took how many days to arrive."""
    failed: Counter[int] = field(default_factory=Counter)
    """By person, payments that failed and were not tried again."""

    @cached_property
    def gross(self) -> dict[Key, int]:
        """What each person earned in each currency."""
        return {key: sum(kinds.values()) - self.back[key] for key, kinds in self.kinds.items()}

    def of_kind(self, kind: TransferKind, currency: str) -> dict[int, int]:
        """Return what was given for this reason in a currency, by person."""
        found = self.kinds.items()
        return {who: kinds[kind] for (who, code), kinds in found if code == currency}

    @cached_property
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
    """Add what was given: all of it, and of judgments what whole weeks came to.

    There are many judgments, so this is read once. Weeks end where days do.
    """
    whose = Account.person_id, Transfer.currency, Transfer.kind, Account.kind, _DAY
    given = (
        sa.select(*whose, sa.func.sum(Transfer.amount_minor), sa.func.count())
        .join(Account, Account.id == Transfer.to_account_id)
        .where(*_by(until), Transfer.kind.in_(EARNINGS))
        .group_by(*whose)
    )
    weeks_end = until.weeks_end.date()
    for who, currency, kind, account, day, amount, number in selection.rows(session, given):
        key, on = (who or 0, currency), date.fromisoformat(day)
        found.kinds[key][kind] += int(amount)
        if account is AccountKind.earned_pending:
            found.earned[key][on] += int(amount)
        if kind is TransferKind.judgment:
            found.judgments[key] += number
            found.in_weeks[key] += int(amount) if on < weeks_end else 0


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
    """Add what was booked for the time of whole weeks; take off what was refused of judgments."""
    about, amount = aliased(Transfer), sa.func.sum(Transfer.amount_minor)
    whose = Account.person_id, Transfer.currency
    refused = (
        sa.select(*whose, amount)
        .join(Account, Account.id == Transfer.from_account_id)
        .join(about, about.id == Transfer.about_id)
        .where(*_by(until), Transfer.kind == TransferKind.refusal)
        .where(about.at < until.weeks_end)
        .group_by(*whose)
    )
    for who, currency, less in selection.rows(session, refused):
        found.in_weeks[who or 0, currency] -= int(less)
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
    whose = Account.person_id, Transfer.currency, _DAY
    arrived = (
        sa.select(*whose, sa.func.sum(Transfer.amount_minor))
        .join(Account, Account.id == Transfer.to_account_id)
        .where(*_by(until), Transfer.kind == TransferKind.paid)
        .group_by(*whose)
        .order_by(*whose)
    )
    owed = {key: sorted(days.items(), reverse=True) for key, days in found.earned.items()}
    for who, currency, day, amount in selection.rows(session, arrived):
        left, came_on = int(amount), date.fromisoformat(day)
        days = owed.get((who or 0, currency), [])
        while days and days[-1][1] <= left:
            earned_on, part = days.pop()
            left -= part
            found.waits[who or 0][max(0, (came_on - earned_on).days)] += 1
        if days:
            days[-1] = days[-1][0], days[-1][1] - left


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
