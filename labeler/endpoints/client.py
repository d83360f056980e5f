"""The client: asks an endpoint for one answer, whichever dialect its server speaks."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from labeler.endpoints.profiles import Profile, Sampling


@dataclass(frozen=True)
class Reply:
    """What a server answered."""

    text: str
    thinking: str
    finish_reason: str
    """stop, length, content_filter, tool_calls, error or other; the answer is whole after stop."""
    model_returned: str
    fingerprint: str
    request_id: str
    http_status: int
    input_tokens: int | None
    output_tokens: int | None
    latency_ms: int
    params_sent: dict[str, Any]
    params_effective: dict[str, Any] | None = None
    """What the server says that it used, if it says so."""
    unfiltered: bool = False
    """Whether the server's filter was down: it says so beside an answer that looks like any."""


def ask(
    profile: Profile,
    key: str,
    messages: Sequence[Mapping[str, str]],
    *,
    hosts: Collection[str],
    sampling: Sampling | None = None,
) -> Reply:
    """Ask for one answer to a conversation; raises Failed.

    `hosts` are those that may be called, as `labeler.endpoints.hosts.read` returns them. The
    profile's system prompt goes first, unless the messages begin with one. `sampling` stands in
    for the profile's.
    """
    raise NotImplementedError
