"""Costs: what drawing answers will probably cost, from characters alone, before it is done.

How many tokens a text has depends on the model's tokenizer, how long answers are on the model and
on what it is asked. So there are a low and a high number. They hold for many prompts together; a
single answer may well be longer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import ceil
from typing import NamedTuple

from labeler.endpoints import billing
from labeler.endpoints.profiles import Profile
from labeler.endpoints.registry import Endpoint
from labeler.generation.prompts import Size
from labeler.generation.wishes import MICRO


class Span(NamedTuple):
    """A number that lies between a low and a high one."""

    low: float
    high: float


@dataclass(frozen=True)
class Estimate:
    """What calls will probably cost together, in millionths of the unit of one currency."""

    currency: str
    calls: int
    low_micro: int
    high_micro: int


TOKENS = {
    "en": Span(0.21, 0.30),
    "fr": Span(0.24, 0.36),
    "es": Span(0.24, 0.36),
    "de": Span(0.23, 0.38),
    "it": Span(0.26, 0.36),
    "sw": Span(0.30, 0.46),
    "bn": Span(0.33, 1.16),
}
"""Tokens per character, measured with four tokenizers: o200k and cl100k of OpenAI, Tekken and the
one before it of Mistral. In English on 1.2 million characters of real prompts and answers, in the
others on 60,000 to 85,000 each, of prompts, answers and texts of pages."""
UNKNOWN = Span(0.21, 1.16)
"""The same, of any other language: as wide as all of these."""
AROUND = Span(3, 10)
"""Tokens that stand around a message."""
ANSWER = Span(550, 2400)
"""Characters of an answer, on average over many. Of 1,610 real ones, by two models, to five kinds
of prompts, the averages of each kind lay between 1,111 and 2,390; half of the lowest is the low
one, as a model may be told to be brief."""


def estimate(
    endpoints: Sequence[Endpoint], sizes: Mapping[str, Size], samples: int
) -> list[Estimate]:
    """Return what answers to prompts will cost, in each currency that something is paid in."""
    profiles = [endpoint.written for endpoint in endpoints]
    paid = [profile for profile in profiles if not billing.is_free(profile.price)]
    found = []
    for currency in sorted({profile.price.currency for profile in paid}):
        mine = [profile for profile in paid if profile.price.currency == currency]
        spans = [
            _cost(profile, language, size) for profile in mine for language, size in sizes.items()
        ]
        found.append(
            Estimate(
                currency,
                calls=len(mine) * samples * sum(size.prompts for size in sizes.values()),
                low_micro=ceil(samples * sum(span.low for span in spans)),
                high_micro=ceil(samples * sum(span.high for span in spans)),
            )
        )
    return found


def units(micro: int) -> Decimal:
    """Return an amount in units of its currency, with as many digits as say something."""
    exact = Decimal(micro) / MICRO
    return exact.quantize(Decimal("0.01") if exact >= 1 else Decimal("0.0001"))


def _cost(profile: Profile, language: str, size: Size) -> Span:
    """Return what one answer to each prompt of a language costs, in millionths."""
    given, drawn = _given(profile, language, size), _drawn(profile, language, size)
    price = profile.price
    paid = float(price.input_per_million), float(price.output_per_million)
    return Span(
        given.low * paid[0] + drawn.low * paid[1], given.high * paid[0] + drawn.high * paid[1]
    )


def _given(profile: Profile, language: str, size: Size) -> Span:
    """Return how many tokens all prompts have, with what the endpoint says before each."""
    rate = _rate(language)
    characters = size.characters + size.prompts * len(profile.system_prompt)
    messages = size.messages + size.prompts * bool(profile.system_prompt)
    return Span(
        characters * rate.low + messages * AROUND.low,
        characters * rate.high + messages * AROUND.high,
    )


def _drawn(profile: Profile, language: str, size: Size) -> Span:
    """Return how many tokens the answers have, none more than the profile lets it have."""
    rate, most = _rate(language), profile.sampling.max_tokens or float("inf")
    return Span(
        size.prompts * min(ANSWER.low * rate.low, most),
        size.prompts * min(ANSWER.high * rate.high, most),
    )


def _rate(language: str) -> Span:
    return TOKENS.get(language.lower().split("-")[0], UNKNOWN)
