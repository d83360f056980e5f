"""Qualification as people go through it: where somebody stands, trying again, being let in.

No machine decides that somebody may not work: who has not passed may try again as long as there are
questions for them, and whom they do not let in a person can.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler import clock, events
from labeler.errors import Conflict
from labeler.people.accounts import Person
from labeler.people.memberships import Role
from labeler.work import looks, projects, qualifications, slots
from labeler.work.assignments import Assignment
from labeler.work.comparisons import Comparison
from labeler.work.gold import Gold
from labeler.work.judgments import IS_CURRENT, Judgment
from labeler.work.projects import Project
from labeler.work.qualifications import Qualification
from labeler.work.questions.reason import require_reason


@dataclass(frozen=True)
class Standing:
    """Where an annotator stands before the work itself."""

    attempt: Qualification | None
    """Their latest."""
    questions: int
    """How many are asked in an attempt: in this one, or the next."""
    in_hand: int
    """How many questions they hold."""
    left: int
    """How many questions there are that they have not had."""

    @property
    def has_passed(self) -> bool:
        """Whether the work itself is open to them."""
        return self.attempt is not None and self.attempt.passed_at is not None

    @property
    def is_under_way(self) -> bool:
        """Whether an attempt is begun that has not ended."""
        return self.attempt is not None and self.attempt.ended_at is None

    @property
    def has_ended(self) -> bool:
        """Whether the latest attempt has ended without passing."""
        return self.attempt is not None and not self.has_passed and not self.is_under_way

    @property
    def waits(self) -> bool:
        """Whether there are too few questions left: now it is for a person to let them in."""
        asked = self.attempt.asked if self.attempt is not None and self.is_under_way else 0
        return not self.has_passed and asked + self.in_hand + self.left < self.questions

    @property
    def may_retry(self) -> bool:
        """Whether another attempt can begin."""
        return self.has_ended and not self.waits


class Answered(NamedTuple):
    """A question of an attempt that was answered, with what is known of it."""

    judgment: Judgment
    assignment: Assignment
    gold: Gold
    comparison: Comparison


def standing(session: Session, project: Project, person: Person) -> Standing | None:
    """Return where the person stands; None where nothing is asked of them."""
    if project.qualification_questions is None:
        return None
    if projects.role_in(session, project, person) is not Role.annotator:
        return None
    attempt = _latest(session, project, person)
    if attempt is not None and attempt.passed_at is not None:
        return Standing(attempt, attempt.questions, 0, 0)
    look = looks.look(session, project, person)
    lanes = [lane.id for lane in look.plain]
    under_way = attempt is not None and attempt.ended_at is None
    return Standing(
        attempt,
        attempt.questions if attempt is not None and under_way else project.qualification_questions,
        in_hand=(look.held is not None) + (look.reserved is not None),
        left=slots.count_known(session, lanes, person.id),
    )


def is_new(session: Session, project: Project, person: Person) -> bool:
    """Say whether the person has yet to qualify."""
    found = standing(session, project, person)
    return found is not None and not found.has_passed


def retry(session: Session, project: Project, *, by: Person) -> Qualification:
    """Begin another attempt; the one that is begun, if another window was faster.

    Raises Conflict when there is nothing to try again, or too few questions are left.
    """
    found = standing(session, project, by)
    if found is None or found.attempt is None or found.has_passed:
        raise Conflict("There is nothing to try again here.")
    if found.is_under_way:
        return found.attempt
    if found.waits:
        raise Conflict("There are no more questions for you. A person of the project will look.")
    attempt = found.attempt.attempt + 1
    qualifications.start(session, project, by, attempt=attempt, now=clock.now())
    begun = _latest(session, project, by)
    assert begun is not None
    return begun


def admit(session: Session, project: Project, person: Person, reason: str, *, by: Person) -> None:
    """Let somebody in by hand, with a reason; raises Conflict if the work is open to them already.

    An attempt that they have begun ends with it. What they answered stays paid.
    """
    latest = _latest(session, project, person)
    if not is_new(session, project, person):
        raise Conflict("The work is open to them already.")
    reason = require_reason(reason)
    now = clock.now()
    attempt = latest
    if attempt is None or attempt.ended_at is not None:
        attempt = Qualification(
            project_id=project.id,
            person_id=person.id,
            attempt=latest.attempt + 1 if latest else 1,
            questions=0,
            needed=0,
            asked=0,
            right=0,
            started_at=now,
        )
        session.add(attempt)
    attempt.ended_at, attempt.passed_at, attempt.decided_by = now, now, by.id
    session.flush()
    events.record(
        session,
        "person.admitted",
        person_id=by.id,
        project_id=project.id,
        subject=person.id,
        reason=reason,
    )


def last_ended(session: Session, project: Project, person: Person) -> Qualification | None:
    """Return the latest attempt of the person that has ended."""
    return session.scalar(
        sa.select(Qualification)
        .where(Qualification.project_id == project.id, Qualification.person_id == person.id)
        .where(Qualification.ended_at.is_not(None))
        .order_by(Qualification.attempt.desc())
        .limit(1)
    )


def standings(
    session: Session, project: Project, people: Iterable[Person]
) -> Mapping[int, Standing]:
    """Return where those stand to whom the work itself is not open yet, by person."""
    if project.qualification_questions is None:
        return {}
    passed = set(
        session.scalars(
            sa.select(Qualification.person_id)
            .where(Qualification.project_id == project.id)
            .where(Qualification.passed_at.is_not(None))
        )
    )
    found = {
        person.id: standing(session, project, person)
        for person in people
        if person.id not in passed
    }
    return {person_id: stands for person_id, stands in found.items() if stands is not None}


def answered(session: Session, attempt: Qualification) -> Sequence[Answered]:
    """Return the questions of an attempt that has ended, in the order in which they were given."""
    assert attempt.ended_at is not None, "nothing is told before the last answer is given"
    rows = session.execute(
        sa.select(Judgment, Assignment, Gold, Comparison)
        .join_from(Assignment, Judgment, Judgment.assignment_id == Assignment.id)
        .join(Gold, Gold.comparison_id == Assignment.comparison_id)
        .join(Comparison, Comparison.id == Assignment.comparison_id)
        .where(
            Assignment.project_id == attempt.project_id,
            Assignment.person_id == attempt.person_id,
            Assignment.qualification_id == attempt.id,
            IS_CURRENT,
        )
        .order_by(Assignment.id)
    )
    return [Answered(*row) for row in rows]


def forgive(session: Session, comparison_id: int) -> None:
    """Count a question whose answer was wrong itself as right for everybody who had it wrong."""
    attempts = session.scalars(
        sa.select(Assignment.qualification_id)
        .join(Judgment, Judgment.assignment_id == Assignment.id)
        .where(Assignment.comparison_id == comparison_id)
        .where(Assignment.qualification_id.is_not(None))
        .where(IS_CURRENT, Judgment.gold_right.is_(False))
        .order_by(Assignment.qualification_id)
    )
    for attempt_id in attempts.all():
        attempt = session.get_one(Qualification, attempt_id, with_for_update=True)
        attempt.right += 1
        over = attempt.ended_at is not None and attempt.passed_at is None
        if over and attempt.right >= attempt.needed:
            attempt.passed_at = clock.now()
    session.flush()


def _latest(session: Session, project: Project, person: Person) -> Qualification | None:
    return session.scalar(
        sa.select(Qualification)
        .where(Qualification.project_id == project.id, Qualification.person_id == person.id)
        # One that was passed after it had ended comes before those that were begun since.
        .order_by(Qualification.passed_at.is_(None), Qualification.attempt.desc())
        .limit(1)
        .execution_options(populate_existing=True)
    )
