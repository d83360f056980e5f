"""Billing: what a call costs, in millionths of the unit of the currency. Pure.

A price of so much for a million tokens is just so many millionths for one.
"""

from collections.abc import Mapping, Sequence
from decimal import ROUND_CEILING, Decimal

from labeler.endpoints.profiles import Price, Profile, Sampling

UNLIMITED = 16_384
"""So many tokens are set aside for an answer whose length nobody limits."""
PER_MESSAGE = 16
"""Tokens that a server puts around a message, at most."""


def is_free(price: Price) -> bool:
    """Tell whether nothing has to be paid, as on one's own machines."""
    return not (price.input_per_million or price.output_per_million)


def cost_micro(price: Price, input_tokens: int, output_tokens: int) -> int:
    """Return what so many tokens cost; a part of a millionth counts as a whole one."""
    cost = price.input_per_million * input_tokens + price.output_per_million * output_tokens
    return int(Decimal(cost).to_integral_value(rounding=ROUND_CEILING))


def billed_micro(
    profile: Profile,
    messages: Sequence[Mapping[str, str]],
    sampling: Sampling | None,
    tokens: tuple[int | None, int | None],
) -> int:
    """Return what an answer cost that took so many tokens, in and out.

    Where a server does not say how many, it is billed as what it cost at most.
    """
    if tokens[0] is None or tokens[1] is None:
        return most_micro(profile, messages, sampling)
    return cost_micro(profile.price, tokens[0], tokens[1])


def most_micro(
    profile: Profile, messages: Sequence[Mapping[str, str]], sampling: Sampling | None = None
) -> int:
    """Return what one call costs at most, as far as one can know before.

    A token is at least one byte of the text. What a model thinks beside its answer may cost more
    where a server does not count it to `max_tokens`.
    """
    drawn = sampling or profile.sampling
    texts = [profile.system_prompt, *(message.get("content", "") for message in messages)]
    given = sum(len(text.encode()) + PER_MESSAGE for text in texts)
    return cost_micro(profile.price, given, drawn.max_tokens or UNLIMITED)
