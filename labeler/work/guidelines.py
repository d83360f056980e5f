"""Guidelines: a project's instructions in Markdown, in numbered versions that never change."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, defer

from labeler import clock
from labeler.errors import Invalid
from labeler.people.accounts import Person
from labeler.schema import Base, Id, reference
from labeler.work.questions import words

LONGEST = 100_000


class Guideline(Base):
    """One version of a project's instructions; judgments cite its number."""

    __tablename__ = "guidelines"
    __table_args__ = (sa.UniqueConstraint("project_id", "number"),)

    id: Mapped[Id]
    project_id: Mapped[int] = reference("projects.id")
    number: Mapped[int]
    text: Mapped[str]
    created_by: Mapped[int] = reference("people.id")
    created_at: Mapped[datetime]


def publish(session: Session, project_id: int, text: str, *, by: Person) -> Guideline:
    """Add the next version of the instructions."""
    if fault := words.fault(text, LONGEST):
        raise Invalid("The project cannot be used as written.", fields={"guidelines": fault})
    last = session.scalar(
        sa.select(sa.func.max(Guideline.number)).where(Guideline.project_id == project_id)
    )
    guideline = Guideline(
        project_id=project_id,
        number=(last or 0) + 1,
        text=text,
        created_by=by.id,
        created_at=clock.now(),
    )
    session.add(guideline)
    session.flush()
    return guideline


def version(session: Session, project_id: int, number: int) -> Guideline:
    """Return one version of the instructions."""
    return session.scalars(
        sa.select(Guideline).where(Guideline.project_id == project_id, Guideline.number == number)
    ).one()


def versions(session: Session, project_id: int) -> Sequence[Guideline]:
    """Return all versions, by number, without touching their texts."""
    return session.scalars(
        sa.select(Guideline)
        .options(defer(Guideline.text))
        .where(Guideline.project_id == project_id)
        .order_by(Guideline.number)
    ).all()
