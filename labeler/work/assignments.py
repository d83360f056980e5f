"""Assignments: promises, until a deadline, to judge one comparison.

One may be reserved while another is open: drawn ahead, so that it is there before it is wanted. It
takes its slot like an open one, and lapses like one; its clock starts when it is shown.

Deadlines are kept by the database's clock and looked at when the next one claims (see `queue`):
no sweeper has to run. What is judged after its deadline counts if nobody else was given it.
"""

import enum
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column
from sqlalchemy.orm.attributes import set_committed_value

from labeler.errors import Conflict, NotFound
from labeler.people.accounts import Person
from labeler.said import say
from labeler.schema import NOW, Base, Id, reference
from labeler.work import comparisons, tallies
from labeler.work.comparisons import Comparison
from labeler.work.projects import Project

IS_OPEN = sa.text("state = 'open'")
IS_RESERVED = sa.text("state = 'reserved'")
IN_HAND = sa.text("state IN ('open', 'reserved')")
AT_ONCE = 200
"""How many overdue assignments one claim gives back to the queue."""


class AssignmentState(enum.Enum):
    """What became of the promise."""

    reserved = "reserved"
    """Drawn ahead; its clock starts when it is shown."""
    open = "open"
    """Waiting to be judged."""
    judged = "judged"
    """Kept."""
    skipped = "skipped"
    """Handed back with a reason."""
    expired = "expired"
    """Past its deadline; the comparison was given back to the queue."""


HELD = (AssignmentState.open, AssignmentState.reserved)
"""States in which an assignment has its slot, and may still be given back to the queue."""
ALREADY = {
    AssignmentState.reserved: say("This comparison waits for you."),
    AssignmentState.open: say("You have this comparison in hand."),
    AssignmentState.judged: say("You have already judged this comparison."),
    AssignmentState.skipped: say("You have already skipped this comparison."),
    AssignmentState.expired: say("Your time for this comparison was over."),
}
"""What to say to whoever wants to do once more what is done."""


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
        sa.UniqueConstraint("comparison_id", "person_id", "is_repeat"),
        sa.Index(
            "uq_assignments_open",
            "project_id",
            "person_id",
            unique=True,
            sqlite_where=IS_OPEN,
            postgresql_where=IS_OPEN,
        ),
        sa.Index(
            "uq_assignments_reserved",
            "project_id",
            "person_id",
            unique=True,
            sqlite_where=IS_RESERVED,
            postgresql_where=IS_RESERVED,
        ),
        sa.Index(
            "ix_assignments_deadline",
            "project_id",
            "deadline",
            sqlite_where=IN_HAND,
            postgresql_where=IN_HAND,
        ),
        sa.Index("ix_assignments_project", "project_id", "state", "skip_reason"),
        sa.Index("ix_assignments_person", "person_id", "project_id", "id"),
    )

    id: Mapped[Id]
    project_id: Mapped[int] = reference("projects.id")
    comparison_id: Mapped[int] = reference("comparisons.id")
    person_id: Mapped[int] = reference("people.id")
    is_repeat: Mapped[bool] = mapped_column(default=False)
    """Whether the person judged it before and is asked again to see how steady they are."""
    state: Mapped[AssignmentState]
    places: Mapped[list[int]]
    guideline_number: Mapped[int]
    rubric_number: Mapped[int]
    pay_minor: Mapped[int] = mapped_column(sa.BigInteger())
    currency: Mapped[str]
    rate_id: Mapped[int | None] = reference("rates.id")
    """The rate that holds for it; None of what was given out before there were rates."""
    opened_at: Mapped[datetime]
    """When it was shown; until then, when it was drawn."""
    deadline: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    skip_reason: Mapped[SkipReason | None]
    sent_back_at: Mapped[datetime | None]
    """Since when a reviewer waits for the person to look again at what they said."""
    qualification_id: Mapped[int | None] = reference("qualifications.id")
    """The attempt of which this is a question."""
    told_at: Mapped[datetime | None]
    """When they were told the known answer, or who answered; from then on what they said stays."""

    @property
    def took_ms(self) -> int:
        """How long it took to judge; a change of mind later on adds nothing."""
        assert self.closed_at is not None
        took = (self.closed_at - self.opened_at).total_seconds()
        return max(0, int(took * 1000))  # a clock may be set back


