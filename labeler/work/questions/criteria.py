"""Criteria: one thing at a time, each with words of its own.

A criterion compares two answers on a symmetric scale, or rates each answer. Its name is what people
read and what the data calls it, so a later version of the form changes nothing that was said.
"""

import enum
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, model_validator

from labeler.errors import Invalid
from labeler.said import say
from labeler.work.questions import pairwise
from labeler.work.questions.seen import Seen
from labeler.work.questions.words import Words

Given: TypeAlias = dict[str, int | dict[str, int]]
"""By the criterion's name: a step, or points by place."""
Value: TypeAlias = dict[str, dict[str, Any]]
"""By the criterion's name: `preferred` and `strength`, or `points` by the response's number."""
CHOOSE = say("Please choose one of the steps.")
_BY_PLACE = say("Please rate each answer by its place.")


class Asks(enum.Enum):
    """How a criterion is asked."""

    comparison = "comparison"
    """Which of two answers is better in this."""
    rating = "rating"
    """How good each answer is in this."""


class Criterion(BaseModel):
    """One thing to look at."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Words
    hint: str = Field("", max_length=300, pattern=r"^[^\x00]*$", description="What is meant by it.")
    asks: Asks = Asks.rating
    points: int = Field(5, ge=2, le=10, description="Steps of the comparison or points to give.")
    words: tuple[Words, ...] = Field(
        (), description="What the points are called: each of them, or the lowest and the highest."
    )
    required: bool = True

    @model_validator(mode="after")
    def _named(self) -> Self:
        if len(self.words) not in (0, 2, self.points):
            raise ValueError(say("Name each of the points, or the lowest and the highest, or none"))
        return self


class CriteriaDraft(BaseModel):
    """Asks about one thing after the other."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["criteria"] = "criteria"
    criteria: Annotated[tuple[Criterion, ...], Field(min_length=1, max_length=12)]

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if len({each.name.casefold() for each in self.criteria}) < len(self.criteria):
            raise ValueError(say("Two criteria have the same name"))
        return self

    @property
    def compares(self) -> bool:
        """Whether one of them needs exactly two answers."""
        return any(each.asks is Asks.comparison for each in self.criteria)


def from_form(draft: CriteriaDraft, fields: dict[str, str], seen: Seen) -> Given | None:
    """Take what was chosen out of a form: criteria.0 is a step, criteria.0.A points for A."""
    given: Given = {}
    wrong: list[str] = []
    for place, criterion in enumerate(draft.criteria):
        name = f"criteria.{place}"
        if criterion.asks is Asks.comparison:
            if said := fields.pop(name, ""):
                given[criterion.name] = _number(name, said, wrong)
            continue
        cells = {letter: fields.pop(f"{name}.{letter}", "") for letter in seen.letters}
        points = {at: _number(f"{name}.{at}", said, wrong) for at, said in cells.items() if said}
        if points:
            given[criterion.name] = points
    if wrong:
        raise Invalid(CHOOSE, fields=dict.fromkeys(wrong, CHOOSE))
    return given or None


def _number(field: str, said: str, wrong: list[str]) -> int:
    if said.isascii() and said.isdigit() and len(said) < 3:
        return int(said)
    wrong.append(field)
    return 0


def read(draft: CriteriaDraft, given: Given | None, seen: Seen) -> Value | None:
    """Read what was said of each criterion; raises Invalid naming everything that is missing."""
    given = given or {}
    unknown = given.keys() - {criterion.name for criterion in draft.criteria}
    faults: dict[str, str] = {}
    if unknown:
        faults["criteria"] = say("There is no criterion “%(name)s”.", name=min(unknown))
    value: Value = {}
    for place, criterion in enumerate(draft.criteria):
        said = given.get(criterion.name)
        reading = _compared if criterion.asks is Asks.comparison else _rated
        try:
            found = reading(criterion, said, seen, f"criteria.{place}")
        except Invalid as refusal:
            faults |= refusal.fields
        else:
            if found is not None:
                value[criterion.name] = found
    if faults:
        raise Invalid("Something is missing in your judgment.", fields=faults)
    return value or None


def _compared(criterion: Criterion, said: Any, seen: Seen, field: str) -> dict[str, Any] | None:
    if said is None and not criterion.required:
        return None
    if type(said) is not int or not 1 <= said <= criterion.points:
        raise Invalid(CHOOSE, fields={field: CHOOSE})
    place, strength = pairwise.side(criterion.points, said)
    return {
        "preferred": None if place is None else seen.places[place],
        "strength": strength,
    }


def _rated(criterion: Criterion, said: Any, seen: Seen, field: str) -> dict[str, Any] | None:
    said = {} if said is None else said
    if not isinstance(said, dict) or any(seen.number(letter) is None for letter in said):
        raise Invalid(_BY_PLACE, fields={field: _BY_PLACE})
    wrong = [each for each in said if not 1 <= said[each] <= criterion.points]
    if criterion.required:
        wrong += [letter for letter in seen.letters if letter not in said]
    if wrong:
        words = say("Please give from 1 to %(most)s.", most=criterion.points)
        names = [f"{field}.{letter}" for letter in wrong]
        raise Invalid(words, fields=dict.fromkeys(names, words))
    points = {str(seen.number(letter)): given for letter, given in said.items()}
    return {"points": dict(sorted(points.items()))} if points else None


def fields(draft: CriteriaDraft, value: Value, seen: Seen) -> dict[str, str]:
    """Return the form's fields as they were filled in."""
    filled: dict[str, str] = {}
    for place, criterion in enumerate(draft.criteria):
        said = value.get(criterion.name, {})
        for number, points in said.get("points", {}).items():
            filled[f"criteria.{place}.{seen.letter(int(number))}"] = str(points)
        if "preferred" in said:
            better = said["preferred"]
            at = None if better is None else list(seen.places).index(better)
            step = pairwise.step_of(criterion.points, at, said["strength"])
            filled[f"criteria.{place}"] = str(step)
    return filled


def aggregate(values: Sequence[Value]) -> dict[str, Any]:
    """Return, by criterion, votes with their mean strength, or each response's mean points."""
    found: dict[str, Any] = {}
    for name in sorted({name for value in values for name in value}):
        said = [value[name] for value in values if name in value]
        rated = [each["points"] for each in said if "points" in each]
        compared = [each for each in said if "preferred" in each]
        found[name] = {"judgments": len(said)}
        if compared:
            found[name] |= _votes(compared)
        if rated:
            found[name] |= _points(rated)
    return found


def _votes(said: Sequence[dict[str, Any]]) -> dict[str, Any]:
    labels = ["tie" if each["preferred"] is None else str(each["preferred"]) for each in said]
    strengths = [each["strength"] for each in said if each["strength"]]
    mean = sum(strengths) / len(strengths) if strengths else None
    return {"votes": dict(sorted(Counter(labels).items())), "mean_strength": mean}


def _points(rated: Sequence[dict[str, int]]) -> dict[str, Any]:
    given: dict[str, list[int]] = defaultdict(list)
    for each in rated:
        for number, points in each.items():
            given[number].append(points)
    means = {number: sum(points) / len(points) for number, points in sorted(given.items())}
    return {"mean_points": means}


def export(value: Value) -> dict[str, Any]:
    """Return the value as a record of a dataset."""
    return {"criteria": [{"name": name, **said} for name, said in value.items()]}
