"""Assignments: promises, until a deadline, to judge one comparison.

A claim takes a slot with an UPDATE that repeats what it expects, so that a comparison never gets
more judgments than wanted; a constraint keeps anybody from seeing one twice, and another from
holding two at once. Deadlines are looked at in the claim itself: no sweeper has to run.
"""

import enum
import secrets
import time
from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from labeler import clock
from labeler.errors import Busy, Conflict, NotFound
from labeler.people.accounts import Person
from labeler.schema import Base, Id, changed, reference
from labeler.work import batches, comparisons
from labeler.work.comparisons import OPEN, Comparison
from labeler.work.projects import Project, ProjectState

TOP = 2**62
IS_OPEN = sa.text("state = 'open'")


class AssignmentState(enum.Enum):
    """What became of the promise."""

    open = "open"
    """Waiting to be judged."""
    judged = "judged"
    """Kept."""
    skipped = "skipped"
    """Handed back with a reason."""
    expired = "expired"
    """Past its deadline; the comparison was given back to the queue."""


class SkipReason(enum.Enum):
    """Why somebody would rather not judge a comparison."""

    language = "language"
    """I do not read this language well enough."""
    subject = "subject"
    """I do not know enough about the subject."""
    broken = "broken"
    """Something is broken or cannot be read."""
    distressing = "distressing"
    """I do not want to read this."""
    personal = "personal"
    """It shows personal data."""
    other = "other"
    """Another reason."""


class Assignment(Base):
    """One comparison given to one person. `places` says which response stands at A, B, …"""

    __tablename__ = "assignments"
    __table_args__ = (
        sa.UniqueConstraint("comparison_id", "person_id"),
        sa.Index(
            "uq_assignments_open",
            "project_id",
            "person_id",
            unique=True,
            sqlite_where=IS_OPEN,
            postgresql_where=IS_OPEN,
        ),
        sa.Index(
            "ix_assignments_deadline",
            "project_id",
            "deadline",
            sqlite_where=IS_OPEN,
            postgresql_where=IS_OPEN,
        ),
        sa.Index("ix_assignments_project", "project_id", "state", "skip_reason"),
    )

    id: Mapped[Id]
    project_id: Mapped[int] = reference("projects.id")
    comparison_id: Mapped[int] = reference("comparisons.id")
    person_id: Mapped[int] = reference("people.id", index=True)
    state: Mapped[AssignmentState]
    places: Mapped[list[int]]
    guideline_number: Mapped[int]
    rubric_number: Mapped[int]
    pay_minor: Mapped[int] = mapped_column(sa.BigInteger())
    currency: Mapped[str]
    opened_at: Mapped[datetime]
    deadline: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    skip_reason: Mapped[SkipReason | None]


def claim(session: Session, project: Project, *, by: Person) -> Assignment | None:
    """Return the assignment that the person holds, else the next one, else None.

    Raises Conflict while the project gives out no work.
    """
    _one_claim_at_a_time(session, by)
    held = open_of(session, project, by)
    if held is not None and _prolong(session, project, held):
        return held
    if project.state is not ProjectState.active:
        raise Conflict(f"This project is {project.state.value}: there is no work just now.")
    expire(session, project)
    comparison = _next(session, project, by)
    return None if comparison is None else _open(session, project, comparison, by)


def find(session: Session, assignment_id: int, *, by: Person) -> Assignment:
    """Return the person's own assignment; raises NotFound."""
    assignment = session.get(Assignment, assignment_id)
    if assignment is None or assignment.person_id != by.id:
        raise NotFound("There is no such assignment.")
    return assignment


def open_of(session: Session, project: Project, person: Person) -> Assignment | None:
    """Return what the person has been given in this project and has not finished."""
    return session.scalar(
        sa.select(Assignment).where(
            Assignment.project_id == project.id, Assignment.person_id == person.id, IS_OPEN
        )
    )


def skip(session: Session, assignment: Assignment, reason: SkipReason) -> None:
    """Hand an assignment back with a reason. Doing it again with the same reason is no error."""
    if close(session, assignment, AssignmentState.open, AssignmentState.skipped, reason):
        comparisons.give_back_slots(session, [assignment.comparison_id])
    elif close(session, assignment, AssignmentState.expired, AssignmentState.skipped, reason):
        pass  # its slot went back when it expired
    elif (assignment.state, assignment.skip_reason) != (AssignmentState.skipped, reason):
        raise Conflict(f"This comparison is already {assignment.state.value}.")


def close(
    session: Session,
    assignment: Assignment,
    expected: AssignmentState,
    state: AssignmentState,
    skip_reason: SkipReason | None = None,
) -> bool:
    """Move the assignment on if it still is as expected; False when something came first."""
    moved = changed(
        session,
        sa.update(Assignment)
        .where(Assignment.id == assignment.id, Assignment.state == expected)
        .values(state=state, closed_at=clock.now(), skip_reason=skip_reason)
        .execution_options(synchronize_session=False),
    )
    session.refresh(assignment)
    return bool(moved)


