"""Rubrics: the numbered form that a judgment fills in, and what its answers mean.

A form is a list of questions in order (see `questions`). One that compares two answers and perhaps
asks why may be written without a list, as a scale and a rule for reasons.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any, Protocol, Self

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy.orm import Mapped, Session

from labeler import clock
from labeler.errors import Invalid
from labeler.people.accounts import Person
from labeler.said import say
from labeler.schema import Base, Id, reference
from labeler.work import questions
from labeler.work.questions import KINDS, MAIN, Question, Questions, ranking, reason
from labeler.work.questions.pairwise import NO_MIDDLE, Chosen, PairwiseDraft, Verdict
from labeler.work.questions.reason import LONGEST_REASON, ReasonDraft, ReasonRule
from labeler.work.questions.seen import Seen

__all__ = [
    "LONGEST_REASON",
    "Answer",
    "ReasonRule",
    "Rubric",
    "RubricDraft",
    "Verdict",
    "exported",
    "filled_in",
    "publish",
    "read",
    "read_answer",
    "read_form",
    "values",
    "version",
]

_PAIR = Seen((0, 1))


_BOTH = say("Write questions, or the scale and the rule for reasons, not both")


class RubricDraft(BaseModel):
    """The rubric as an owner writes it, in a form, a TOML file or JSON.

    Either `questions`, or the other fields: a scale between two answers, and why.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    steps: int = Field(7, ge=2, le=9, description="Steps of the scale.")
    tie: bool = Field(True, description="Whether 'about the same' may be said.")
    both_bad: bool = Field(True, description="Whether 'both are bad' may be said.")
    reason: ReasonRule = Field(ReasonRule.optional, description="Whether a reason is asked.")
    reason_min: int = Field(0, ge=0, le=2000, description="Fewest characters of a reason.")
    questions: Questions = Field(
        (), max_length=len(KINDS), description="All questions in order; then nothing else here."
    )

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if not self.questions:
            if self.steps % 2 and not self.tie:
                raise ValueError(NO_MIDDLE)
        elif self.model_fields_set != {"questions"}:
            raise ValueError(_BOTH)
        elif fault := questions.fault(self.questions):
            raise ValueError(fault)
        return self

    @classmethod
    def of(cls, asked: Questions) -> Self:
        """Return the draft that asks these questions, without a list where that can be."""
        flat = cls._flat(asked)
        return flat if flat is not None and flat.asked == asked else cls(questions=asked)

    @classmethod
    def _flat(cls, asked: Questions) -> Self | None:
        first, why = (*asked, None)[:2]
        if not isinstance(first, PairwiseDraft) or not isinstance(why, ReasonDraft | None):
            return None
        scale = {"steps": first.steps, "tie": first.tie, "both_bad": first.both_bad}
        if why is None:
            return cls(**scale, reason=ReasonRule.none)
        return cls(**scale, reason=why.text, reason_min=why.min)

    @property
    def asked(self) -> Questions:
        """The questions in order."""
        if self.questions:
            return self.questions
        scale = PairwiseDraft(steps=self.steps, tie=self.tie, both_bad=self.both_bad)
        if self.reason is ReasonRule.none:
            return (scale,)
        return scale, ReasonDraft(text=self.reason, min=self.reason_min)


class Rubric(Base):
    """One version of a project's form; judgments cite its number."""

    __tablename__ = "rubrics"
    __table_args__ = (sa.UniqueConstraint("project_id", "number"),)

    id: Mapped[Id]
    project_id: Mapped[int] = reference("projects.id")
    number: Mapped[int]
    questions: Mapped[list[dict[str, Any]]]
    created_by: Mapped[int] = reference("people.id")
    created_at: Mapped[datetime]

    @cached_property
    def asked(self) -> Questions:
        """The questions in order."""
        return questions.parse(self.questions)

    def question(self, kind: str) -> Any:
        """Return the question of this kind, or None."""
        return next((question for question in self.asked if question.kind == kind), None)

    @property
    def pairwise(self) -> PairwiseDraft | None:
        """The scale between two answers, if there is one."""
        found: PairwiseDraft | None = self.question("pairwise")
        return found


@dataclass(frozen=True)
class Answer:
    """What somebody says of a comparison, as they see it and of which response."""

    verdict: Verdict
    step: int | None
    place: int | None
    """0 when the answer at A is better, 1 when the one at B is; None when neither."""
    strength: int | None
    """Steps away from the middle, from 1; None when neither is better."""
    reason: str
    preferred: int | None = None
    """The number of the best response; None when there is none."""
    said: dict[str, Any] | None = None
    """What was said beside the choice and the reason's text, by kind of question."""


class Stated(Protocol):
    """What somebody said, in an answer or as it is stored."""

    @property
    def verdict(self) -> Verdict: ...
    @property
    def step(self) -> int | None: ...
    @property
    def place(self) -> int | None: ...
    @property
    def strength(self) -> int | None: ...
    @property
    def reason(self) -> str: ...
    @property
    def preferred(self) -> int | None: ...
    @property
    def said(self) -> dict[str, Any] | None: ...


