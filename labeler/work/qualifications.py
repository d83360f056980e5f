"""Qualifications: people's attempts at known answers that are asked before the work itself.

An attempt is asked so many questions, by the terms that held when it began; each is paid like other
work. It ends with the last of them. Who has not passed may try again, or a person lets them in:
nothing here keeps anybody out for good.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from labeler import clock
from labeler.people.accounts import Person
from labeler.schema import Base, Id, Moment, dialect_of, insert, reference
from labeler.work.assignments import Assignment
from labeler.work.projects import Project

IS_OPEN = sa.text("ended_at IS NULL")


class Qualification(Base):
    """One attempt of one person in one project, counted from 1."""

    __tablename__ = "qualifications"
    __table_args__ = (
        sa.UniqueConstraint("project_id", "person_id", "attempt"),
        sa.Index(
            "uq_qualifications_open",
            "project_id",
            "person_id",
            unique=True,
            sqlite_where=IS_OPEN,
            postgresql_where=IS_OPEN,
        ),
    )

    id: Mapped[Id]
    project_id: Mapped[int] = reference("projects.id")
    person_id: Mapped[int] = reference("people.id")
    attempt: Mapped[int]
    questions: Mapped[int]
    """How many are asked."""
    needed: Mapped[int]
    """How many of them must be right."""
    asked: Mapped[int] = mapped_column(default=0)
    """How many were judged."""
    right: Mapped[int] = mapped_column(default=0)
    """How many of them were right. One whose answer was wrong itself counts as right."""
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    passed_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = reference("people.id")
    """Who let the person in; None where the questions decided."""


def start(
    session: Session, project: Project, person: Person, *, attempt: int, now: datetime
) -> int | None:
    """Begin an attempt by the project's present terms; return its id.

    None if another window was faster, or the project asks no questions any more.
    """
    if project.qualification_questions is None or project.qualification_right is None:
        return None
    begun = insert(dialect_of(session), Qualification).values(
        project_id=project.id,
        person_id=person.id,
        attempt=attempt,
        questions=project.qualification_questions,
        needed=project.qualification_right,
        asked=0,
        right=0,
        started_at=now,
    )
    return session.scalar(begun.on_conflict_do_nothing().returning(Qualification.id))


def count(session: Session, assignment: Assignment, *, asked: int, right: int) -> None:
    """Count a judgment on a question of an attempt, or a change of it; the last one ends it.

    With the end of the attempt the person may be told what was right.
    """
    if assignment.qualification_id is None:
        return
    moment = clock.now()
    now = sa.literal(moment, Moment())
    over = Qualification.asked + asked >= Qualification.questions
    ends = sa.and_(over, Qualification.ended_at.is_(None))
    enough = Qualification.right + right >= Qualification.needed
    passes = sa.and_(over, enough, Qualification.passed_at.is_(None))
    ended_at = session.scalars(
        sa.update(Qualification)
        .where(Qualification.id == assignment.qualification_id)
        .values(
            asked=Qualification.asked + asked,
            right=Qualification.right + right,
            ended_at=sa.case((ends, now), else_=Qualification.ended_at),
            passed_at=sa.case((passes, now), else_=Qualification.passed_at),
        )
        .returning(Qualification.ended_at)
        .execution_options(synchronize_session=False)
    ).one()
    if ended_at is not None:
        _tell(session, assignment, moment)


def _tell(session: Session, assignment: Assignment, moment: datetime) -> None:
    session.execute(
        sa.update(Assignment)
        .where(
            Assignment.project_id == assignment.project_id,
            Assignment.person_id == assignment.person_id,
            Assignment.qualification_id == assignment.qualification_id,
            Assignment.told_at.is_(None),
        )
        .values(told_at=moment)
    )
