"""Refusals: whether one judgment is not paid, which two people decide, and never a program.

Submitted work is paid. Leaving it out of the data is one act (see `decisions`), not paying for it
another: somebody proposes it with a reason and evidence; the money is kept apart, and whose it is
reads at once why, what they can do and until when. They have 14 days. Then somebody else decides,
within 14 more; if nobody does, the money is the worker's. Pay that is due cannot be refused.

How much may be proposed is limited (see `brakes`).
"""

import enum
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from labeler import clock, events
from labeler.errors import Conflict, Forbidden, NotFound
from labeler.pay import earnings
from labeler.pay.ledger import Transfer
from labeler.people.accounts import Person, require_person
from labeler.quality import threads
from labeler.said import say
from labeler.schema import Base, Id, changed, dialect_of, insert, reference
from labeler.work.judgments import Judgment

TO_ANSWER = timedelta(days=14)
"""How long a person has to appeal."""
TO_DECIDE = timedelta(days=14)
"""How long others have to decide then (Directive (EU) 2024/2831, Art. 11: two weeks)."""
STANDS = sa.text("state <> 'dropped'")
LAPSED = "Nobody decided in time, so the money is the worker's."
OVERTAKEN = say("Somebody else has just dealt with this. Please look at it again.")
OWN = say("This is about your own work, so somebody else decides.")


class ReasonCode(enum.Enum):
    """Why a judgment should not be paid."""

    not_done = "not_done"
    """The task was not done: nothing that was asked was answered."""
    copied = "copied"
    """It was copied from somewhere."""
    by_machine = "by_machine"
    """A program made it."""
    somebody_else = "somebody_else"
    """Somebody else did it under this name."""
    other = "other"
    """What the evidence says."""


class RefusalState(enum.Enum):
    """Whose turn it is."""

    unreleased = "unreleased"
    """One of many: nothing is held and nobody notified until a second owner has released it."""
    proposed = "proposed"
    """The money is held, and its owner may appeal; then a second person decides."""
    appealed = "appealed"
    """Its owner has appealed, and somebody else than who proposed it decides."""
    refused = "refused"
    """The money went back to the project."""
    paid = "paid"
    """The money went to its owner."""
    lapsed = "lapsed"
    """Nobody decided in time, so that the money went, or stayed, with its owner."""
    dropped = "dropped"
    """Who proposed it took it back."""


OPEN = (RefusalState.unreleased, RefusalState.proposed, RefusalState.appealed)
HELD = (RefusalState.proposed, RefusalState.appealed)
_ENDS = {RefusalState.lapsed, RefusalState.dropped}
_DECIDED = {RefusalState.refused, RefusalState.paid}
MOVES = {
    RefusalState.unreleased: {RefusalState.proposed, *_ENDS},
    RefusalState.proposed: {RefusalState.appealed, *_DECIDED, *_ENDS},
    RefusalState.appealed: {*_DECIDED, *_ENDS},
}


class Refusal(Base):
    """That one judgment should not be paid, and what came of it. What it says is never edited."""

    __tablename__ = "refusals"
    __table_args__ = (
        sa.Index(
            "uq_refusals_transfer_id",
            "transfer_id",
            unique=True,
            sqlite_where=STANDS,
            postgresql_where=STANDS,
        ),
        sa.Index("ix_refusals_project", "project_id", "state"),
        sa.Index("ix_refusals_person", "person_id", "proposed_at"),
    )

    id: Mapped[Id]
    project_id: Mapped[int] = reference("projects.id")
    person_id: Mapped[int] = reference("people.id")
    """Whose pay it is."""
    judgment_id: Mapped[int] = reference("judgments.id")
    transfer_id: Mapped[int] = reference("transfers.id")
    """What the judgment earned."""
    code: Mapped[ReasonCode]
    evidence: Mapped[str]
    proposed_by: Mapped[int] = reference("people.id")
    proposed_at: Mapped[datetime]
    state: Mapped[RefusalState]
    decide_until: Mapped[datetime]
    """When it lapses. Of one that is not released: when the money is due anyway."""
    released_by: Mapped[int | None] = reference("people.id")
    notified_at: Mapped[datetime | None]
    answer_until: Mapped[datetime | None]
    appeal: Mapped[str] = mapped_column(default="")
    appealed_at: Mapped[datetime | None]
    reasons: Mapped[str] = mapped_column(default="")
    """Why it was decided as it was."""
    decided_by: Mapped[int | None] = reference("people.id")
    """None: a deadline passed."""
    decided_at: Mapped[datetime | None]

    @property
    def is_open(self) -> bool:
        """Whether it is not over yet."""
        return self.state in OPEN

    @property
    def may_be_appealed(self) -> bool:
        """Whether its owner may appeal now."""
        in_time = self.answer_until is not None and clock.now() < self.answer_until
        return self.state is RefusalState.proposed and in_time

    @property
    def may_be_decided(self) -> bool:
        """Whether it can be refused now: its owner has appealed, or their time is over."""
        waits = self.state is RefusalState.appealed or (
            self.state is RefusalState.proposed and not self.may_be_appealed
        )
        return waits and clock.now() < self.decide_until


