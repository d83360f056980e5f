"""Evaluations: that the automated systems were looked at together with those whom they concern.

Directive (EU) 2024/2831, Art. 10, asks for one every two years at least, with the workers'
representatives. A program cannot evaluate itself: what is kept is that people did, when, with whom,
and what they found. Appended, never altered.
"""

from collections.abc import Sequence
from datetime import date, datetime

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict
from sqlalchemy.orm import Mapped, Session

from labeler import clock, events
from labeler.errors import Forbidden, Invalid
from labeler.people import words
from labeler.people.accounts import Person
from labeler.said import say
from labeler.schema import Base, Id, reference

EVERY_YEARS = 2
"""How long after one the next is due."""


class Evaluation(Base):
    """What people found when they evaluated the systems, and who they were."""

    __tablename__ = "evaluations"

    id: Mapped[Id]
    held_on: Mapped[date]
    participants: Mapped[str]
    text: Mapped[str]
    noted_by: Mapped[int] = reference("people.id")
    noted_at: Mapped[datetime]

    @property
    def next_on(self) -> date:
        """By which day the next one is due."""
        year = self.held_on.year + EVERY_YEARS
        return date(year, self.held_on.month, min(self.held_on.day, 28))


class EvaluationDraft(BaseModel):
    """An evaluation as an administrator writes it down."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    held_on: date
    participants: str
    text: str


def note(session: Session, draft: EvaluationDraft, *, by: Person) -> Evaluation:
    """Write an evaluation down; what was written down just before is not written again.

    Raises Forbidden to all but administrators, Invalid.
    """
    require_may_note(by)
    said = words.require(
        {"participants": draft.participants, "text": draft.text}, line="participants"
    )
    if draft.held_on > clock.now().date():
        fault = say("This day is yet to come.")
        raise Invalid("Please look at the marked fields.", fields={"held_on": fault})
    content = {"held_on": draft.held_on, **said}
    last = next(iter(of_site(session)), None)
    if last is not None and content == {name: getattr(last, name) for name in content}:
        return last
    made = Evaluation(noted_by=by.id, noted_at=clock.now(), **content)
    session.add(made)
    session.flush()
    held_on = draft.held_on.isoformat()
    events.record(session, "evaluation.noted", person_id=by.id, subject=made.id, held_on=held_on)
    return made


def require_may_note(by: Person) -> None:
    """Raise Forbidden unless the person may write evaluations down."""
    if not by.is_admin:
        raise Forbidden("Only administrators write evaluations down.")


def of_site(session: Session) -> Sequence[Evaluation]:
    """Return all evaluations, the one that was written down last first."""
    return session.scalars(sa.select(Evaluation).order_by(Evaluation.id.desc())).all()


def due_on(found: Sequence[Evaluation]) -> date | None:
    """Return by which day the next one is due; None if there never was one."""
    return max((each.next_on for each in found), default=None)