def expire(session: Session, project: Project) -> None:
    """Give back to the queue what was not judged in time."""
    overdue = (
        sa.select(Assignment.id)
        .join(Comparison, Comparison.id == Assignment.comparison_id)
        .where(Assignment.project_id == project.id, IS_OPEN, Assignment.deadline < clock.now())
        # Both rows or neither: to wait for one of them while holding others could be for ever.
        .with_for_update(skip_locked=True, key_share=True)
    )
    lapsed = session.scalars(
        sa.update(Assignment)
        .where(Assignment.id.in_(overdue), IS_OPEN)
        .values(state=AssignmentState.expired, closed_at=clock.now())
        .returning(Assignment.comparison_id)
        .execution_options(synchronize_session=False)
    ).all()
    comparisons.give_back_slots(session, lapsed)


def _one_claim_at_a_time(session: Session, person: Person) -> None:
    # Two tabs of one person: the second waits here and then finds what the first was given.
    session.execute(
        sa.select(Person.id).where(Person.id == person.id).with_for_update(key_share=True)
    )


def _prolong(session: Session, project: Project, held: Assignment) -> bool:
    """Give a held assignment its whole time again; False when it was taken away just now."""
    kept = changed(
        session,
        sa.update(Assignment)
        .where(Assignment.id == held.id, IS_OPEN)
        .values(deadline=max(held.deadline, _deadline(project)))
        .execution_options(synchronize_session=False),
    )
    session.refresh(held)
    return bool(kept)


def _next(session: Session, project: Project, person: Person) -> Comparison | None:
    for _ in range(20):
        found = _draw(session, project, person, is_gold=False, lock=True)
        if found is not None and secrets.randbelow(10**6) < project.gold_share * 10**6:
            found = _draw(session, project, person, is_gold=True, lock=True) or found
        if found is not None and comparisons.take_slot(session, found.id):
            return found
        if _draw(session, project, person, is_gold=False, lock=False) is None:
            return None
        time.sleep(secrets.randbelow(10) / 1000)  # what is left is in others' hands right now
    raise Busy("Many people are starting at once. Please try again in a moment.")


def _draw(
    session: Session,
    project: Project,
    person: Person,
    *,
    is_gold: bool,
    lock: bool,
) -> Comparison | None:
    """Find an open comparison that the person has not had, from a random start in each batch."""
    start = secrets.randbelow(TOP)
    for batch_id in batches.ready_ids(session, project.id):
        for low, high in ((start, TOP), (0, start)):
            query = _open_from(batch_id, person.id, is_gold, low, high)
            if lock:
                query = query.with_for_update(skip_locked=True, key_share=True, of=Comparison)
            found = session.scalar(query)
            if found is not None:
                return found
    return None


def _open_from(
    batch_id: int, person_id: int, is_gold: bool, low: int, high: int
) -> sa.Select[Comparison]:
    had = sa.select(Assignment.id).where(
        Assignment.comparison_id == Comparison.id, Assignment.person_id == person_id
    )
    return (
        sa.select(Comparison)
        .where(
            Comparison.batch_id == batch_id,
            OPEN,
            Comparison.is_gold == is_gold,
            Comparison.shuffle >= low,
            Comparison.shuffle < high,
            ~had.exists(),
        )
        .order_by(Comparison.shuffle)
        .limit(1)
    )


def _open(session: Session, project: Project, comparison: Comparison, person: Person) -> Assignment:
    assignment = Assignment(
        project_id=project.id,
        comparison_id=comparison.id,
        person_id=person.id,
        state=AssignmentState.open,
        places=_places(session, comparison),
        guideline_number=project.guideline_number,
        rubric_number=project.rubric_number,
        pay_minor=project.pay_minor,
        currency=project.currency,
        opened_at=clock.now(),
        deadline=_deadline(project),
    )
    session.add(assignment)
    session.flush()
    return assignment


def _places(session: Session, comparison: Comparison) -> list[int]:
    """Draw the order of the answers, evening out which one has stood first."""
    places: list[int] = list(
        session.scalars(
            sa.select(comparisons.Response.number)
            .where(comparisons.Response.comparison_id == comparison.id)
            .order_by(comparisons.Response.number)
        )
    )
    secrets.SystemRandom().shuffle(places)
    if comparison.is_gold or len(places) != 2:
        return places
    firsts = [first for first, *_ in _earlier(session, comparison)]
    ahead = firsts.count(0) - firsts.count(1)
    return places if ahead == 0 else [1, 0] if ahead > 0 else [0, 1]


def _earlier(session: Session, comparison: Comparison) -> Sequence[list[int]]:
    counted = (AssignmentState.open, AssignmentState.judged)
    return session.scalars(
        sa.select(Assignment.places).where(
            Assignment.comparison_id == comparison.id, Assignment.state.in_(counted)
        )
    ).all()


def _deadline(project: Project) -> datetime:
    return clock.now() + timedelta(seconds=project.time_limit_s)
