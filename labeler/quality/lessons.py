"""Lessons: what beginners are told at once of the known answers that they have judged.

From then on what they said stays: it cannot be changed into what they were told.
"""

from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler import clock
from labeler.people.accounts import Person
from labeler.work import looks
from labeler.work.assignments import Assignment
from labeler.work.gold import Gold
from labeler.work.judgments import Judgment
from labeler.work.projects import Project
from labeler.work.qualifications import Qualification


class Lesson(NamedTuple):
    """Whether a judgment found the known answer, at which place that stood, and why it is right."""

    is_right: bool
    place: int
    why: str | None


def learn(
    session: Session, assignment: Assignment, judgment: Judgment, *, by: Person
) -> Lesson | None:
    """Return what the person is to be told of a judgment just made; None if nothing.

    Told is what they judge of gold in their first judgments of the work itself, as many as the
    project says.
    """
    if judgment.gold_right is None or assignment.qualification_id is not None:
        return None
    project = session.get_one(Project, assignment.project_id)
    known = session.get_one(Gold, judgment.comparison_id)
    if not project.onboarding or known.unscored_at is not None:
        return None
    if assignment.told_at is None:
        judged = looks.look(session, project, by).judged
        if judged is None or judged > project.onboarding:
            return None
        assignment.told_at = clock.now()
        session.flush()
    return Lesson(judgment.gold_right, assignment.places.index(known.better), known.why)


def result(session: Session, assignment: Assignment, judgment: Judgment) -> Qualification | None:
    """Return the attempt that ended with this judgment; None if none did."""
    return session.scalar(
        sa.select(Qualification)
        .where(Qualification.id == assignment.qualification_id)
        .where(Qualification.asked == Qualification.questions)
        .where(Qualification.ended_at >= judgment.created_at)
        .execution_options(populate_existing=True)
    )