def publish(session: Session, project_id: int, draft: RubricDraft, *, by: Person) -> Rubric:
    """Add the next version of the form."""
    last = session.scalar(
        sa.select(sa.func.max(Rubric.number)).where(Rubric.project_id == project_id)
    )
    rubric = Rubric(
        project_id=project_id,
        number=(last or 0) + 1,
        questions=questions.store(draft.asked),
        created_by=by.id,
        created_at=clock.now(),
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


def read_answer(
    rubric: Rubric, choice: str | int | None, why: str = "", seen: Seen = _PAIR
) -> Answer:
    """Read a choice and a reason: `choice` is a step, "tie" or "both_bad". Raises Invalid."""
    return read(rubric, {"pairwise": choice, "reason": _why(why)}, seen)


def _why(text: str) -> reason.Given:
    return reason.Given.model_construct(text=text, tags=[])


def read(rubric: Rubric, given: Mapping[str, Any], seen: Seen) -> Answer:
    """Read what was said, by kind of question; raises Invalid naming every fault."""
    unasked = {kind for kind, said in given.items() if said is not None and kind != "reason"}
    unasked -= {question.kind for question in rubric.asked}
    faults: dict[str, str] = dict.fromkeys(sorted(unasked), say("This is not asked."))
    return _read(rubric, lambda question, _seen: given.get(question.kind), seen, faults)


def read_form(rubric: Rubric, fields: Mapping[str, str], seen: Seen) -> Answer:
    """Read a form that was filled in; raises Invalid by field."""
    left = dict(fields)

    def taken(question: Question, seen: Seen) -> Any:
        return KINDS[question.kind].from_form(question, left, seen)

    faults: dict[str, str] = {}
    answer = _read(rubric, taken, seen, faults)
    if left:
        unknown = dict.fromkeys(left, say("This name is not known here."))
        raise Invalid("There is something else in the form.", fields=unknown)
    return answer


def _read(
    rubric: Rubric,
    taken: Callable[[Question, Seen], Any],
    seen: Seen,
    faults: dict[str, str],
) -> Answer:
    """Read each question, the main one first: others may be about what it found best."""
    values: dict[str, Any] = {}
    asked = [*rubric.asked] if rubric.question("reason") else [*rubric.asked, reason.UNASKED]
    for question in sorted(asked, key=lambda question: question.kind not in MAIN):
        kind = question.kind
        if kind == "edit" and not any(main in values for main in MAIN):
            continue  # nobody knows yet which answer is better
        try:
            values[kind] = KINDS[kind].read(question, taken(question, seen), seen)
        except Invalid as refusal:
            faults |= refusal.fields
        if kind in MAIN and kind in values:
            seen = replace(seen, preferred=_best(values))
    if faults:
        raise Invalid("Something is missing in your judgment.", fields=faults)
    return _answer(values)


def _best(values: Mapping[str, Any]) -> int | None:
    chosen: Chosen | None = values.get("pairwise")
    return ranking.top(values["ranking"]) if chosen is None else chosen.preferred


def _answer(values: dict[str, Any]) -> Answer:
    alone = Verdict.ranking if "ranking" in values else Verdict.criteria
    chosen: Chosen = values.pop("pairwise", Chosen(alone))
    preferred = ranking.top(values["ranking"]) if "ranking" in values else chosen.preferred
    why: reason.Said = values.pop("reason")
    values["reason"] = why.tags or None
    said = {kind: value for kind, value in values.items() if value is not None}
    return Answer(
        chosen.verdict,
        chosen.step,
        chosen.place,
        chosen.strength,
        why.text,
        preferred,
        said or None,
    )


def values(stated: Stated) -> dict[str, Any]:
    """Return what somebody said as each question's value, by its kind."""
    found = dict(stated.said or {})
    tags = found.pop("reason", [])
    if stated.reason or tags:
        found["reason"] = reason.Said(stated.reason, tags)
    if stated.verdict not in (Verdict.ranking, Verdict.criteria):
        found["pairwise"] = Chosen(
            stated.verdict, stated.step, stated.place, stated.preferred, stated.strength
        )
    return found


def exported(stated: Stated) -> dict[str, dict[str, Any]]:
    """Return what was said beside the choice and the reason's text, as records of a dataset."""
    found = {kind: value for kind, value in values(stated).items() if kind in (stated.said or {})}
    return {kind: KINDS[kind].export(value) for kind, value in found.items()}


def filled_in(rubric: Rubric, found: Mapping[str, Any], seen: Seen) -> dict[str, str]:
    """Return the form's fields as they were filled in with these values."""
    fields: dict[str, str] = {}
    for question in rubric.asked:
        if question.kind in found:
            fields |= KINDS[question.kind].fields(question, found[question.kind], seen)
    return fields
