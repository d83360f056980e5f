"""Pay runs: everybody's approved pay of a currency, sent in one file, with two people's consent.

draft → approved → filed → sent → closed; a draft may be dropped. Each step is an UPDATE that
repeats the state before it, so that a step which was done is found done when it is asked again.
"""

import enum
from datetime import date, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from labeler import clock, events
from labeler.errors import Conflict, Forbidden, Invalid, NotFound
from labeler.pay import destinations, mappings, payouts
from labeler.pay.payouts import Payout, PayoutState
from labeler.pay.rails import making
from labeler.pay.rails.making import Rail
from labeler.pay.rails.rows import PayoutFile, PayoutRow
from labeler.people.accounts import Person
from labeler.said import say
from labeler.schema import Base, BigInt, Id, changed, reference


class RunState(enum.Enum):
    """How far a pay run has come."""

    draft = "draft"
    """Made by one person, to be looked at."""
    dropped = "dropped"
    """Given up before anybody approved it; nothing was moved."""
    approved = "approved"
    """By a second person: the money is in flight."""
    filed = "filed"
    """The file is made; it stays the same bytes for ever."""
    sent = "sent"
    """Somebody gave the file to the bank or the service."""
    closed = "closed"
    """It is known of every payout what became of it."""


class PayRun(Base):
    """One file's worth of payouts of a project, in one currency and by one rail."""

    __tablename__ = "pay_runs"

    id: Mapped[Id]
    project_id: Mapped[int] = reference("projects.id", index=True)
    currency: Mapped[str]
    rail: Mapped[Rail]
    period_end: Mapped[date]
    """The last day whose pay it is about, as a name: all that is approved is paid."""
    pay_on: Mapped[date]
    """When the bank shall carry it out."""
    state: Mapped[RunState] = mapped_column(default=RunState.draft)
    made_by: Mapped[int] = reference("people.id")
    made_at: Mapped[datetime]
    approved_by: Mapped[int | None] = reference("people.id")
    approved_at: Mapped[datetime | None]
    filed_by: Mapped[int | None] = reference("people.id")
    filed_at: Mapped[datetime | None]
    sent_by: Mapped[int | None] = reference("people.id")
    sent_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]

    @property
    def message(self) -> str:
        """What the file is called at the bank: of this run alone, for ever."""
        return f"RUN{self.id:06d}T{self.made_at:%Y%m%d%H%M%S}"


class FiledPayouts(Base):
    """The file of a run, as it was made. Appended: what is downloaded again is the same."""

    __tablename__ = "payout_files"

    run_id: Mapped[int] = reference("pay_runs.id", primary_key=True)
    name: Mapped[str]
    media_type: Mapped[str]
    content: Mapped[bytes]
    sha256: Mapped[str]
    count: Mapped[int]
    total_minor: Mapped[BigInt]
    made_at: Mapped[datetime]


class Sum(NamedTuple):
    """How many payouts, and what they add up to in minor units."""

    payouts: int
    total_minor: int


def draft(
    session: Session,
    project_id: int,
    currency: str,
    rail: Rail,
    *,
    period_end: date,
    pay_on: date,
    by: Person,
) -> PayRun:
    """Draft a run of everything that is approved in a currency.

    A draft that somebody made before with the same content is returned as it stands. Raises
    Invalid where nobody can be paid, or the rail does not carry the currency.
    """
    making.step(rail, currency)
    mappings.layout(session, project_id, rail)
    if (held := _drafted(session, project_id, currency, rail, period_end)) is not None:
        return held
    run = PayRun(
        project_id=project_id,
        currency=currency,
        rail=rail,
        period_end=period_end,
        pay_on=pay_on,
        state=RunState.draft,
        made_by=by.id,
        made_at=clock.now(),
    )
    session.add(run)
    session.flush()
    if not payouts.collect(session, project_id, run.id, rail, currency):
        raise Invalid(
            say("Nobody has approved pay in %(currency)s yet.", currency=currency),
            fields={"currency": say("There is nothing to pay in it.")},
        )
    _tell(session, run, by)
    return run


