"""Opt-ins: what of sensitive content somebody is willing to read, of each kind up to which level.

Without a row it is nothing. The choice is a person's own: nobody else can make it, whatever their
role, and it holds over all projects. Where somebody takes back what they chose, or wants no more of
it today, what they hold of it goes back to the queue in the same transaction, and counts neither as
skipped nor against them. One row for each person is changed in place; every change is an event.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Mapped, Session

from labeler import clock, events
from labeler.errors import Invalid
from labeler.pay import worktime
from labeler.people.accounts import Person
from labeler.said import say
from labeler.schema import Base, dialect_of, reference
from labeler.text import sensitive
from labeler.text.sensitive import Category, Level
from labeler.work import assignments
from labeler.work.assignments import IN_HAND, IS_OPEN, Assignment
from labeler.work.comparisons import Comparison
from labeler.work.lanes import Lane

ADULTS = say("Only for those who are 18 or older.")


class OptIn(Base):
    """What a person chose to read; without a row, nothing."""

    __tablename__ = "opt_ins"

    person_id: Mapped[int] = reference("people.id", primary_key=True)
    levels: Mapped[str]
    """Up to which level of each kind, as `text.sensitive` writes it."""
    stopped_until: Mapped[datetime | None]
    """Until when they want none of it whatever they chose."""
    set_at: Mapped[datetime]


class Choice(BaseModel):
    """What somebody is willing to read: of each kind up to which level, 0 for none."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    violence: int = Field(0, ge=0, le=max(Level))
    sexual: int = Field(0, ge=0, le=max(Level))
    self_harm: int = Field(0, ge=0, le=max(Level))
    hate: int = Field(0, ge=0, le=max(Level))
    abuse: int = Field(0, ge=0, le=max(Level))
    shock: int = Field(0, ge=0, le=max(Level))
    other: int = Field(0, ge=0, le=max(Level))
    is_adult: bool = False
    """Whether they say that they are 18 or older."""

    @property
    def levels(self) -> str:
        """The choice as it is written down."""
        return sensitive.written({name: getattr(self, name) for name in Category})


def of_person(session: Session, person: Person) -> OptIn:
    """Return what the person chose, which may be nothing."""
    return session.get(OptIn, person.id) or OptIn(person_id=person.id, levels="")


def held(session: Session, person: Person) -> Sequence[Assignment]:
    """Return what the person has open that is sensitive, over all projects."""
    return session.scalars(_theirs(person, IS_OPEN).order_by(Assignment.id)).all()


def choose(session: Session, choice: Choice, *, by: Person) -> bool:
    """Choose what one reads from now on; False if it is so already.

    What one holds beyond it goes back to the queue. Raises Invalid to whoever chooses something and
    does not say that they are of age.
    """
    if choice.levels and not choice.is_adult:
        raise Invalid(ADULTS, fields={"is_adult": ADULTS})
    found = _row(session, by)
    if found.levels == choice.levels:
        return False
    before, found.levels, found.set_at = found.levels, choice.levels, clock.now()
    session.add(found)
    session.flush()
    _hand_back(session, by, found.levels)
    events.record(session, "sensitive.chosen", person_id=by.id, levels=found.levels, before=before)
    return True


def stop_today(session: Session, *, by: Person) -> bool:
    """Read no more of it until midnight, UTC; False if it is so already."""
    now = clock.now()
    midnight = worktime.midnight(now.date()) + timedelta(days=1)
    found = _row(session, by)
    if found.stopped_until == midnight:
        return False
    found.stopped_until, found.set_at = midnight, now
    session.add(found)
    session.flush()
    _hand_back(session, by, "")
    events.record(session, "sensitive.stopped", person_id=by.id, until=midnight.isoformat())
    return True


def spares(session: Session, assignment: Assignment, person: Person) -> bool:
    """Say whether the person does not want to read this now."""
    content = session.scalars(
        sa.select(Lane.sensitive)
        .join(Comparison, Comparison.lane_id == Lane.id)
        .where(Comparison.id == assignment.comparison_id)
    ).one()
    chosen = of_person(session, person)
    stopped = chosen.stopped_until is not None and chosen.stopped_until > clock.now()
    return bool(content) and (stopped or not sensitive.covers(chosen.levels, content))


def still(session: Session, person_id: int, levels: str, stopped_until: datetime | None) -> bool:
    """Say whether this is what the person chose, and let it stay so until the transaction ends.

    Whoever takes it back meanwhile waits, and finds what was given in between.
    """
    if dialect_of(session) == "sqlite":  # there is one writer
        return True
    row = session.execute(_HELD, {"person": person_id}).one_or_none()
    return row is not None and (row.levels, row.stopped_until) == (levels, stopped_until)


def _row(session: Session, person: Person) -> OptIn:
    found = session.get(OptIn, person.id, with_for_update=True)
    return found or OptIn(person_id=person.id, levels="")


def _hand_back(session: Session, person: Person, levels: str) -> None:
    """Give back to the queue what the person holds of it that these levels do not cover."""
    held = _theirs(person, IN_HAND).with_only_columns(Assignment.id, Lane.sensitive)
    found = session.execute(held)
    beyond = [each for each, content in found if not sensitive.covers(levels, content)]
    if beyond:
        assignments.take_back(session, beyond)


def _theirs(person: Person, state: sa.TextClause) -> sa.Select[Assignment]:
    """Return what a person has in this state that is sensitive, over all projects."""
    return (
        sa.select(Assignment)
        .join(Comparison, Comparison.id == Assignment.comparison_id)
        .join(Lane, Lane.id == Comparison.lane_id)
        .where(Assignment.person_id == person.id, state, Lane.sensitive != "")
    )


# Made once: that costs more than to run it.
_HELD = (
    sa.select(OptIn.levels, OptIn.stopped_until)
    .where(OptIn.person_id == sa.bindparam("person", type_=sa.BigInteger()))
    .with_for_update(read=True)
)
