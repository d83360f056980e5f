"""Adjudications: what a person finds of a comparison, all judgments and their reasons before them.

Appended, never altered; the newest one counts. It stands beside what people said, which it neither
changes nor leaves out, and it touches nobody's pay.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session

from labeler import clock, events
from labeler.errors import Conflict, Invalid
from labeler.people.accounts import Person
from labeler.quality.decisions import wait_for_marks
from labeler.said import say
from labeler.schema import Base, Id, reference
from labeler.work.comparisons import Comparison, Response
from labeler.work.questions.reason import require_reason
from labeler.work.rubrics import Verdict

NEITHER = (Verdict.tie, Verdict.both_bad)


class Adjudication(Base):
    """What a person found of a comparison; `preferred` is a response's number."""

    __tablename__ = "adjudications"
    __table_args__ = (
        sa.Index("ix_adjudications_comparison", "comparison_id", "id"),
        sa.Index("ix_adjudications_project", "project_id", "created_at"),
    )

    id: Mapped[Id]
    project_id: Mapped[int] = reference("projects.id")
    comparison_id: Mapped[int] = reference("comparisons.id")
    verdict: Mapped[Verdict]
    preferred: Mapped[int | None]
    reason: Mapped[str]
    created_by: Mapped[int] = reference("people.id")
    created_at: Mapped[datetime]


class Finding(NamedTuple):
    """What is found: one answer is the best, they are about the same, or none will do."""

    verdict: Verdict
    preferred: int | None


def adjudicate(
    session: Session, comparison: Comparison, finding: Finding, reason: str, *, by: Person
) -> Adjudication:
    """Find for a comparison what releases cut from now on tell of it, whatever the votes say."""
    reason = require_reason(reason)
    if comparison.is_gold:
        raise Invalid("The answer to this one is known already.")
    if comparison.withdrawn_at is not None:
        raise Conflict("This comparison is withdrawn: it is in no later release.")
    wait_for_marks(session)
    found = Adjudication(
        project_id=comparison.project_id,
        comparison_id=comparison.id,
        verdict=finding.verdict,
        preferred=finding.preferred,
        reason=reason,
        created_by=by.id,
        created_at=clock.now(),
    )
    session.add(found)
    session.flush()
    events.record(
        session,
        "comparison.adjudicated",
        person_id=by.id,
        project_id=comparison.project_id,
        subject=comparison.id,
        verdict=finding.verdict.value,
        preferred=finding.preferred,
        reason=reason,
    )
    return found


def read_finding(session: Session, comparison: Comparison, text: str) -> Finding:
    """Read the number of an answer, from 0, or the name of a verdict; raises Invalid."""
    for verdict in NEITHER:
        if text == verdict.value:
            return Finding(verdict, None)
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else -1
    numbers = sa.select(Response.number).where(Response.comparison_id == comparison.id)
    if number not in session.scalars(numbers).all():
        fault = say("Please choose one of these.")
        raise Invalid("Please look at the marked fields.", fields={"finding": fault})
    return Finding(Verdict.preference, number)


def of_comparison(session: Session, comparison_id: int) -> Sequence[tuple[Adjudication, Person]]:
    """Return what was found of a comparison and by whom, newest first: the first one counts."""
    rows = session.execute(
        sa.select(Adjudication, Person)
        .join(Person, Person.id == Adjudication.created_by)
        .where(Adjudication.comparison_id == comparison_id)
        .order_by(Adjudication.id.desc())
    )
    return [(found, person) for found, person in rows]