def add(
    session: Session, judgment: Judgment, code: ReasonCode, evidence: str, *, by: Person
) -> Refusal:
    """Write down that a judgment should not be paid; nothing is held, and nobody notified, yet.

    Raises Forbidden for one's own work, Conflict where nothing was earned, where it is due, and
    where it was proposed before.
    """
    require_person(by)
    evidence = threads.require_text(evidence, field="evidence")
    if judgment.person_id == by.id:
        raise Forbidden(OWN)
    earned = _earned(session, judgment)
    added = insert(dialect_of(session), Refusal).values(
        project_id=judgment.project_id,
        person_id=judgment.person_id,
        judgment_id=judgment.id,
        transfer_id=earned.id,
        code=code,
        evidence=evidence,
        proposed_by=by.id,
        proposed_at=clock.now(),
        state=RefusalState.unreleased,
        decide_until=earned.at + earnings.WINDOW,
        appeal="",
        reasons="",
    )
    stored = added.on_conflict_do_nothing().returning(Refusal.id)
    number = session.scalar(stored)
    if number is None:
        raise Conflict("This was proposed before.")
    refusal = session.get_one(Refusal, number)
    _record(session, "refusal.proposed", refusal, by, code=code.value)
    return refusal


def notify(session: Session, refusal: Refusal, *, by: Person, released: bool = False) -> None:
    """Keep the money apart, and show its owner why; their days begin. Raises Conflict if due."""
    require_person(by)
    now = clock.now()
    values: dict[str, Any] = {"notified_at": now, "answer_until": now + TO_ANSWER}
    values |= {"decide_until": now + TO_ANSWER + TO_DECIDE}
    values |= {"released_by": by.id} if released else {}
    _move(session, refusal, RefusalState.proposed, **values)
    earnings.hold(session, _transfer(session, refusal), reason=refusal.evidence, by=by)


def appeal(session: Session, refusal: Refusal, text: str, *, by: Person) -> None:
    """Object, as whose pay it is; raises Conflict when it is too late, or decided."""
    text = threads.require_text(text, field="appeal")
    assert refusal.person_id == by.id
    if refusal.state is RefusalState.appealed and refusal.appeal == text:
        return
    if not refusal.may_be_appealed:
        raise Conflict("The time to appeal is over, or you have appealed already.")
    now = clock.now()
    values = {"appeal": text, "appealed_at": now, "decide_until": now + TO_DECIDE}
    _move(session, refusal, RefusalState.appealed, **values)
    _record(session, "refusal.appealed", refusal, by)


def refuse(session: Session, refusal: Refusal, reasons: str, *, by: Person) -> None:
    """Decide that it is not paid: a second person's act, with reasons.

    Raises Forbidden for who proposed it, Conflict while its owner may still appeal, and after the
    last day.
    """
    reasons = _require_second(refusal, reasons, by)
    if refusal.is_open and not refusal.may_be_decided:
        raise Conflict("It is too early: they may still appeal. Or too late: it is theirs.")
    _decide(session, refusal, RefusalState.refused, reasons, by)
    earnings.refuse(session, _transfer(session, refusal), reason=reasons, by=by)


def pay(session: Session, refusal: Refusal, reasons: str, *, by: Person) -> None:
    """Decide that it is paid: a second person's act, with reasons. It is never too early."""
    reasons = _require_second(refusal, reasons, by)
    if refusal.state not in HELD:
        raise Conflict(OVERTAKEN)
    _decide(session, refusal, RefusalState.paid, reasons, by)
    earnings.let_go(session, _transfer(session, refusal), reason=reasons, by=by)


def take_back(session: Session, refusal: Refusal, *, by: Person) -> None:
    """Take back what one has proposed oneself; the money is the worker's."""
    require_person(by)
    if refusal.proposed_by != by.id:
        raise Forbidden("Only who proposed this can take it back.")
    was_held = refusal.state in HELD
    _decide(session, refusal, RefusalState.dropped, "", by)
    if was_held:
        why = "Who proposed to refuse it took that back."
        earnings.let_go(session, _transfer(session, refusal), reason=why, by=by)


def lapse_due(session: Session, project_id: int) -> Iterator[None]:
    """Give back what nobody decided in time; yield after each, for a commit.

    It is in the worker's favour, so it needs nobody.
    """
    late = sa.select(Refusal).where(
        Refusal.project_id == project_id,
        Refusal.state.in_(OPEN),
        Refusal.decide_until <= clock.now(),
    )
    for refusal in session.scalars(late.order_by(Refusal.id)).all():
        lapse(session, refusal)
        yield


