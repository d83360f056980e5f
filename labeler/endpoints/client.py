"""The client: asks an endpoint for one answer, whichever dialect its server speaks.

The answer is asked for as a stream, though nobody sees it before it is whole: so a server that is
slow is told from one that is dead, a broken line from a finished answer, and nothing on the way
cuts a connection because nothing came for a while. A server that answers in one piece all the same
is understood too.
"""

import json
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from labeler import clock
from labeler.endpoints import answers, asking, faults
from labeler.endpoints.answers import Answer
from labeler.endpoints.faults import Code, Failed, ours
from labeler.endpoints.profiles import Profile, Sampling

if TYPE_CHECKING:
    from openai import APIResponse, OpenAI


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
    params = asking.params(profile.provider, sampling or profile.sampling)
    told = asking.messages(profile, messages)
    try:
        with _opened(profile, key, hosts) as client:
            began = time.monotonic()
            with _asked(client, profile, told, params) as got:
                answer = _read(got)
                return _reply(answer, got, params, round((time.monotonic() - began) * 1000))
    except Failed as failed:
        raise Failed(faults.without(failed.fault, key)) from None


@contextmanager
def _opened(profile: Profile, key: str, hosts: Collection[str]) -> Iterator["OpenAI"]:
    """Lend what speaks to the server by the one way out, and by nothing that the environment says.

    Whatever key or header of the environment the library puts in, it does not leave: `outgoing`
    sends the headers that are named here.
    """
    from openai import OpenAI  # slow to import, and a server that only shows pages needs none of it

    from labeler.endpoints import outgoing

    limits = profile.limits
    leave = outgoing.Leave(hosts, profile.on_premises, limits.timeout_s, limits.longest_s)
    with outgoing.client(leave, asking.headers(profile, key)) as http:
        yield OpenAI(
            api_key=asking.NO_KEY,
            base_url=asking.url(profile),
            http_client=http,
            max_retries=0,
            timeout=http.timeout,
        )


@contextmanager
def _asked(
    client: "OpenAI", profile: Profile, messages: Any, params: Mapping[str, Any]
) -> Iterator["APIResponse[Any]"]:
    """Send the question and lend the answer as it comes; raises Failed."""
    from openai import APIError, APIStatusError

    create = client.chat.completions.with_streaming_response.create
    try:
        with create(
            model=profile.model,
            messages=messages,
            stream=True,
            extra_body={**params, **asking.stream(profile.provider)},
            extra_query=asking.query(profile),
        ) as got:
            yield got
    except APIStatusError as error:
        sent = error.response
        fault = faults.refused(sent.status_code, sent.headers, sent.text, now=clock.now())
        raise Failed(fault) from None
    except APIError as error:
        raise ours(Code.cut, raw=repr(error.__cause__ or error)) from None


def _read(got: "APIResponse[Any]") -> Answer:
    answer = Answer()
    for piece in _pieces(got):
        answer.take(piece, status=got.status_code)
    answer.require_whole(status=got.status_code)
    return answer


def _pieces(got: "APIResponse[Any]") -> Iterator[object]:
    """Yield what the server sends, as it comes; raises Failed for what cannot be read."""
    from openai import APIError, Stream

    kind = got.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "text/html":
        raise ours(Code.not_openai, status=got.status_code, raw=got.text())
    try:
        if kind.endswith("json"):
            yield json.loads(got.read())
        else:
            yield from got.parse(to=Stream[object])
    except (ValueError, RecursionError) as error:
        raise ours(Code.not_json, status=got.status_code, raw=str(error)) from None
    except APIError as error:
        raise Failed(faults.reported(got.status_code, error.body)) from None


def _reply(
    answer: Answer, got: "APIResponse[Any]", params: dict[str, Any], latency_ms: int
) -> Reply:
    text, thinking = answer.text()
    return Reply(
        text=text,
        thinking=thinking,
        finish_reason=answers.finish(answer.reason),
        model_returned=answers.name(answer.model),
        fingerprint=answers.name(answer.fingerprint),
        request_id=answers.name(_request_id(got) or answer.id),
        http_status=got.status_code,
        input_tokens=answer.tokens[0],
        output_tokens=answer.tokens[1],
        latency_ms=latency_ms,
        params_sent=params,
        params_effective=answer.effective,
        unfiltered=answer.unfiltered,
    )


def _request_id(got: "APIResponse[Any]") -> str:
    names = ("x-request-id", "apim-request-id", "mistral-correlation-id")
    return next((got.headers[name] for name in names if got.headers.get(name)), "")
