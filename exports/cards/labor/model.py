"""What a labor card holds. No key may be left out: what is not known is null, with a reason.

Every block says on what it rests. For units see `blocks`.
"""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from exports.cards.labor.blocks import (
    Block,
    ChainLink,
    Count,
    Currency,
    Dataset,
    Hours,
    Measured,
    Operator,
    Path,
    Pay,
    Ratio,
    Time,
    Workforce,
)

VERSION: Literal["1.0"] = "1.0"


class TermsVersion(Block):
    """Terms that people accepted."""

    version: str
    languages: tuple[str, ...]
    notice_days: Count


class Content(Block):
    """What may be hard to read, of one kind and level."""

    category: str
    level: Annotated[int, Field(ge=1, le=3)]
    items: Count
    exposure_hours: Hours | None
    people: Count | None
    opted_in: Count | None
    as_of: datetime


class Caps(Block):
    """For how long it is given at most."""

    day_min: Count
    run_min: Count


class Skips(Block):
    """Tasks that people handed back."""

    n: Count | None
    penalised: Count


class Support(Measured):
    """Whom people can turn to."""

    individual: bool | None
    paid: bool | None
    contact: str | None


class Conditions(Measured):
    """Under which conditions."""

    terms: tuple[TermsVersion, ...]
    content: tuple[Content, ...]
    caps: Caps
    cap_breaches: Count | None = Field(description="Days on which somebody read more than the cap.")
    skips: Skips
    support: Support
    incidents: Count | None


class Parameter(Block):
    """A number by which a system goes."""

    name: str
    value: int | float | str | None


class System(Block):
    """A program that looks at people or their work by itself."""

    id: str
    purpose: str
    parameters: tuple[Parameter, ...]
    weight: str = Field(description="What counts for more, and what for less.")
    effects: str


class Restrictions(Block):
    """Decisions against somebody: left out of the data, refused pay, an ended part."""

    n: Count | None
    by_human: Count | None
    appealed: Count | None
    overturned: Count | None


class Reviews(Block):
    """Objections and appeals, which somebody else looks at."""

    n: Count | None
    days_p50: Count | None
    overdue: Count | None


class Explanations(Block):
    """Decisions that were explained in writing to those whom they touch."""

    n: Count | None
    days_p50: Count | None


class Evaluations(Block):
    """How often people evaluated the systems together with those who work."""

    n: Count
    last: date | None


class Management(Measured):
    """What programs do, and what people decide."""

    automated_systems: tuple[System, ...]
    restrictions: Restrictions
    reviews: Reviews
    explanations: Explanations
    evaluations: Evaluations


class Complaints(Block):
    """Objections in writing."""

    n: Count | None
    closed: Count | None


class Representation(Measured):
    """Who speaks for those who work."""

    forum: bool
    representative: str | None
    agreement: str | None
    complaints: Complaints
    worker_statement_md: str | None = Field(description="Of the representative, unedited.")


class Model(Measured):
    """What wrote the answers."""

    name: str
    revision: str | None
    provider: str | None
    endpoint_host: str | None
    region: str | None
    self_hosted: bool | None
    licence: str | None
    terms_url: str | None
    terms_seen_on: str | None
    output_use: str
    responses: Count


class Agreement(Block):
    """How far people agree."""

    metric: Literal["krippendorff_alpha"]
    value: Annotated[float, Field(le=1, allow_inf_nan=False)] | None


class Excluded(Block):
    """What was left out."""

    n: Count | None = Field(description="Judgments that people left out of the data.")
    reasons: dict[str, Count] = Field(description="Comparisons that are not in the files, by why.")


class Quality(Measured):
    """How good the labels are."""

    judgments_per_item: Ratio | None
    agreement: Agreement
    gold_share: Ratio | None
    excluded: Excluded


class Art53(Block):
    """Sections of the EU's summary of training content."""

    other_third_party: str = Field(alias="2.2.2")
    synthetic: str = Field(alias="2.5")
    other: str = Field(alias="2.6")


class AiAct(Measured):
    """For Art. 53(1)(d) of Regulation (EU) 2024/1689."""

    art53_1d: Art53


class Kept(Block):
    """Numbers that stay as they were in a release before."""

    path: Path
    as_of: datetime


class Privacy(Measured):
    """What keeps people from being told by a number."""

    k: Annotated[int, Field(ge=5)]
    suppressed_paths: tuple[Path, ...]
    kept: tuple[Kept, ...]
    pseudonyms: Literal["per-release-hmac", "none"]
    legal_basis: str | None
    dpia_ref: str | None


class Reference(Measured):
    """A figure that pay is held against."""

    ref_id: str
    amount: str
    hour_minor: Count
    currency: Currency
    hours_basis: str
    source_url: str | None
    valid_from: date
    observed_on: date
    confidence: str


class Null(Block):
    """What is not told, and why."""

    path: Path
    reason: Annotated[str, Field(min_length=1)]


class Completeness(Block):
    """How much is known."""

    measured: Count
    declared: Count
    estimated: Count
    null: Count
    nulls: tuple[Null, ...]


class Signature(Block):
    """Who signed the release."""

    dsse: str
    keyid: str | None


class LaborCard(Block):
    """Who made a dataset, where, in which languages, under which conditions and for what pay."""

    labor_card_version: Literal["1.0"]
    generated_at: datetime = Field(description="The moment up to which everything was looked at.")
    export_id: str
    dataset: Dataset
    operator: Operator
    labor_chain: tuple[ChainLink, ...]
    workforce: Workforce
    time: Time
    pay: Pay
    conditions: Conditions
    management: Management
    representation: Representation
    models: tuple[Model, ...]
    quality: Quality
    ai_act: AiAct
    privacy: Privacy
    references: tuple[Reference, ...]
    completeness: Completeness
    signature: Signature
