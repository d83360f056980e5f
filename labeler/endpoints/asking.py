"""Asking: how each dialect of chat completions is asked for an answer.

They differ in where the key stands, in what the seed and the longest length are called, and in
whether they are to be told to count tokens.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any
from urllib.parse import quote, urlencode

from labeler.endpoints.faults import Code, ours
from labeler.endpoints.hosts import Target
from labeler.endpoints.profiles import Profile, Provider, Sampling

NO_KEY = "none"
"""What a server on one's own machine is shown that asks for no key."""
LENGTHS = ("max_tokens", "max_completion_tokens")
NEW_LENGTH = frozenset((Provider.openai, Provider.azure))
"""Whose newer models refuse max_tokens."""
COUNTS_UNASKED = frozenset((Provider.mistral,))
"""Who counts tokens in a stream without being told to, and refuses to be told."""
_SEEDS: Mapping[Provider, str] = MappingProxyType({Provider.mistral: "random_seed"})


def target(profile: Profile) -> Target:
    """Return where an answer is asked for."""
    base = profile.target
    inside = f"/openai/deployments/{profile.model}" if profile.api_version else ""
    query = f"?{urlencode({'api-version': profile.api_version})}" if profile.api_version else ""
    path = quote(f"{base.path.rstrip('/')}{inside}/chat/completions", safe="/%~:@!$&'()*+,;=")
    return base._replace(path=path + query)


def headers(profile: Profile, key: str) -> dict[str, str]:
    """Return the header that carries the key; raises Failed for what no header can carry."""
    if not all("!" <= character <= "~" for character in key):
        raise ours(Code.bad_key)
    if profile.provider is Provider.azure_classic:
        return {"api-key": key}
    return {"authorization": f"Bearer {key or NO_KEY}"}


def params(provider: Provider, sampling: Sampling) -> dict[str, Any]:
    """Return how the answer is to be drawn, as the dialect names it; `extra` has the last word."""
    given = sampling.model_dump(exclude={"max_tokens", "seed", "extra", "stop"}, exclude_none=True)
    given |= {"stop": sampling.stop} if sampling.stop else {}
    given |= {} if sampling.seed is None else {_SEEDS.get(provider, "seed"): sampling.seed}
    if sampling.max_tokens is not None and not set(LENGTHS) & set(sampling.extra):
        given[LENGTHS[provider in NEW_LENGTH]] = sampling.max_tokens
    return given | sampling.extra


def body(
    profile: Profile, given: Sequence[Mapping[str, str]], drawn: dict[str, Any]
) -> dict[str, Any]:
    """Return what is sent: a conversation, to be answered in a stream that ends with its tokens."""
    asked: dict[str, Any] = {"model": profile.model, "messages": messages(profile, given)}
    asked["stream"] = True
    if profile.provider not in COUNTS_UNASKED:
        asked["stream_options"] = {"include_usage": True}
    return asked | drawn


def messages(profile: Profile, given: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """Return the conversation, the profile's system prompt first unless it begins with one."""
    told = [dict(message) for message in given]
    if not profile.system_prompt or (told and told[0].get("role") == "system"):
        return told
    return [{"role": "system", "content": profile.system_prompt}, *told]
