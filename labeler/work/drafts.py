"""Drafts: a project as an owner writes it, in a form, a TOML file or JSON, and how it is read."""

import enum
from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)
from pydantic import ValidationError as ModelError

from labeler import errors
from labeler.errors import Invalid
from labeler.pay import money, rates
from labeler.pay.rates import PayDraft
from labeler.said import say
from labeler.text import languages, lines
from labeler.work.redundancy import AdaptiveDraft
from labeler.work.rubrics import RubricDraft
from labeler.work.terms import QualificationDraft

MOST = 1_000_000
"""How much anybody can be limited to."""
Tag = Annotated[str, AfterValidator(languages.require_tag)]
Line = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=300, pattern=lines.PATTERN),
]
Contact = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=300, pattern=lines.PATTERN)
]


class ModelsFrom(enum.Enum):
    """Where the models may be that a project asks: where its prompts may go."""

    anywhere = "anywhere"
    eu = "eu"
    """In the EU, or on one's own machines."""
    on_premises = "on_premises"
    """On one's own machines alone."""


class ProjectDraft(BaseModel):
    """A project as an owner writes it, in a form, a TOML file or JSON."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: Line
    slug: Annotated[
        str,
        StringConstraints(pattern=r"^([a-z0-9][a-z0-9-]{0,59})?$"),
        Field(description="Its name in addresses; made from the title if left out."),
    ] = ""
    question: Line = "Which answer is better?"
    guidelines: str = ""
    rubric: RubricDraft = RubricDraft()
    judgments_per_comparison: int = Field(3, ge=1, le=100)
    adaptive: AdaptiveDraft | None = Field(
        None, description="Ask more people where the answer is unsure; else the number is fixed."
    )
    gold_share: float = Field(0.0, ge=0, le=0.5, description="Share of known answers in the work.")
    repeat_share: float = Field(
        0.0, ge=0, le=0.2, description="Share of second looks at what a person judged before."
    )
    qualification: QualificationDraft | None = Field(
        None, description="What people are asked before the work itself; null: nothing."
    )
    onboarding: int = Field(
        0,
        ge=0,
        le=1000,
        description="In how many first judgments people are told the known answers.",
    )
    most_per_person: int | None = Field(
        None, ge=1, le=MOST, description="How many comparisons one person is given at most."
    )
    most_per_language: dict[Tag, Annotated[int, Field(ge=0, le=MOST)]] = Field(
        {}, description="The same for each language; 0 keeps a language back."
    )
    languages: list[Tag] = Field(["en"], min_length=1)
    support_contact: Contact = Field(
        "", description="Whom people can turn to; needed where content may be hard to read."
    )
    models_from: ModelsFrom = Field(
        ModelsFrom.anywhere, description="Where the models may be that answer its prompts."
    )
    pay: PayDraft = PayDraft()
    time_limit_minutes: int = Field(60, ge=1, le=1440)
    change_window_minutes: int = Field(60, ge=0, le=10080)

    @model_validator(mode="after")
    def _adapts(self) -> Self:
        if self.adaptive and self.adaptive.most < self.judgments_per_comparison:
            raise ValueError(say("The most judgments on a comparison are fewer than the least"))
        return self


def read(given: Mapping[str, Any]) -> ProjectDraft:
    """Read a project from outside; raises Invalid naming every bad field."""
    try:
        draft = ProjectDraft.model_validate(given)
    except ModelError as error:
        faults = errors.faults(error, whole="project")
        raise Invalid("The project cannot be used as written.", fields=faults) from None
    _require_pay(draft.pay)
    return draft


def _require_pay(pay: PayDraft) -> None:
    money.exponent(pay.currency)
    try:
        rates.read_amounts(pay)
    except Invalid as refusal:
        faults = {f"pay.{name}": words for name, words in refusal.fields.items()}
        raise Invalid("The project cannot be used as written.", fields=faults) from None


def read_rubric(given: Mapping[str, Any]) -> RubricDraft:
    """Read a form from outside; raises Invalid naming every bad field."""
    try:
        return RubricDraft.model_validate(given)
    except ModelError as error:
        faults = errors.faults(error, whole="rubric")
        raise Invalid("The form cannot be used as written.", fields=faults) from None