def _drafted(
    session: Session, project_id: int, currency: str, rail: Rail, period_end: date
) -> PayRun | None:
    return session.scalar(
        sa.select(PayRun)
        .where(
            PayRun.project_id == project_id,
            PayRun.currency == currency,
            PayRun.rail == rail,
            PayRun.period_end == period_end,
            PayRun.state == RunState.draft,
        )
        .order_by(PayRun.id)
        .limit(1)
    )


def find(session: Session, project_id: int, run_id: int) -> PayRun:
    """Return a run of the project; raises NotFound."""
    found = session.scalar(
        sa.select(PayRun).where(PayRun.project_id == project_id, PayRun.id == run_id)
    )
    if found is None:
        raise NotFound("There is no such pay run.")
    return found


def drop(session: Session, run: PayRun, *, by: Person) -> None:
    """Give a draft up; nothing if that was done. Raises Conflict once it is approved."""
    if _move(session, run, RunState.draft, RunState.dropped):
        _tell(session, run, by)
    elif run.state is not RunState.dropped:
        raise Conflict("This run is approved: its money is in flight.")


def approve(session: Session, run: PayRun, *, by: Person) -> None:
    """Put the money of a run in flight, as a second person; nothing if they did so already.

    What is held, or changed since it was drafted, is left for a later run. Raises Forbidden for
    whoever drafted it, Invalid where nothing is left to pay or the file could not be made,
    Conflict.
    """
    if run.made_by == by.id:
        raise Forbidden("Whoever drafted a run cannot approve it: please ask another owner.")
    now = clock.now()
    if not _move(
        session, run, RunState.draft, RunState.approved, approved_by=by.id, approved_at=now
    ):
        if run.state is RunState.dropped or run.approved_by != by.id:
            raise Conflict("Somebody else has dropped or approved this run.")
        return
    if not payouts.put_in_flight(session, payouts.of_run(session, run.id), by=by):
        raise Invalid("There is nothing in this run that can be paid now.")
    layout = mappings.layout(session, run.project_id, run.rail)
    making.check(run.rail, _rows(session, run), layout, _about(run))
    _tell(session, run, by)


def written(session: Session, run: PayRun) -> PayoutFile:
    """Return the file of an approved run: stored if it was filed, else as it would be.

    It is slow for many people, and reads alone. Raises Conflict before the run is approved.
    """
    stored = session.get(FiledPayouts, run.id)
    if stored is not None:
        return PayoutFile(
            content=stored.content,
            count=stored.count,
            total_minor=stored.total_minor,
            sha256=stored.sha256,
            name=stored.name,
            media_type=stored.media_type,
        )
    if run.state is not RunState.approved:
        raise Conflict("A run has a file once a second person has approved it.")
    layout = mappings.layout(session, run.project_id, run.rail)
    return making.make(run.rail, _rows(session, run), layout, _about(run))


def file(session: Session, run: PayRun, made: PayoutFile, *, by: Person) -> PayoutFile:
    """Keep the file that `written` made of the run, once; return the one that is kept."""
    now = clock.now()
    if _move(session, run, RunState.approved, RunState.filed, filed_by=by.id, filed_at=now):
        session.add(
            FiledPayouts(
                run_id=run.id,
                name=made.name,
                media_type=made.media_type,
                content=made.content,
                sha256=made.sha256,
                count=made.count,
                total_minor=made.total_minor,
                made_at=now,
            )
        )
        session.flush()
        _tell(session, run, by, sha256=made.sha256)
    return written(session, run)


def mark_sent(session: Session, run: PayRun, *, by: Person) -> None:
    """Say that the file is with the bank or the service; nothing if that was said."""
    now = clock.now()
    if not _move(session, run, RunState.filed, RunState.sent, sent_by=by.id, sent_at=now):
        if run.state in (RunState.sent, RunState.closed):
            return
        raise Conflict("Download the file first, and give it to the bank or the service.")
    session.execute(
        sa.update(Payout)
        .where(Payout.run_id == run.id, Payout.state == PayoutState.prepared)
        .values(state=PayoutState.sent)
    )
    _tell(session, run, by)


