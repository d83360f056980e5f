"""Profiles: an endpoint as its operator writes it in TOML, and how it is read.

A profile says all about an endpoint but its key: of that only where it is found.
"""

import tomllib
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    field_validator,
    model_validator,
)
from pydantic import ValidationError as ModelError

from labeler import errors
from labeler.endpoints import hosts
from labeler.errors import Invalid
from labeler.pay import money
from labeler.said import say
from labeler.text import lines

OWN_FIELDS = frozenset(
    "messages model stream stream_options n tools tool_choice functions function_call".split()
)
"""What a call says by itself; nobody puts it into `extra`."""
_CLOUD = (":cloud", "-cloud")


class Provider(Enum):
    """Which dialect of chat completions a server speaks."""

    openai = "openai"
    azure = "azure"
    """Azure's addresses that end in /openai/v1: `model` is the name of a deployment."""
    azure_classic = "azure_classic"
    """Azure with an api-version and the deployment in the path."""
    mistral = "mistral"
    vllm = "vllm"
    ollama = "ollama"
    llamacpp = "llamacpp"


class Place(Enum):
    """Where prompts go when they are sent, as the operator declares it."""

    on_premises = "on_premises"
    """One's own machines: nothing leaves the building."""
    eu = "eu"
    elsewhere = "elsewhere"


class OutputUse(Enum):
    """What the terms allow to be done with answers, as the operator or their lawyer reads them."""

    unknown = "unknown"
    unrestricted = "unrestricted"
    no_competing = "no-competing"
    """Not to develop models that compete with the provider's."""
    name_prefix = "name-prefix"
    """A model trained on them carries the name of theirs."""
    no_other_models = "no-other-models"
    """Not to improve any model but theirs."""
    research_only = "research-only"


Line = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=300, pattern=lines.PATTERN)
]
Name = Annotated[Line, StringConstraints(min_length=1, max_length=200)]


def _link(value: str) -> str:
    if value and not value.startswith("https://"):
        raise ValueError(say("This must be an address that begins with https://."))
    return value


def _currency(value: str) -> str:
    try:
        money.exponent(value)
    except Invalid as refusal:
        raise ValueError(refusal.message) from None
    return value


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Sampling(_Part):
    """How an answer is drawn; what is None is left to the server."""

    temperature: float | None = Field(None, ge=0, le=5)
    top_p: float | None = Field(None, gt=0, le=1)
    max_tokens: int | None = Field(1024, ge=1, le=1_000_000)
    seed: int | None = Field(None, ge=0, lt=2**31)
    stop: list[Annotated[str, StringConstraints(min_length=1, max_length=100)]] = Field(
        [], max_length=4
    )
    extra: dict[str, JsonValue] = Field(
        {}, description="What else the server understands, such as top_k; sent as it is."
    )

    @field_validator("extra")
    @classmethod
    def _is_about_sampling(cls, value: dict[str, JsonValue]) -> dict[str, JsonValue]:
        if taken := sorted(OWN_FIELDS.intersection(value)):
            raise ValueError(say("%(name)s cannot be set here.", name=taken[0]))
        return value


class Limits(_Part):
    """How much is asked of an endpoint at a time, and how long it is waited for."""

    concurrent: int = Field(4, ge=1, le=256, description="Calls at the same moment.")
    per_minute: int | None = Field(None, ge=1, le=100_000, description="Calls begun in a minute.")
    timeout_s: int = Field(120, ge=1, le=3600, description="Seconds of silence that are borne.")
    longest_s: int = Field(900, ge=1, le=3600, description="Seconds for a whole answer.")
    attempts: int = Field(5, ge=1, le=20, description="Calls for one answer, if some fail.")


class Price(_Part):
    """What a million tokens cost, in units of the currency."""

    currency: Annotated[str, AfterValidator(_currency)] = "EUR"
    input_per_million: Decimal = Field(Decimal(0), ge=0, le=1_000_000)
    output_per_million: Decimal = Field(Decimal(0), ge=0, le=1_000_000)


class Profile(_Part):
    """An endpoint: which model is asked where and how, what it costs, what its answers are for."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,59}$")]
    provider: Provider
    base_url: Line
    model: Name = Field(description="The model's name there; with Azure that of the deployment.")
    api_version: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z.-]{1,40}$")] | None = None
    key_env: Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{0,99}$")] | None = Field(
        None, description="The variable of the environment that holds the key."
    )
    key_file: Annotated[Line, StringConstraints(pattern=r"^/")] | None = Field(
        None, description="The file that holds the key, with its whole path."
    )
    place: Place
    region: Line = ""
    system_prompt: Annotated[str, StringConstraints(max_length=20_000)] = ""
    sampling: Sampling = Sampling()
    limits: Limits = Limits()
    price: Price = Price()
    licence: Line = Field("", description="Of the weights, if they are open: an SPDX name.")
    terms_url: Annotated[Line, AfterValidator(_link)] = ""
    terms_seen_on: date | None = None
    output_use: OutputUse = OutputUse.unknown
    output_use_basis: Line = Field("", description="Where it stands that answers may be so used.")
    makers: list[Name] = Field([], max_length=50, description="Words that give it away.")

    @field_validator("base_url")
    @classmethod
    def _leads_to_a_server(cls, value: str) -> str:
        hosts.target(value)
        return value.rstrip("/")

    @field_validator("key_env")
    @classmethod
    def _is_no_setting_of_ours(cls, value: str | None) -> str | None:
        if value is not None and value.startswith("LABELER_"):
            raise ValueError(say("Settings of this site are no keys of endpoints."))
        return value

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.key_env and self.key_file:
            raise ValueError(say("The key is in key_env or in key_file, not in both."))
        if (self.provider is Provider.azure_classic) != (self.api_version is not None):
            raise ValueError(say("azure_classic, and it alone, needs an api_version."))
        if self.place is not Place.on_premises and not self.base_url.startswith("https://"):
            raise ValueError(say("Only an endpoint on_premises can be without https."))
        if self.place is Place.on_premises and self.goes_to_a_cloud:
            raise ValueError(say("This model of Ollama runs in a cloud, so it is not on_premises."))
        return self

    @property
    def on_premises(self) -> bool:
        """Whether prompts stay on one's own machines."""
        return self.place is Place.on_premises

    @property
    def goes_to_a_cloud(self) -> bool:
        """Whether a server on one's own machine only passes prompts on: Ollama's cloud models."""
        return self.provider is Provider.ollama and self.model.lower().endswith(_CLOUD)

    @property
    def target(self) -> hosts.Target:
        """Where it is called."""
        return hosts.target(self.base_url)


def read(given: Mapping[str, Any]) -> Profile:
    """Read a profile from outside; raises Invalid naming every bad field."""
    try:
        return Profile.model_validate(given)
    except ModelError as error:
        faults = errors.faults(error, whole="endpoint")
        raise Invalid(say("The endpoint cannot be used as written."), fields=faults) from None


def parse(text: str) -> Profile:
    """Read a profile written in TOML; raises Invalid."""
    try:
        return read(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise Invalid(say("This is not TOML: %(error)s", error=str(error))) from None
