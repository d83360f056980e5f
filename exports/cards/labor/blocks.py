"""What a labor card holds of the work itself: the data, who made them, when, and for what pay.

No key may be left out: what is not known is null, with a reason (see `model`).

Amounts are integers of the currency's minor unit (ISO 4217), hours have two decimals, seconds are
whole, ratios have two decimals and are rounded down. Every block says on what it rests.
"""

from datetime import date, datetime
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from exports.kept.declared import Country, EngagementKind, Role

Basis: TypeAlias = Literal["measured", "declared", "estimated"]
Count: TypeAlias = Annotated[int, Field(ge=0)]
Hours: TypeAlias = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Ratio: TypeAlias = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Place: TypeAlias = Annotated[str, Field(pattern=r"^([A-Z]{2}|other|not stated|elsewhere)$")]
Currency: TypeAlias = Annotated[str, Field(pattern="^[A-Z]{3}$")]
Path: TypeAlias = Annotated[str, Field(min_length=1)]


class Block(BaseModel):
    """A part of the card."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, validate_by_name=True, serialize_by_alias=True
    )


class Measured(Block):
    """A part that is read from what was written down as it happened."""

    basis: Basis = Field(description="Whether it was measured, declared or estimated.")


class File(Block):
    """A file of the release."""

    path: str
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    records: Count


class Dataset(Measured):
    """What the work became."""

    name: str
    version: str
    license: str
    files: tuple[File, ...] = Field(description="Empty until the files are written.")
    languages: tuple[str, ...]
    items: Count = Field(description="Comparisons that somebody judged.")
    judgments: Count = Field(description="Judgments that count in the release.")
    last_judgment_id: Count = Field(description="The newest judgment that was looked at.")


class Hosting(Block):
    """Where it runs."""

    self_hosted: bool | None
    country: Country | None
    provider: str | None


class Operator(Measured):
    """Who answers for the work."""

    legal_name: str | None
    country: Country | None
    contact: str | None
    gdpr_role: Literal["controller", "processor"] | None
    hosting: Hosting


class ChainLink(Measured):
    """One company between who wants the data and who makes them."""

    tier: Count
    role: Role
    legal_name: str | None
    country: Country | None
    workers: Count | None
    price_per_hour_minor: Count | None
    currency: Currency | None
    contract_ref: str | None


class Engagement(Measured):
    """As what people work."""

    type: EngagementKind
    n: Count | None


class CountryWork(Block):
    """What was done in a country."""

    country: Place
    annotators: Count
    judgments: Count
    paid_hours: Hours | None
    as_of: datetime = Field(
        description="Older than the card where too few people changed it since."
    )


class LanguageQualification(Measured):
    """How it is known that people read the language."""

    method: Literal["test", "native-declared", "diploma", "interview"] | None
    min_level: str | None
    pass_rate: Ratio | None


class LanguageWork(Block):
    """What was done in a language; one person may work in several."""

    tag: str = Field(description='A tag of BCP 47, "und" where it is not known, or "other".')
    annotators: Count | None
    judgments: Count
    qualification: LanguageQualification
    as_of: datetime


class Crossed(Block):
    """Who judged in a language where, if every group is large enough."""

    country: Place
    tag: str
    annotators: Count
    judgments: Count


class Attempts(Block):
    """Questions before the work itself."""

    people: Count | None
    passed: Count | None


class Demographics(Block):
    """What is known of people's traits."""

    collected: bool
    voluntary: bool
    tables: tuple[str, ...]
    suppressed_cells: Count


class Workforce(Measured):
    """Who did the work."""

    annotators: Count | None
    in_release: Count | None = Field(description="Of these, whose judgments count in the release.")
    size: str = Field(description="In words, where the number is not told.")
    judgments: Count = Field(description="Tasks judged: known answers and second looks, too.")
    visitors: Count = Field(
        0, description="Judgments by visitors of a chat, unpaid, who are in no other number here."
    )
    reviewers: Count | None
    engagement: tuple[Engagement, ...]
    by_country: tuple[CountryWork, ...]
    by_language: tuple[LanguageWork, ...]
    by_country_and_language: tuple[Crossed, ...]
    qualification: Attempts
    demographics: Demographics


class PaidHours(Block):
    """Paid time by what it was spent on."""

    annotation: Hours | None
    instructions: Hours | None
    training: Hours | None
    qualification: Hours | None
    clarification: Hours | None
    review_reply: Hours | None
    break_: Hours | None = Field(alias="break")
    system_wait: Hours | None


class Seconds(Block):
    """How long a judgment took."""

    p25: Count | None
    p50: Count | None
    p75: Count | None
    p90: Count | None


class Corrections(Block):
    """Time that people added themselves."""

    asked: Count | None
    accepted: Count | None


class Method(Block):
    """How time is measured."""

    heartbeat_s: Count
    idle_s: Count
    caps: Literal["flag-not-cut"]
    worker_corrections: Corrections


class Time(Measured):
    """When and how long people worked."""

    from_: date | None = Field(alias="from")
    to: date | None
    total_paid_hours: Hours | None
    paid_hours: PaidHours
    unpaid_hours_estimate: Hours | None
    seconds_per_judgment: Seconds
    method: Method
    days_over_8h: Count | None
    night_hours: Hours | None


class Hourly(Block):
    """What an hour came to, over people."""

    p10: Count | None
    p50: Count | None
    p90: Count | None


class CountryPay(Block):
    """What work in a country was paid, in one currency."""

    country: Place
    currency: Currency
    annotators: Count
    paid_hours: Hours
    gross_minor: int
    topup_minor: Count
    bonus_minor: Count
    worker_costs_minor: Count
    hourly_minor: Hourly
    statutory_ref: str | None
    living_ref: str | None
    floor_hour_minor: Count | None
    ratio_p10_statutory: Ratio | None
    ratio_p50_living: Ratio | None
    nobody_below_statutory: bool | None
    below_statutory: Count | None
    below_living: Count | None
    as_of: datetime


class Total(Block):
    """What all work in one currency was paid."""

    currency: Currency
    gross_minor: int


class Timeliness(Block):
    """How long people waited for their money."""

    days_to_payment_p50: Count | None
    p95: Count | None
    late: Count | None
    failed_open: Count | None


class Rejections(Block):
    """Work whose pay somebody wanted to refuse."""

    submitted: Count
    rejected: Count | None
    rejected_unpaid: Count | None
    appeals: Count | None
    upheld: Count | None
    hours_to_decision_p50: Count | None


class ChainShare(Measured):
    """How much of the price reached those who did the work."""

    price_minor: Count | None
    to_workers_minor: int | None
    currency: Currency | None
    share: Ratio | None


class Pay(Measured):
    """What the work was paid."""

    model: Literal["per_item_with_floor", "hourly", "per_item"] | None
    totals: tuple[Total, ...]
    elsewhere_minor: int | None = Field(
        description="What judgments were paid that were made elsewhere and brought here: "
        "0 if there are none, null if there are, since nobody here knows it."
    )
    by_country: tuple[CountryPay, ...]
    timeliness: Timeliness
    rejections: Rejections
    chain_share: ChainShare
