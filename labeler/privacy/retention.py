"""Retention: what is over is deleted or emptied, step by step; the report tells what would be.

Only what nothing else needs goes: no judgment, no amount, no event (see `declared`). To apply it
twice changes nothing.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler import clock, events
from labeler.pay.worktime import COUNTS, Interval
from labeler.people.accounts import Person
from labeler.people.sign_ins import SignIn, SignInLink
from labeler.people.tokens import Token
from labeler.people.visitors import Visit
from labeler.privacy import erasure
from labeler.privacy.identities import KeptIdentity

CHUNK = 500
"""How many rows go in one transaction."""


@dataclass(frozen=True)
class Periods:
    """How long rows stay, in days."""

    sign_ins_days: int = 180
    beats_days: int = 90


@dataclass(frozen=True)
class Rule:
    """What becomes of which rows of a table when their time is over."""

    table: str
    does: str
    model: Any
    is_over: Callable[[Periods, datetime], sa.ColumnElement[bool]]
    act: Callable[[Session, Sequence[int]], None]


def _signed_out(periods: Periods, now: datetime) -> sa.ColumnElement[bool]:
    return _ended(SignIn.revoked_at, SignIn.expires_at) < _edge(now, periods.sign_ins_days)


def _used(periods: Periods, now: datetime) -> sa.ColumnElement[bool]:
    # Those of people without a password say who was the first to invite them (see `sign_ins`).
    settled = sa.or_(Person.password_hash.is_not(None), Person.closed_at.is_not(None))
    is_settled = sa.exists().where(Person.id == SignInLink.person_id, settled)
    ended = _ended(SignInLink.used_at, SignInLink.expires_at)
    return sa.and_(ended < _edge(now, periods.sign_ins_days), is_settled)


def _revoked(periods: Periods, now: datetime) -> sa.ColumnElement[bool]:
    return Token.revoked_at < _edge(now, periods.sign_ins_days)


def _told(periods: Periods, now: datetime) -> sa.ColumnElement[bool]:
    tells = sa.or_(Interval.told_at.is_not(None), Interval.touched_at.is_not(None))
    return sa.and_(tells, COUNTS, Interval.ended_at < _edge(now, periods.beats_days))


def _visited(periods: Periods, now: datetime) -> sa.ColumnElement[bool]:
    came = Visit.created_at < _edge(now, periods.sign_ins_days)
    return sa.and_(came, Visit.forgotten_at.is_(None))


def _over(_periods: Periods, now: datetime) -> sa.ColumnElement[bool]:
    return KeptIdentity.until <= now


def _edge(now: datetime, days: int) -> datetime:
    return now - timedelta(days=days)


def _ended(early: Any, late: Any) -> sa.ColumnElement[datetime]:
    """Return when something ended that may have ended before its time."""
    ended: sa.ColumnElement[datetime] = sa.func.coalesce(early, late)
    return ended


def _deleting(model: Any) -> Callable[[Session, Sequence[int]], None]:
    def delete(session: Session, ids: Sequence[int]) -> None:
        session.execute(sa.delete(model).where(model.id.in_(ids)))

    return delete


def _empty_beats(session: Session, ids: Sequence[int]) -> None:
    rest = sa.update(Interval).where(Interval.id.in_(ids))
    session.execute(rest.values(told_at=None, touched_at=None))


def _forget_visitors(session: Session, ids: Sequence[int]) -> None:
    """Forget visitors, whom nobody knows how to ask; that they were there stays known."""
    now = clock.now()
    whose = sa.select(Person).join(Visit, Visit.person_id == Person.id).where(Visit.id.in_(ids))
    for person in session.scalars(whose.order_by(Person.id)).all():
        if person.erased_at is None:
            erasure.forget(session, person, at=now)
    session.execute(sa.update(Visit).where(Visit.id.in_(ids)).values(forgotten_at=now))


def _end_identities(session: Session, ids: Sequence[int]) -> None:
    whose = sa.select(KeptIdentity.person_id).where(KeptIdentity.id.in_(ids))
    for person_id in session.scalars(whose).all():
        erasure.empty_destinations(session, person_id)
    _deleting(KeptIdentity)(session, ids)


RULES = (
    Rule("sign_ins", "deleted", SignIn, _signed_out, _deleting(SignIn)),
    Rule("sign_in_links", "deleted", SignInLink, _used, _deleting(SignInLink)),
    Rule("tokens", "deleted", Token, _revoked, _deleting(Token)),
    Rule("intervals", "emptied of what pages told", Interval, _told, _empty_beats),
    Rule("visits", "erased: a number is left of the visitor", Visit, _visited, _forget_visitors),
    Rule("kept_identities", "deleted", KeptIdentity, _over, _end_identities),
)


def report(session: Session, periods: Periods) -> list[tuple[Rule, int]]:
    """Return how many rows would go now, by rule."""
    now = clock.now()
    return [
        (
            rule,
            session.scalar(
                sa.select(sa.func.count()).select_from(rule.model).where(rule.is_over(periods, now))
            )
            or 0,
        )
        for rule in RULES
    ]


def apply(session: Session, periods: Periods) -> Iterator[tuple[Rule, int]]:
    """Let go what is over, at most `CHUNK` rows at a time; yield after each time, for a commit."""
    now = clock.now()
    for rule in RULES:
        over = sa.select(rule.model.id).where(rule.is_over(periods, now))
        while ids := session.scalars(over.order_by(rule.model.id).limit(CHUNK)).all():
            rule.act(session, ids)
            events.record(
                session, "retention.applied", person_id=None, table=rule.table, rows=len(ids)
            )
            yield rule, len(ids)