def lapse(session: Session, refusal: Refusal) -> None:
    """Let the money be the worker's; nothing if somebody was faster."""
    was_held = refusal.state in HELD
    try:
        _decide(session, refusal, RefusalState.lapsed, LAPSED, None)
    except Conflict:
        return
    if was_held:
        earnings.let_go(session, _transfer(session, refusal), reason=LAPSED, by=None)


def find(session: Session, project_id: int, refusal_id: int) -> Refusal:
    """Return a refusal of this project; raises NotFound."""
    refusal = session.get(Refusal, refusal_id)
    if refusal is None or refusal.project_id != project_id:
        raise NotFound("There is no such refusal.")
    return refusal


def find_own(session: Session, refusal_id: int, *, by: Person) -> Refusal:
    """Return a refusal of the person's pay of which they know; raises NotFound."""
    refusal = session.get(Refusal, refusal_id)
    if refusal is None or refusal.person_id != by.id or refusal.notified_at is None:
        raise NotFound("There is no such refusal.")
    return refusal


def open_in(session: Session, project_id: int) -> Sequence[Refusal]:
    """Return what is not over in a project, what ends first before the rest."""
    return session.scalars(
        sa.select(Refusal)
        .where(Refusal.project_id == project_id, Refusal.state.in_(OPEN))
        .order_by(Refusal.decide_until, Refusal.id)
    ).all()


def of_person(session: Session, person_id: int, *, limit: int | None = 100) -> Sequence[Refusal]:
    """Return the refusals of a person's pay of which they know, newest first."""
    return session.scalars(
        sa.select(Refusal)
        .where(Refusal.person_id == person_id, Refusal.notified_at.is_not(None))
        .order_by(Refusal.id.desc())
        .limit(limit)
    ).all()


def unanswered(session: Session, person: Person) -> int:
    """Count the refusals against which the person may appeal."""
    query = sa.select(sa.func.count()).where(
        Refusal.person_id == person.id,
        Refusal.state == RefusalState.proposed,
        Refusal.answer_until > clock.now(),
    )
    return session.scalar(query) or 0


def pay_of(session: Session, refusals: Sequence[Refusal]) -> dict[int, Transfer]:
    """Return what each refusal is about, by the transfer's number."""
    ids = [each.transfer_id for each in refusals]
    found = session.scalars(sa.select(Transfer).where(Transfer.id.in_(ids)))
    return {each.id: each for each in found}


def comparisons_of(session: Session, refusals: Sequence[Refusal]) -> dict[int, int]:
    """Return which comparison was judged, by the judgment's number."""
    ids = [each.judgment_id for each in refusals]
    rows = session.execute(
        sa.select(Judgment.id, Judgment.comparison_id).where(Judgment.id.in_(ids))
    )
    return dict(rows.all())


def _earned(session: Session, judgment: Judgment) -> Transfer:
    """Return what a judgment earned and is not due yet; raises Conflict."""
    first = sa.select(Judgment.id).where(
        Judgment.assignment_id == judgment.assignment_id, Judgment.version == 1
    )
    earned = earnings.of_judgment(session, session.scalars(first).one())
    if earned is None:
        raise Conflict("Nothing was earned by this judgment alone.")
    if earnings.is_due(earned):
        raise Conflict(earnings.DUE)
    return earned


def _require_second(refusal: Refusal, reasons: str, by: Person) -> str:
    require_person(by)
    if refusal.person_id == by.id:
        raise Forbidden(OWN)
    if refusal.proposed_by == by.id:
        raise Forbidden("You have proposed this, so somebody else decides.")
    return threads.require_text(reasons, field="reasons")


def _decide(
    session: Session, refusal: Refusal, state: RefusalState, reasons: str, by: Person | None
) -> None:
    over = {"decided_by": by and by.id, "decided_at": clock.now(), "reasons": reasons}
    _move(session, refusal, state, **over)
    _record(session, "refusal.decided", refusal, by, outcome=state.value)


def _move(session: Session, refusal: Refusal, state: RefusalState, **values: Any) -> None:
    """Move a refusal on if it still is where it was; raises Conflict otherwise."""
    still = sa.update(Refusal).where(Refusal.id == refusal.id, Refusal.state == refusal.state)
    moved = still.values(state=state, **values).execution_options(synchronize_session=False)
    if state not in MOVES.get(refusal.state, ()) or not changed(session, moved):
        raise Conflict(OVERTAKEN)
    session.refresh(refusal)


def _transfer(session: Session, refusal: Refusal) -> Transfer:
    return session.get_one(Transfer, refusal.transfer_id)


def _record(
    session: Session, kind: str, refusal: Refusal, by: Person | None, **data: object
) -> None:
    events.record(
        session,
        kind,
        person_id=None if by is None else by.id,
        project_id=refusal.project_id,
        subject=refusal.id,
        **data,
    )
