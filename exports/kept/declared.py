"""What no program can measure: what whoever runs a project says of themselves.

Every field may be left out. What is left out is null on the card, "not declared".
"""

import re
import tomllib
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic import ValidationError as ModelError

from exports.privacy import suppression
from labeler import errors
from labeler.errors import Invalid
from labeler.said import say
from labeler.text import languages, lines, places

Country: TypeAlias = Annotated[str, AfterValidator(places.require_code)]
Line: TypeAlias = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=500, pattern=lines.PATTERN),
]
Role: TypeAlias = Literal["commissioner", "operator", "supplier", "subcontractor"]
EngagementKind: TypeAlias = Literal[
    "employee", "agency", "contractor", "crowd", "volunteer", "student"
]
Number: TypeAlias = Annotated[int, Field(ge=0)]


_LINE = re.compile(r"at line (\d+)")


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class HostingSaid(_Said):
    """Where it runs."""

    self_hosted: bool | None = None
    country: Country | None = None
    provider: Line | None = None


class OperatorSaid(_Said):
    """Who answers for the work."""

    legal_name: Line | None = None
    country: Country | None = None
    contact: Line | None = None
    gdpr_role: Literal["controller", "processor"] | None = None
    hosting: HostingSaid = HostingSaid()


class ChainSaid(_Said):
    """One company between who wants the data and who makes them."""

    tier: Number
    role: Role
    legal_name: Line | None = None
    country: Country | None = None
    workers: Number | None = None
    price_per_hour_minor: Number | None = None
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] | None = None
    contract_ref: Line | None = None


class EngagementSaid(_Said):
    """As what people work, and how many do."""

    type: EngagementKind
    n: Number | None = None


class QualificationSaid(_Said):
    """How it is known that people read a language."""

    method: Literal["test", "native-declared", "diploma", "interview"] | None = None
    min_level: Line | None = None


class SupportSaid(_Said):
    """Whom people can turn to."""

    individual: bool | None = None
    paid: bool | None = None
    contact: Line | None = None


class PriceSaid(_Said):
    """What was paid for the whole work by whoever wanted it."""

    minor: Number
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]


class Declared(_Said):
    """All that is said of a project, as a TOML file says it."""

    operator: OperatorSaid = OperatorSaid()
    labor_chain: tuple[ChainSaid, ...] = ()
    engagement: tuple[EngagementSaid, ...] = ()
    qualification: dict[
        Annotated[str, AfterValidator(languages.require_tag)], QualificationSaid
    ] = {}
    support: SupportSaid = SupportSaid()
    incidents: Number | None = None
    agreement: Line | None = None
    price: PriceSaid | None = None
    legal_basis: Line | None = None
    dpia_ref: Line | None = None
    k: int = Field(suppression.K, ge=suppression.LEAST_K, le=1000)


def read(text: str) -> Declared:
    """Read what is declared from TOML; raises Invalid naming every bad field."""
    try:
        return Declared.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        found = _LINE.search(str(error))
        line = found[1] if found else text.count("\n") + 1
        words = say("Line %(line)s is no TOML.", line=line)
        raise Invalid("This is no TOML.", fields={"facts": words}) from None
    except ModelError as error:
        faults = errors.faults(error, whole="declared")
        raise Invalid("This cannot be declared as written.", fields=faults) from None
