"""Disputes: a worker objects to a decision about them, or to anything of their pay or time.

Somebody who did not decide it answers in writing, with reasons, within 14 days. What was said is
never edited. Money that is held stays held meanwhile; to object never holds one's own.
"""

import enum
from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from labeler import clock, events
from labeler.errors import Conflict, Forbidden, Invalid, NotFound
from labeler.pay import earnings, ledger, statements
from labeler.people.accounts import Person, require_person
from labeler.quality import explained, refusals, threads
from labeler.quality.explained import About
from labeler.said import say
from labeler.schema import Base, Id, changed, reference
from labeler.work.projects import Project

TO_ANSWER = timedelta(days=14)
"""How long others have to answer (Directive (EU) 2024/2831, Art. 11: two weeks)."""
ANSWERED = say("This was answered already.")


class Finding(enum.Enum):
    """What came of an objection."""

    upheld = "upheld"
    """The worker is right."""
    stands = "stands"
    """It stays as it was."""


class Dispute(Base):
    """What a worker objects to, and the answer."""

    __tablename__ = "disputes"
    __table_args__ = (
        sa.Index("ix_disputes_project", "project_id", "answered_at", "answer_until"),
        sa.Index("ix_disputes_person", "person_id", "opened_at"),
    )

    id: Mapped[Id]
    project_id: Mapped[int] = reference("projects.id")
    person_id: Mapped[int] = reference("people.id")
    about: Mapped[About]
    subject: Mapped[int | None] = mapped_column(sa.BigInteger())
    """Which of them (see `About`)."""
    text: Mapped[str]
    opened_at: Mapped[datetime]
    answer_until: Mapped[datetime]
    finding: Mapped[Finding | None]
    answer: Mapped[str] = mapped_column(default="")
    answered_by: Mapped[int | None] = reference("people.id")
    answered_at: Mapped[datetime | None]

    @property
    def is_late(self) -> bool:
        """Whether it should have been answered by now."""
        return self.answered_at is None and self.answer_until < clock.now()


def open(  # noqa: A001 (it is what one does with a dispute)
    session: Session,
    project: Project,
    about: About,
    text: str,
    *,
    subject: int | None = None,
    by: Person,
) -> Dispute:
    """Object; whoever says the same again has said it once.

    Raises NotFound for a decision about somebody else, Conflict where there is an appeal instead.
    """
    text = threads.require_text(text, field="text")
    _require_own(session, project, about, subject, by)
    said = {"project_id": project.id, "about": about, "subject": subject, "text": text}
    last = next(iter(of_person(session, by.id, limit=1)), None)
    if last is not None and said == {name: getattr(last, name) for name in said}:
        return last
    now = clock.now()
    dispute = Dispute(person_id=by.id, opened_at=now, answer_until=now + TO_ANSWER, **said)
    session.add(dispute)
    session.flush()
    _record(session, "dispute.opened", dispute, by)
    return dispute


def answer(
    session: Session,
    dispute: Dispute,
    text: str,
    finding: Finding,
    *,
    amount_minor: int = 0,
    by: Person,
) -> None:
    """Answer it in writing; `amount_minor` puts it right in money, in the worker's currency.

    Raises Forbidden for who decided what it is about, Conflict if it was answered.
    """
    require_person(by)
    text = threads.require_text(text, field="answer")
    if by.id in deciders(session, dispute):
        raise Forbidden("You took part in this, so somebody else answers.")
    if amount_minor and finding is not Finding.upheld:
        fault = say("Money puts right what was wrong: say so.")
        raise Invalid(fault, fields={"amount": fault})
    answered = changed(
        session,
        sa.update(Dispute)
        .where(Dispute.id == dispute.id, Dispute.answered_at.is_(None))
        .values(finding=finding, answer=text, answered_by=by.id, answered_at=clock.now())
        .execution_options(synchronize_session=False),
    )
    if not answered:
        raise Conflict(ANSWERED)
    session.refresh(dispute)
    if amount_minor:
        _put_right(session, dispute, amount_minor, by=by)
    _record(session, "dispute.answered", dispute, by, finding=finding.value)


def deciders(session: Session, dispute: Dispute) -> set[int]:
    """Return who may not answer: who decided it, and who objects."""
    mine = {dispute.person_id}
    if dispute.subject is None or dispute.about is About.statement:
        return mine
    act = explained.find(session, dispute.person_id, dispute.about, dispute.subject)
    return mine | set(act.by)


def currency(session: Session, dispute: Dispute) -> str:
    """Return in which currency the person is paid in this project."""
    earned = ledger.earned(session, person_id=dispute.person_id, project_id=dispute.project_id)
    own = session.get_one(Project, dispute.project_id).currency
    return own if own in earned or not earned else min(earned)


def find(session: Session, project_id: int, dispute_id: int) -> Dispute:
    """Return a dispute of this project; raises NotFound."""
    dispute = session.get(Dispute, dispute_id)
    if dispute is None or dispute.project_id != project_id:
        raise NotFound("There is no such dispute.")
    return dispute


def open_in(session: Session, project_id: int) -> Sequence[Dispute]:
    """Return what waits for an answer in a project, what is due first before the rest."""
    waits = Dispute.project_id == project_id, Dispute.answered_at.is_(None)
    query = sa.select(Dispute).where(*waits).order_by(Dispute.answer_until, Dispute.id)
    return session.scalars(query).all()


def of_person(session: Session, person_id: int, *, limit: int = 100) -> Sequence[Dispute]:
    """Return what the person objected to, newest first."""
    query = sa.select(Dispute).where(Dispute.person_id == person_id)
    return session.scalars(query.order_by(Dispute.id.desc()).limit(limit)).all()


def _require_own(
    session: Session, project: Project, about: About, subject: int | None, by: Person
) -> None:
    if about is About.statement and subject is not None:
        statement = statements.find(session, subject, by=by)
        found = statement.project_id
    elif subject is not None:
        if about is About.refusal and refusals.find_own(session, subject, by=by).is_open:
            raise Conflict("This is not decided yet. Please appeal instead.")
        found = explained.find(session, by.id, about, subject).project_id
    else:
        return
    if found != project.id:
        raise NotFound("There is no such decision about you.")


def _put_right(session: Session, dispute: Dispute, amount_minor: int, *, by: Person) -> None:
    earnings.give_bonus(
        session,
        dispute.project_id,
        session.get_one(Person, dispute.person_id),
        currency(session, dispute),
        amount_minor,
        reason=dispute.answer,
        source=f"dispute:{dispute.id}",
        by=by,
    )


def _record(session: Session, kind: str, dispute: Dispute, by: Person, **data: object) -> None:
    events.record(
        session,
        kind,
        person_id=by.id,
        project_id=dispute.project_id,
        subject=dispute.id,
        about=dispute.about.value,
        **data,
    )
