"""Which of two answers is better, on a symmetric scale.

A scale has 2 to 9 steps: step 1 says that the answer at place A is much better, the last step that
the one at place B is. An odd scale has "about the same" in its middle; an even one may offer it
beside the scale. "Both are bad" is never a point of the scale.
"""

import enum
from collections import Counter
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, model_validator

from labeler.errors import Invalid
from labeler.said import say
from labeler.work.questions.seen import Seen

Given: TypeAlias = int | str
"""A step, "tie" or "both_bad"."""
NO_MIDDLE = say("An odd number of steps has a middle: allow ties or take one less")


class Verdict(enum.Enum):
    """What a judgment says of a comparison, in one word."""

    preference = "preference"
    """One of two answers is better."""
    tie = "tie"
    """They are about the same."""
    both_bad = "both_bad"
    """Neither will do."""
    ranking = "ranking"
    """They are put in order."""
    criteria = "criteria"
    """They are compared or rated by criteria alone."""


class PairwiseDraft(BaseModel):
    """Asks which of two answers is better."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["pairwise"] = "pairwise"
    steps: int = Field(7, ge=2, le=9, description="Steps of the scale.")
    tie: bool = Field(True, description="Whether 'about the same' may be said.")
    both_bad: bool = Field(True, description="Whether 'both are bad' may be said.")

    @model_validator(mode="after")
    def _middle(self) -> Self:
        if self.steps % 2 and not self.tie:
            raise ValueError(NO_MIDDLE)
        return self


class Chosen(NamedTuple):
    """What was chosen, as it stood on the page and of which response."""

    verdict: Verdict
    step: int | None = None
    place: int | None = None
    """0 when the answer at A is better, 1 when the one at B is; None when neither."""
    preferred: int | None = None
    """The number of the better response."""
    strength: int | None = None
    """Steps away from the middle, from 1; None when neither is better."""


def from_form(_draft: PairwiseDraft, fields: dict[str, str], _seen: Seen) -> Given | None:
    """Take the choice out of a form."""
    return fields.pop("choice", None)


def read(draft: PairwiseDraft, given: Given | None, seen: Seen) -> Chosen:
    """Read a choice; raises Invalid."""
    if given == Verdict.both_bad.value and draft.both_bad:
        return Chosen(Verdict.both_bad)
    if given == Verdict.tie.value and draft.tie:
        return Chosen(Verdict.tie)
    said = str(given)
    if len(said) != 1 or said not in "123456789" or int(said) > draft.steps:
        words = say("Please choose one of the steps.")
        raise Invalid("Something is missing in your judgment.", fields={"choice": words})
    place, strength = side(draft.steps, int(said))
    if place is None:
        return Chosen(Verdict.tie, int(said))
    return Chosen(Verdict.preference, int(said), place, seen.places[place], strength)


def side(steps: int, step: int) -> tuple[int | None, int | None]:
    """Return the place that a step of a scale prefers, and by how many steps."""
    if 2 * step == steps + 1:
        return None, None
    if 2 * step <= steps:
        return 0, steps // 2 - step + 1
    return 1, step - (steps + 1) // 2


def step_of(steps: int, place: int | None, strength: int | None) -> int:
    """Return the step that prefers this place so strongly; the middle when there is none."""
    if place is None or strength is None:
        return (steps + 1) // 2
    return steps // 2 - strength + 1 if place == 0 else (steps + 1) // 2 + strength


def fields(_draft: PairwiseDraft, value: Chosen, _seen: Seen) -> dict[str, str]:
    """Return the form's fields as they were filled in."""
    return {"choice": str(value.step or value.verdict.value)}


def aggregate(values: Sequence[Chosen]) -> dict[str, Any]:
    """Count the votes: for each response by number, for ties, for both bad."""
    votes = Counter(_label(value) for value in values)
    return {"judgments": len(values), "votes": dict(sorted(votes.items()))}


def export(value: Chosen) -> dict[str, Any]:
    """Return the value as a record of a dataset."""
    return {
        "verdict": value.verdict.value,
        "preferred": value.preferred,
        "strength": value.strength,
    }


def _label(value: Chosen) -> str:
    return value.verdict.value if value.preferred is None else str(value.preferred)
