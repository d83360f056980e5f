"""Why: words of one's own, and reasons to tick."""

import enum
from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from labeler.errors import Invalid
from labeler.said import say, say_number
from labeler.work.questions import words
from labeler.work.questions.seen import Seen
from labeler.work.questions.words import Once, Words

LONGEST_REASON = 10_000
_NOTHING = say("Ask for a text, offer reasons to tick, or leave the question out")


class ReasonRule(enum.Enum):
    """Whether a judgment says why."""

    none = "none"
    """Not asked."""
    optional = "optional"
    """Asked; may stay empty."""
    required = "required"
    """Asked; at least the rubric's minimum length."""


class ReasonDraft(BaseModel):
    """Asks why."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["reason"] = "reason"
    text: ReasonRule = Field(ReasonRule.optional, description="Whether words of one's own are.")
    min: int = Field(0, ge=0, le=2000, description="Fewest characters, where they are required.")
    max: int = Field(LONGEST_REASON, ge=1, le=LONGEST_REASON, description="Most characters.")
    tags: Annotated[
        tuple[Words, ...], Once, Field(max_length=20, description="Reasons to tick.")
    ] = ()
    tags_required: bool = Field(False, description="Whether at least one is ticked.")

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.text is ReasonRule.none and not self.tags:
            raise ValueError(_NOTHING)
        if self.min > self.max:
            raise ValueError(say("The fewest characters are more than the most"))
        if self.tags_required and not self.tags:
            raise ValueError(say("There are no reasons to tick"))
        return self


UNASKED = ReasonDraft()
"""By what a reason is read that nobody asked for."""


class Given(BaseModel):
    """Why: a text, and some of the reasons that are offered."""

    model_config = ConfigDict(extra="forbid", frozen=True, title="ReasonGiven")

    text: str = Field("", max_length=LONGEST_REASON)
    tags: list[str] = []


class Said(NamedTuple):
    """Why, as it is stored: the text in a column of its own."""

    text: str
    tags: list[str]


def from_form(draft: ReasonDraft, fields: dict[str, str], _seen: Seen) -> Given | None:
    """Take the text and the ticks out of a form."""
    text = fields.pop("reason", "")
    ticks = [fields.pop(f"reason.tags.{place}", "") for place in range(len(draft.tags))]
    ticked = [tag for tag, tick in zip(draft.tags, ticks, strict=True) if tick]
    return Given.model_construct(text=text, tags=ticked)  # its length is looked at later


def read(draft: ReasonDraft, given: Given | None, _seen: Seen) -> Said:
    """Read a reason; raises Invalid by field."""
    text = "" if given is None else given.text.strip()
    ticked = [] if given is None else given.tags
    faults = {}
    if fault := _text_fault(draft, text):
        faults["reason"] = fault
    if any(tag not in draft.tags for tag in ticked):
        faults["reason.tags"] = say("One of these reasons is not offered.")
    elif draft.tags_required and not ticked:
        faults["reason.tags"] = say("Please tick at least one reason.")
    if faults:
        raise Invalid("Something is missing in your judgment.", fields=faults)
    return Said(text, [tag for tag in draft.tags if tag in ticked])


def require_reason(text: str) -> str:
    """Return the reason for a decision, without the blanks around it; raises Invalid."""
    text = text.strip()
    fault = words.fault(text, LONGEST_REASON) if text else say("A reason is needed.")
    if fault:
        raise Invalid("Please say why.", fields={"reason": fault})
    return text


def _text_fault(draft: ReasonDraft, text: str) -> str | None:
    if fault := words.fault(text, draft.max):
        return fault
    least = max(1, draft.min)
    if draft.text is ReasonRule.required and len(text) < least:
        return say_number(
            "Please say why, in at least %(num)s character.",
            "Please say why, in at least %(num)s characters.",
            least,
        )
    return None


def fields(draft: ReasonDraft, value: Said, _seen: Seen) -> dict[str, str]:
    """Return the form's fields as they were filled in."""
    ticked = [place for place, tag in enumerate(draft.tags) if tag in value.tags]
    return {"reason": value.text} | {f"reason.tags.{place}": "1" for place in ticked}


def aggregate(values: Sequence[Said]) -> dict[str, Any]:
    """Count the reasons that were ticked, and how many wrote something."""
    tags = Counter(tag for value in values for tag in value.tags)
    texts = sum(bool(value.text) for value in values)
    return {"judgments": len(values), "texts": texts, "tags": dict(sorted(tags.items()))}


def export(value: Said) -> dict[str, Any]:
    """Return the value as a record of a dataset."""
    return {"text": value.text, "tags": value.tags}
