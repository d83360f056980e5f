"""Wishes: how an owner writes what is to be drawn from endpoints, and how it is read."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from labeler import errors
from labeler.errors import Invalid
from labeler.generation.pairing import Pairing
from labeler.said import say

MOST_ANSWERS = 32
"""How many answers are drawn to one prompt at most."""
MICRO = 1_000_000
"""How many millionths the unit of a currency has."""
DEAREST = 1_000_000
"""The largest budget, in units of its currency."""


def _named(given: Any) -> Any:
    """Take names apart that stand in one text, with commas or blanks between them."""
    return given.replace(",", " ").split() if isinstance(given, str) else given


class Wish(BaseModel):
    """What is to be drawn: from which endpoints, how often, and what is compared with what."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    endpoints: Annotated[tuple[str, ...], BeforeValidator(_named), Field(min_length=1)]
    samples: Annotated[int, Field(ge=1, le=MOST_ANSWERS)] = 1
    """How many answers each endpoint gives to a prompt."""
    pairs: Pairing = Pairing.all
    baseline: str = ""
    """The endpoint that all others are compared with, for `Pairing.baseline`."""
    per_prompt: Annotated[int, Field(ge=1, le=MOST_ANSWERS)] = 1
    """How many pairs of a prompt are chosen, where they are chosen."""
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    """What everything is drawn from that is drawn by lot."""
    budget: Annotated[Decimal, Field(gt=0, le=DEAREST, decimal_places=6)] | None = None
    """How much it may cost at most, in the currency of the endpoints' prices."""

    @model_validator(mode="after")
    def _can_be_compared(self) -> Self:
        if len(set(self.endpoints)) < len(self.endpoints):
            raise ValueError(say("An endpoint is named twice"))
        if not 2 <= self.answers <= MOST_ANSWERS:
            raise ValueError(
                say(
                    "There would be %(number)s answers to a prompt; it takes 2 to %(most)s",
                    number=self.answers,
                    most=MOST_ANSWERS,
                )
            )
        if self.pairs is Pairing.baseline and self.baseline not in self.endpoints:
            raise ValueError(say("The baseline must be one of the endpoints"))
        if self.pairs is not Pairing.baseline and self.baseline:
            raise ValueError(say("Only pairs against a baseline have one"))
        if self.pairs in AMONG_ENDPOINTS and len(self.endpoints) < 2:
            raise ValueError(say("It takes two endpoints to compare one with another"))
        return self

    @property
    def answers(self) -> int:
        """How many answers are drawn to each prompt."""
        return len(self.endpoints) * self.samples

    @property
    def budget_micro(self) -> int | None:
        """The budget in millionths of the unit of its currency."""
        return None if self.budget is None else int(self.budget * MICRO)

    @property
    def settings(self) -> dict[str, Any]:
        """All that the batch follows from beside its prompts; a budget may change."""
        return self.model_dump(mode="json", exclude={"budget"})


AMONG_ENDPOINTS = frozenset({Pairing.baseline, Pairing.best_against_rest, Pairing.uncertain})
"""What compares endpoints with each other, and never one with itself."""


def read(given: Mapping[str, Any]) -> Wish:
    """Read a wish from outside; raises Invalid naming every bad field."""
    try:
        return Wish.model_validate(given)
    except ValidationError as error:
        faults = errors.faults(error, whole="batch")
        raise Invalid("The batch cannot be drawn like this.", fields=faults) from None


def stored(settings: Mapping[str, Any]) -> Wish:
    """Read a wish as a generation keeps it."""
    return Wish.model_validate(settings)