def settle(
    session: Session,
    run: PayRun,
    outcomes: dict[int, PayoutState],
    *,
    note: str = "",
    by: Person,
) -> int:
    """Say what became of payouts, by id; return of how many that was news.

    The run is closed once it is known of all. Raises NotFound, Conflict.
    """
    known = {payout.id: payout for payout in payouts.of_run(session, run.id)}
    if not outcomes.keys() <= known.keys():
        raise NotFound("There is no such payout in this run.")
    news: dict[str, list[int]] = {}
    for outcome in payouts.OUTCOMES:
        each = [known[number] for number, told in sorted(outcomes.items()) if told is outcome]
        found = payouts.settle(session, each, outcome, note, by=by)
        if found:
            news[outcome.value] = [payout.id for payout in found]
    if news:
        _tell(session, run, by, "settled", **news)
    # The run is locked before it is counted, so that of two who settle the last the second closes.
    session.execute(sa.select(PayRun.id).where(PayRun.id == run.id).with_for_update())
    waiting = sa.select(Payout.id).where(Payout.run_id == run.id, Payout.state.in_(payouts.OPEN))
    if not session.scalar(sa.select(waiting.exists())) and _move(
        session, run, RunState.sent, RunState.closed, closed_at=clock.now()
    ):
        _tell(session, run, by)
    return sum(map(len, news.values()))


def of_project(session: Session, project_id: int) -> list[PayRun]:
    """Return the runs of a project, newest first."""
    return list(
        session.scalars(
            sa.select(PayRun).where(PayRun.project_id == project_id).order_by(PayRun.id.desc())
        )
    )


def sums(session: Session, run_ids: list[int]) -> dict[int, Sum]:
    """Return how much each run pays, without what is held or left."""
    rows = session.execute(
        sa.select(Payout.run_id, sa.func.count(), sa.func.sum(Payout.amount_minor))
        .where(
            Payout.run_id.in_(run_ids),
            Payout.state != PayoutState.left,
            sa.or_(Payout.held.is_(None), Payout.released_at.is_not(None)),
        )
        .group_by(Payout.run_id)
    )
    return {run_id: Sum(count, int(total)) for run_id, count, total in rows}


def held(session: Session, run_id: int) -> int:
    """Return how many payouts of a run are held or were left."""
    return (
        session.scalar(
            sa.select(sa.func.count()).where(
                Payout.run_id == run_id,
                sa.or_(
                    Payout.state == PayoutState.left,
                    sa.and_(Payout.held.is_not(None), Payout.released_at.is_(None)),
                ),
            )
        )
        or 0
    )


def stored(session: Session, run_id: int) -> tuple[str, str]:
    """Return the name and the SHA-256 of a run's file, without its content."""
    name, sha256 = session.execute(
        sa.select(FiledPayouts.name, FiledPayouts.sha256).where(FiledPayouts.run_id == run_id)
    ).one()
    return name, sha256


def _rows(session: Session, run: PayRun) -> list[PayoutRow]:
    """Return what is in flight, as the file holds it."""
    flying = [
        payout
        for payout in payouts.of_run(session, run.id)
        if payout.state is PayoutState.prepared and payout.is_payable
    ]
    places = destinations.by_id(session, [p.destination_id for p in flying if p.destination_id])
    return [payouts.row_of(p, places[p.destination_id]) for p in flying if p.destination_id]


def _about(run: PayRun) -> making.Run:
    return making.Run(run.message, run.made_at, run.pay_on)


def _move(
    session: Session, run: PayRun, before: RunState, after: RunState, **values: object
) -> bool:
    """Move a run from one state to another if it is in the first; read it anew."""
    done = changed(
        session,
        sa.update(PayRun)
        .where(PayRun.id == run.id, PayRun.state == before)
        .values(state=after, **values),
    )
    session.refresh(run)
    return bool(done)


def _tell(session: Session, run: PayRun, by: Person, what: str = "", **more: Any) -> None:
    events.record(
        session,
        f"pay_run.{what or run.state.value}",
        person_id=by.id,
        project_id=run.project_id,
        run=run.id,
        **more,
    )
