"""The client: asks an endpoint for one answer, whichever dialect its server speaks.

The answer is asked for as a stream, though nobody sees it before it is whole: so a server that is
slow is told from one that is dead, a broken line from a finished answer, and nothing on the way
cuts a connection because nothing came for a while. A server that answers in one piece all the same
is understood too.
"""

import json
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from labeler import clock
from labeler.endpoints import answers, asking, events, faults
from labeler.endpoints.answers import Answer
from labeler.endpoints.faults import Code, Failed, ours
from labeler.endpoints.profiles import Profile, Sampling

if TYPE_CHECKING:
    from labeler.endpoints.outgoing import Arriving

REQUEST_ID = ("x-request-id", "apim-request-id", "mistral-correlation-id")
DONE = "[DONE]"


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
    from labeler.endpoints import outgoing  # a server that only shows pages needs none of it

    params = asking.params(profile.provider, sampling or profile.sampling)
    body = json.dumps(asking.body(profile, messages, params)).encode()
    limits = profile.limits
    leave = outgoing.Leave(hosts, profile.on_premises, limits.timeout_s, limits.longest_s)
    began = time.monotonic()
    try:
        headers = asking.headers(profile, key)
        with outgoing.posted(leave, asking.target(profile), headers, body) as got:
            answer = _read(got)
            return _reply(answer, got, params, round((time.monotonic() - began) * 1000))
    except Failed as failed:
        raise Failed(faults.without(failed.fault, key)) from None


def _read(got: "Arriving") -> Answer:
    if not 200 <= got.status < 300:
        text = _text(got)
        raise Failed(faults.refused(got.status, got.headers, text, now=clock.now()))
    answer = Answer()
    for piece in _pieces(got):
        answer.take(piece, status=got.status)
    answer.require_whole(status=got.status)
    return answer


def _pieces(got: "Arriving") -> Iterator[object]:
    """Yield what the server sends, as it comes; raises Failed for what cannot be read."""
    kind = got.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "text/html":
        raise ours(Code.not_openai, status=got.status, raw=_text(got))
    try:
        if kind.endswith("json"):
            yield json.loads(b"".join(got.chunks))
            return
        for data in events.read(got.chunks):
            if data.startswith(DONE):
                return
            yield json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ours(Code.not_json, status=got.status, raw=str(error)) from None


def _text(got: "Arriving") -> str:
    return b"".join(got.chunks).decode("utf-8", "replace")


def _reply(answer: Answer, got: "Arriving", params: dict[str, Any], latency_ms: int) -> Reply:
    text, thinking = answer.text()
    request_id = next((got.headers[n] for n in REQUEST_ID if got.headers.get(n)), answer.id)
    return Reply(
        text=text,
        thinking=thinking,
        finish_reason=answers.finish(answer.reason),
        model_returned=answers.name(answer.model),
        fingerprint=answers.name(answer.fingerprint),
        request_id=answers.name(request_id),
        http_status=got.status,
        input_tokens=answer.tokens[0],
        output_tokens=answer.tokens[1],
        latency_ms=latency_ms,
        params_sent=params,
        params_effective=answer.effective,
        unfiltered=answer.unfiltered,
    )
