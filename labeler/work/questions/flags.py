"""Flags on single answers: what is wrong with one, whatever it is worth."""

import enum
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from labeler.errors import Invalid
from labeler.said import say
from labeler.work.questions.seen import Seen

Given: TypeAlias = dict[str, list[str]]
"""Flags by place."""
Value: TypeAlias = dict[str, list[str]]
"""Flags by the response's number."""
_UNKNOWN = say("There is no such answer, or no such flag.")


class Flag(enum.Enum):
    """What may be wrong with an answer."""

    harmful = "harmful"
    """It could hurt somebody."""
    personal_data = "personal_data"
    """It shows data about a person."""
    wrong_language = "wrong_language"
    """It is not in the language that was asked for."""
    reveals_maker = "reveals_maker"
    """It says which model or company wrote it."""
    broken = "broken"
    """It breaks off, repeats itself or cannot be read."""


class FlagsDraft(BaseModel):
    """Offers flags for each answer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["flags"] = "flags"
    flags: tuple[Flag, ...] = Field(
        tuple(Flag), min_length=1, max_length=len(Flag), description="The flags that are offered."
    )


def from_form(draft: FlagsDraft, fields: dict[str, str], seen: Seen) -> Given | None:
    """Take the ticks out of a form: flags.A.harmful says that the answer at A is harmful."""
    given: Given = {}
    for letter in seen.letters:
        names = [flag.value for flag in draft.flags]
        if ticked := [name for name in names if fields.pop(f"flags.{letter}.{name}", "")]:
            given[letter] = ticked
    return given or None


def read(draft: FlagsDraft, given: Given | None, seen: Seen) -> Value | None:
    """Read flags; raises Invalid."""
    offered = [flag.value for flag in draft.flags]
    value: Value = {}
    for letter, flags in (given or {}).items():
        number = seen.number(letter)
        if number is None or any(flag not in offered for flag in flags):
            raise Invalid(_UNKNOWN, fields={"flags": _UNKNOWN})
        if flags:
            value[str(number)] = [flag for flag in offered if flag in flags]
    return dict(sorted(value.items())) or None


def fields(_draft: FlagsDraft, value: Value, seen: Seen) -> dict[str, str]:
    """Return the form's fields as they were filled in."""
    return {
        f"flags.{seen.letter(int(number))}.{flag}": "1"
        for number, flags in value.items()
        for flag in flags
    }


def aggregate(values: Sequence[Value]) -> dict[str, Any]:
    """Count the flags of each response, by its number."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for value in values:
        for number, flags in value.items():
            found[number].update(flags)
    return {number: dict(sorted(counted.items())) for number, counted in sorted(found.items())}


def export(value: Value) -> dict[str, Any]:
    """Return the value as a record of a dataset."""
    return {"flags": [{"response": int(number), "flags": value[number]} for number in value]}
