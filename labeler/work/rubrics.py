"""Rubrics: the numbered form that a judgment fills in, and what its answers mean.

A scale has 2 to 9 steps, symmetric: step 1 says that the answer at place A is much better, the
last step that the one at place B is. An odd scale has "about the same" in its middle; an even one
may offer it beside the scale. "Both are bad" is never a point of the scale.
"""

import enum
from dataclasses import dataclass
from datetime import datetime
from typing import Self

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy.orm import Mapped, Session

from labeler import clock
from labeler.errors import Invalid
from labeler.people.accounts import Person
from labeler.said import say, say_number
from labeler.schema import Base, Id, reference

LONGEST_REASON = 10_000


class ReasonRule(enum.Enum):
    """Whether a judgment says why."""

    none = "none"
    """Not asked."""
    optional = "optional"
    """Asked; may stay empty."""
    required = "required"
    """Asked; at least the rubric's minimum length."""


class Verdict(enum.Enum):
    """What a judgment says of a pair."""

    preference = "preference"
    """One answer is better."""
    tie = "tie"
    """They are about the same."""
    both_bad = "both_bad"
    """Neither will do."""


_NO_MIDDLE = say("An odd number of steps has a middle: allow ties or take one less")


class RubricDraft(BaseModel):
    """The rubric as an owner writes it, in a form, a TOML file or JSON."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    steps: int = Field(7, ge=2, le=9, description="Steps of the scale.")
    tie: bool = Field(True, description="Whether 'about the same' may be said.")
    both_bad: bool = Field(True, description="Whether 'both are bad' may be said.")
    reason: ReasonRule = Field(ReasonRule.optional, description="Whether a reason is asked.")
    reason_min: int = Field(0, ge=0, le=2000, description="Fewest characters of a reason.")

    @model_validator(mode="after")
    def _middle(self) -> Self:
        if self.steps % 2 and not self.tie:
            raise ValueError(_NO_MIDDLE)
        return self


class Rubric(Base):
    """One version of a project's form; judgments cite its number."""

    __tablename__ = "rubrics"
    __table_args__ = (
        sa.UniqueConstraint("project_id", "number"),
        sa.CheckConstraint("steps BETWEEN 2 AND 9", name="steps"),
    )

    id: Mapped[Id]
    project_id: Mapped[int] = reference("projects.id")
    number: Mapped[int]
    steps: Mapped[int]
    tie: Mapped[bool]
    both_bad: Mapped[bool]
    reason: Mapped[ReasonRule]
    reason_min: Mapped[int]
    created_by: Mapped[int] = reference("people.id")
    created_at: Mapped[datetime]


@dataclass(frozen=True)
class Answer:
    """What somebody says of a pair as they see it: a step, or one of the other two words."""

    verdict: Verdict
    step: int | None
    place: int | None
    """0 when the answer at A is better, 1 when the one at B is; None when neither."""
    strength: int | None
    """Steps away from the middle, from 1; None when neither is better."""
    reason: str


def publish(session: Session, project_id: int, draft: RubricDraft, *, by: Person) -> Rubric:
    """Add the next version of the form."""
    last = session.scalar(
        sa.select(sa.func.max(Rubric.number)).where(Rubric.project_id == project_id)
    )
    rubric = Rubric(
        project_id=project_id,
        number=(last or 0) + 1,
        created_by=by.id,
        created_at=clock.now(),
        **draft.model_dump(),
    )
    session.add(rubric)
    session.flush()
    return rubric


# Made once: that costs more than to run it.
_VERSION = sa.select(Rubric).where(
    Rubric.project_id == sa.bindparam("project"), Rubric.number == sa.bindparam("number")
)


def version(session: Session, project_id: int, number: int) -> Rubric:
    """Return one version of the form."""
    return session.scalars(_VERSION, {"project": project_id, "number": number}).one()


def read_answer(rubric: Rubric, choice: str | int | None, reason: str = "") -> Answer:
    """Read a filled-in form: `choice` is a step, "tie" or "both_bad". Raises Invalid by field."""
    faults: dict[str, str] = {}
    reading = _read_choice(rubric, choice)
    if reading is None:
        faults["choice"] = say("Please choose one of the steps.")
    reason = reason.strip()
    fault = _reason_fault(rubric, reason)
    if fault:
        faults["reason"] = fault
    if reading is None or faults:
        raise Invalid("Something is missing in your judgment.", fields=faults)
    verdict, step = reading
    place, strength = _side(rubric, step)
    return Answer(verdict, step, place, strength, reason)


def _read_choice(rubric: Rubric, choice: str | int | None) -> tuple[Verdict, int | None] | None:
    if choice == Verdict.both_bad.value and rubric.both_bad:
        return Verdict.both_bad, None
    if choice == Verdict.tie.value and rubric.tie:
        return Verdict.tie, None
    said = str(choice)
    if len(said) != 1 or said not in "123456789" or int(said) > rubric.steps:
        return None
    step = int(said)
    return (Verdict.tie if _side(rubric, step)[0] is None else Verdict.preference), step


def _side(rubric: Rubric, step: int | None) -> tuple[int | None, int | None]:
    """Return the place that a step prefers and by how many steps."""
    if step is None or 2 * step == rubric.steps + 1:
        return None, None
    if 2 * step <= rubric.steps:
        return 0, rubric.steps // 2 - step + 1
    return 1, step - (rubric.steps + 1) // 2


def _reason_fault(rubric: Rubric, reason: str) -> str | None:
    if len(reason) > LONGEST_REASON:
        return say("At most %(most)s characters.", most=LONGEST_REASON)
    if "\x00" in reason or any("\ud800" <= sign <= "\udfff" for sign in reason):
        return say("The reason holds a character that cannot be stored.")
    if rubric.reason is ReasonRule.required and len(reason) < max(1, rubric.reason_min):
        least = max(1, rubric.reason_min)
        return say_number(
            "Please say why, in at least %(num)s character.",
            "Please say why, in at least %(num)s characters.",
            least,
        )
    return None
