"""Terms: what people are asked before the work itself, as an owner writes it."""

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from labeler.said import say


class QualificationDraft(BaseModel):
    """How many known answers are asked before the work itself, and how many must be right."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    questions: int = Field(ge=1, le=100, description="How many known answers are asked.")
    right: int = Field(ge=1, le=100, description="How many of them must be right.")

    @field_validator("right")
    @classmethod
    def _within(cls, right: int, given: ValidationInfo) -> int:
        if right > given.data.get("questions", right):
            raise ValueError(say("No more can be right than are asked."))
        return right