def find(session: Session, assignment_id: int, *, by: Person) -> Assignment:
    """Return the person's own assignment; raises NotFound."""
    assignment = session.get(Assignment, assignment_id)
    if assignment is None or assignment.person_id != by.id:
        raise NotFound("There is no such assignment.")
    return assignment


def open_of(session: Session, project: Project, person: Person) -> Assignment | None:
    """Return what the person has been given in this project and has not finished."""
    return held_by(session, project, person, AssignmentState.open)


def held_by(
    session: Session, project: Project, person: Person, state: AssignmentState
) -> Assignment | None:
    """Return what the person has in this state, open or reserved, of which there is one at most."""
    which = Assignment.project_id == project.id, Assignment.person_id == person.id
    return session.scalar(sa.select(Assignment).where(*which, Assignment.state == state))


def prolong(session: Session, project: Project, held: int, now: datetime) -> Assignment | None:
    """Give a held assignment its whole time again; None when it was taken away just now."""
    whole = now + timedelta(seconds=project.time_limit_s)
    later = sa.case((Assignment.deadline > whole, Assignment.deadline), else_=whole)
    return session.scalars(
        sa.update(Assignment)
        .where(Assignment.id == held, IN_HAND)
        .values(deadline=later)
        .returning(Assignment)
        .execution_options(synchronize_session=False, populate_existing=True)
    ).one_or_none()


def show(session: Session, project: Project, reserved: int, now: datetime) -> Assignment | None:
    """Start the clock of what was drawn ahead; None when it was withdrawn or taken away.

    Also while its person has another one open.
    """
    withdrawn = sa.select(Comparison.id).where(Comparison.withdrawn_at.is_not(None))
    there = Assignment.comparison_id.not_in(
        withdrawn.where(Comparison.id == Assignment.comparison_id)
    )
    return _start(session, reserved, now, now + timedelta(seconds=project.time_limit_s), there)


def show_late(session: Session, assignment: Assignment, *, active_ms: int) -> None:
    """Start the clock of what was drawn ahead, and shown where there was no connection.

    That was `active_ms` ago, as the browser tells, but not before it was drawn. Raises Conflict
    while its person has another one open.
    """
    now = session.scalars(sa.select(NOW)).one()
    shown = max(assignment.opened_at, now - timedelta(milliseconds=max(0, active_ms)))
    if _start(session, assignment.id, shown, assignment.deadline) is None:
        session.refresh(assignment)
        if assignment.state is AssignmentState.reserved:
            raise Conflict("You have begun another one, which comes first.")


def _start(
    session: Session,
    reserved: int,
    shown: datetime,
    deadline: datetime,
    *conditions: sa.ColumnElement[bool],
) -> Assignment | None:
    other = aliased(Assignment)
    begun = sa.exists().where(
        other.project_id == Assignment.project_id,
        other.person_id == Assignment.person_id,
        other.state == AssignmentState.open,
    )
    return session.scalars(
        sa.update(Assignment)
        .where(Assignment.id == reserved, IS_RESERVED, ~begun, *conditions)
        .values(state=AssignmentState.open, opened_at=shown, deadline=deadline)
        .returning(Assignment)
        .execution_options(synchronize_session=False, populate_existing=True)
    ).one_or_none()


