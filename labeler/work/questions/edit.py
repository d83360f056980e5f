"""Improving the better answer: what was edited is better than what was chosen."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from labeler.errors import Invalid
from labeler.said import say
from labeler.work.questions import words
from labeler.work.questions.seen import Seen

LONGEST = 200_000
Value: TypeAlias = dict[str, Any]
"""`response`, the number of the one that was improved, and its new `text`."""
_PLEASE = say("Please improve the better answer.")
_OTHER = say("Only the better answer is improved.")


class EditDraft(BaseModel):
    """Asks to improve the better answer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["edit"] = "edit"
    required: bool = Field(False, description="Whether the better answer has to be improved.")


class Given(BaseModel):
    """The better answer, improved."""

    model_config = ConfigDict(extra="forbid", frozen=True, title="EditGiven")

    place: str = Field(description="The place of the better answer.")
    text: str = Field(max_length=LONGEST, description="The whole of it, improved.")


def from_form(_draft: EditDraft, fields: dict[str, str], seen: Seen) -> Given | None:
    """Take the text that was changed out of a form: edit.A is the answer at A."""
    said = {letter: fields.pop(f"edit.{letter}", None) for letter in seen.letters}
    changed = {
        letter: text
        for letter, text in said.items()
        if text is not None and plain(text) != plain(_source(seen, letter))
    }
    wrong = [f"edit.{letter}" for letter in changed if seen.number(letter) != seen.preferred]
    if wrong:
        fault = say("Only the better answer is improved: choose it, or leave this as it was.")
        raise Invalid(fault, fields=dict.fromkeys(wrong, fault))
    found = [Given.model_construct(place=at, text=plain(text)) for at, text in changed.items()]
    return found[0] if found else None


def read(draft: EditDraft, given: Given | None, seen: Seen) -> Value | None:
    """Read an improved answer; raises Invalid."""
    if given is None:
        if draft.required and seen.preferred is not None:
            field = f"edit.{seen.letter(seen.preferred)}"
            raise Invalid(_PLEASE, fields={field: _PLEASE})
        return None
    number, field = seen.number(given.place), f"edit.{given.place}"
    if number is None or number != seen.preferred:
        raise Invalid(_OTHER, fields={"edit": _OTHER})
    text = plain(given.text)
    if fault := words.fault(text, LONGEST) or _unchanged(text, _source(seen, given.place)):
        raise Invalid(fault, fields={field: fault})
    return {"response": number, "text": text}


def plain(text: str) -> str:
    """Write the ends of lines in one way, as forms do not."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _unchanged(text: str, source: str) -> str | None:
    if not text.strip():
        return say("The improved answer is empty.")
    return say("This is the answer as it was.") if text.split() == source.split() else None


def _source(seen: Seen, letter: str) -> str:
    number = seen.number(letter)
    assert number is not None
    return seen.texts[number]


def fields(_draft: EditDraft, value: Value, seen: Seen) -> dict[str, str]:
    """Return the form's fields as they were filled in."""
    return {f"edit.{seen.letter(value['response'])}": value["text"]}


def aggregate(values: Sequence[Value]) -> dict[str, Any]:
    """Gather the improved texts of each response, by its number."""
    found: dict[str, list[str]] = defaultdict(list)
    for value in values:
        found[str(value["response"])].append(value["text"])
    return dict(sorted(found.items()))


def export(value: Value) -> dict[str, Any]:
    """Return the value as a record of a dataset: the text is better than the response it improves.

    With the main question it makes edited > chosen > rejected.
    """
    return {"text": value["text"], "improves": value["response"]}
