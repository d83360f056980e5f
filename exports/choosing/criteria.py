"""Criteria: the rules by which an owner has a release made.

They are written in TOML, on the page, and into the manifest, in the same words each time. A rule
that is left out says what it says below.
"""

import json
import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

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
from labeler.said import say
from labeler.text import languages

Aggregation = Literal["majority", "one_coin", "dawid_skene"]
RankingPairs = Literal["all", "top", "adjacent"]
Format = Literal[
    "comparisons",
    "dpo",
    "dpo_per_vote",
    "reward",
    "kto",
    "ranking",
    "sft",
    "criteria",
    "edits",
    "openai",
    "llamafactory",
    "nemo",
    "axolotl",
    "openrlhf",
]
FORMATS: tuple[Format, ...] = get_args(Format)
NEEDS: dict[Format, Format] = {"axolotl": "dpo", "openrlhf": "reward"}
"""Formats that only tell a consumer how to read another one."""
_REFUSED = say("A release cannot be cut by these rules.")


def _tags(tags: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(languages.require_tag(tag) for tag in tags)


def _ordered(formats: tuple[Format, ...]) -> tuple[Format, ...]:
    """Put formats into the order in which they are listed above, each once, with what they need."""
    wanted = {*formats, *(NEEDS[each] for each in formats if each in NEEDS)}
    return tuple(each for each in FORMATS if each in wanted)


class Criteria(BaseModel):
    """The rules by which an owner has a release made."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    formats: Annotated[tuple[Format, ...], Field(min_length=1), AfterValidator(_ordered)] = Field(
        ("comparisons", "dpo"), description="What is written, of what is counted in."
    )
    min_judgments: int | None = Field(
        None, ge=1, le=100, description="Fewest judgments; as many as the project asks for."
    )
    aggregation: Aggregation = Field(
        "majority", description="How judgments come to one answer: by votes, or by a model of them."
    )
    min_margin: int = Field(
        1, ge=1, le=100, description="Votes for the better answer minus votes for the other."
    )
    min_agreement: float = Field(
        0.0, ge=0, le=1, description="Least share of all votes that the better answer has."
    )
    min_posterior: float = Field(
        0.0, ge=0, le=1, description="Least probability that the better answer is the better one."
    )
    ranking_pairs: RankingPairs = Field(
        "all", description="Pairs that are made of an order: all, the best with the rest, or next."
    )
    languages: Annotated[tuple[str, ...], Field(min_length=1), AfterValidator(_tags)] | None = (
        Field(None, description="Only these languages; every one.")
    )
    batches: Annotated[tuple[str, ...], Field(min_length=1)] | None = Field(
        None, description="Only comparisons of batches with these names; of every one."
    )
    guidelines: Annotated[tuple[int, ...], Field(min_length=1)] | None = Field(
        None, description="Only judgments by these versions of the guidelines; by every one."
    )
    since: date | None = Field(None, description="Only judgments from this day on, in UTC.")
    until: date | None = Field(None, description="Only judgments up to this day, in UTC.")
    max_tokens: int | None = Field(
        None, ge=16, le=10_000_000, description="Most tokens of a row, estimated; without bound."
    )
    free_text: bool = Field(False, description="Whether people's reasons are released.")
    held_back: str = Field(
        "", max_length=1000, description="Why answers are released whose terms allow no training."
    )
    test_share: float = Field(0.1, ge=0, le=1, description="Share of prompts kept for testing.")
    licence: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.+-]{0,62}$")] = Field(
        "other", description="The licence's short name in lower case, such as cc-by-4.0."
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.since and self.until and self.since > self.until:
            raise ValueError(say("The period ends before it begins"))
        return self

    @property
    def tells_reasons(self) -> bool:
        """Whether people's reasons are in any file."""
        return self.free_text and "comparisons" in self.formats


def read(given: Mapping[str, Any]) -> Criteria:
    """Read criteria from outside; raises Invalid naming every bad field."""
    try:
        return Criteria.model_validate(given)
    except ModelError as error:
        raise Invalid(_REFUSED, fields=_faults(error)) from None


def _faults(error: ModelError) -> dict[str, str]:
    """Return what is wrong by rule: where one of several values is wrong, the rule is."""
    found: dict[str, str] = {}
    for name, words in errors.faults(error, whole="criteria").items():
        found.setdefault(name.partition(".")[0], words)
    return found


def read_toml(path: Path) -> dict[str, Any]:
    """Read what a TOML file says, to be checked by `read`; raises Invalid."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Invalid(f"{path.name} cannot be read: {error}") from None


def toml(criteria: Criteria) -> str:
    """Write criteria as `read_toml` reads them; what is not set is left out."""
    said = criteria.model_dump(mode="json", exclude_none=True)
    days: dict[str, Any] = {name: getattr(criteria, name) for name in ("since", "until")}
    return "".join(f"{name} = {_value(days.get(name, value))}\n" for name, value in said.items())


def _value(value: Any) -> str:
    if isinstance(value, str):
        # What JSON escapes TOML does in the same way, and one sign more.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    return str(value)  # numbers and days