def skip(session: Session, assignment: Assignment, reason: SkipReason) -> None:
    """Hand an assignment back with a reason. Doing it again with the same reason is no error."""
    if any(close(session, assignment, held, AssignmentState.skipped, reason) for held in HELD):
        lane_id = _give_back(session, [assignment])[assignment.comparison_id]
        _tally(session, assignment, lane_id, given=-1, skipped=1)
    elif close(session, assignment, AssignmentState.expired, AssignmentState.skipped, reason):
        # Its slot went back when it expired.
        _tally(
            session, assignment, comparisons.lane_of(session, assignment.comparison_id), skipped=1
        )
    elif (assignment.state, assignment.skip_reason) != (AssignmentState.skipped, reason):
        raise Conflict(ALREADY[assignment.state])


def close(
    session: Session,
    assignment: Assignment,
    expected: AssignmentState,
    state: AssignmentState,
    skip_reason: SkipReason | None = None,
) -> bool:
    """Move the assignment on if it still is as expected; False when something came first."""
    moved = {"this": assignment.id, "was": expected, "becomes": state, "why": skip_reason}
    closed_at = session.scalar(_CLOSE, moved)
    if closed_at is None:
        session.refresh(assignment)
        return False
    now = {"state": state, "skip_reason": skip_reason, "closed_at": closed_at}
    for name, value in now.items():
        set_committed_value(assignment, name, value)
    return True


def expire(session: Session, project: Project) -> None:
    """Give back to the queue what was not judged in time."""
    overdue = (
        sa.select(Assignment.id)
        .join(Comparison, Comparison.id == Assignment.comparison_id)
        .where(Assignment.project_id == project.id, IN_HAND, Assignment.deadline < NOW)
        .limit(AT_ONCE)
        # Both rows or neither: to wait for one of them while holding others could be for ever.
        .with_for_update(skip_locked=True, key_share=True)
    )
    _lapse(session, Assignment.id.in_(overdue), IN_HAND)


def take_back(session: Session, held: Sequence[int]) -> None:
    """Give back to the queue what people hold, open or drawn ahead, as it is not for them now."""
    _lapse(session, Assignment.id.in_(held), IN_HAND)


def release(session: Session, reserved: int) -> None:
    """Give back to the queue what was drawn ahead, if it was not shown meanwhile."""
    _lapse(session, Assignment.id == reserved, IS_RESERVED)


def release_all(session: Session, person: Person) -> None:
    """Give back to the queue whatever the person holds, in every project."""
    _lapse(session, Assignment.person_id == person.id, IN_HAND)


def _lapse(session: Session, *which: Any) -> None:
    lapsed = session.scalars(
        sa.update(Assignment)
        .where(*which)
        .values(state=AssignmentState.expired, closed_at=NOW)
        .returning(Assignment)
        .execution_options(synchronize_session=False, populate_existing=True)
    ).all()
    found = _give_back(session, lapsed)
    for each in sorted(lapsed, key=lambda each: (each.person_id, each.id)):
        _tally(session, each, found[each.comparison_id], given=-1)


def _give_back(session: Session, closed: Sequence[Assignment]) -> dict[int, int]:
    """Give back the slots of assignments that had one; return the lane of each comparison."""
    held = [each.comparison_id for each in closed if not each.is_repeat]
    again = [each.comparison_id for each in closed if each.is_repeat]
    lanes = {each: comparisons.lane_of(session, each) for each in again}
    return lanes | comparisons.give_back_slots(session, held)


def _tally(session: Session, assignment: Assignment, lane_id: int, **by: int) -> None:
    tallies.add(
        session,
        project_id=assignment.project_id,
        person_id=assignment.person_id,
        lane_id=lane_id,
        **by,
    )


# Made once: that costs more than to run it.
_TABLE: Any = Assignment.__table__
_CLOSE = (
    sa.update(_TABLE)
    .where(
        _TABLE.c.id == sa.bindparam("this"),
        _TABLE.c.state == sa.bindparam("was", type_=_TABLE.c.state.type),
    )
    .values(
        state=sa.bindparam("becomes", type_=_TABLE.c.state.type),
        closed_at=NOW,
        skip_reason=sa.bindparam("why", type_=_TABLE.c.skip_reason.type),
    )
    .returning(_TABLE.c.closed_at)
)
