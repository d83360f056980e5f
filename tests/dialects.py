"""The seven dialects of chat completions: what a server of each says; tests/stubs.py sends it."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

DIALECTS = ("openai", "azure", "azure_classic", "mistral", "vllm", "ollama", "llamacpp")
HOSTED = frozenset(DIALECTS[:4])
AZURE = frozenset(("azure", "azure_classic"))
KEY_ENV = "MODEL_SERVER_KEY"
API_VERSION = "2024-10-21"
BASES = {dialect: f"/{dialect}/v1" for dialect in DIALECTS} | {
    "azure": "/azure/openai/v1",
    "azure_classic": "/azure_classic",
}
COMMON = frozenset("model messages temperature top_p stop stream".split())
KNOWN = {
    "openai": COMMON | {"max_completion_tokens", "seed", "stream_options"},
    "azure": COMMON | {"max_completion_tokens", "seed", "stream_options"},
    "azure_classic": COMMON | {"max_tokens", "max_completion_tokens", "seed", "stream_options"},
    "mistral": COMMON | {"max_tokens", "random_seed", "safe_prompt", "reasoning_effort"},
}
"""What the hosted ones take; servers on one's own machine take and leave out what they like."""
PASSED = {"hate": {"filtered": False, "severity": "safe"}}


@dataclass(frozen=True)
class Turn:
    """What the server does with one request."""

    text: str | None = None
    """The answer; None: what `says` has, or the one made of the question."""
    thinking: str = ""
    finish: str | None = "stop"
    status: int = 200
    code: str | int | None = None
    message: str = "something is wrong"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    """Sent as it is, instead of an answer."""
    content_type: str = "application/json"
    wait_s: float = 0.0
    """How long nothing at all is sent."""
    pace_s: float = 0.0
    """How long it takes from one piece of an answer to the next."""
    cut_after: int | None = None
    """After how many pieces the connection is closed, in the midst of the answer."""
    error_after: int | None = None
    """After how many pieces an event says that something went wrong."""
    endless: bool = False
    """Whether `body`, or the answer's second piece, is sent again and again until nobody reads."""
    whole: bool = False
    """Whether the answer comes in one JSON though a stream was asked for."""
    choices: bool = True
    """Whether there is any choice in the answer."""
    usage: bool = True
    unfiltered: bool = False
    """Whether Azure's filter is down, which it says in the midst of an answer."""
    detail: bool = False
    """Whether an error has the shape of a validation (`detail`), as Mistral's 422."""
    bare: bool = False
    """Whether an error is flat where the dialect's is nested, as older vLLM's."""


@dataclass(frozen=True)
class Asked:
    """One request as it arrived."""

    dialect: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: dict[str, Any]
    at: float


def path(dialect: str, model: object) -> str:
    """Return where the dialect is asked for an answer."""
    within = f"/openai/deployments/{model}" if dialect == "azure_classic" else ""
    return f"{BASES[dialect]}{within}/chat/completions"


def made_of(body: dict[str, Any]) -> str:
    """Return an answer that is the same for the same request and another one for any other."""
    seed = body.get("seed", body.get("random_seed"))
    told = json.dumps([body.get("model"), seed, body["messages"]], sort_keys=True)
    sign = hashlib.sha256(told.encode()).hexdigest()[:8]
    return f"About “{str(body['messages'][-1]['content'])[:200]}” there is this to say: {sign}."


def error(dialect: str, turn: Turn) -> bytes:
    """Return an error in the dialect's shape."""
    kind = {401: "authentication_error", 429: "rate_limit_error"}.get(turn.status, "api_error")
    code, inner = turn.code, {"message": turn.message, "type": kind, "param": None}
    if turn.detail:
        where = {"type": kind, "loc": ["body", "stop"], "msg": turn.message, "input": None}
        detail = {"detail": [where]}
        wrapped = {"object": "error", "message": detail, "type": kind, "code": code}
        return json.dumps(wrapped if dialect == "mistral" else detail).encode()
    if dialect == "mistral" or turn.bare:
        return json.dumps({"object": "error", **inner, "code": code}).encode()
    if dialect in ("vllm", "llamacpp"):
        return json.dumps({"error": {**inner, "code": turn.status}}).encode()
    if dialect in AZURE:
        return json.dumps({"error": {**inner, "code": code or str(turn.status)}}).encode()
    return json.dumps({"error": {**inner, "code": code}}).encode()


def head(asked: Asked, kind: str) -> dict[str, Any]:
    """Return what every answer and every piece of one begins with."""
    given = {
        "id": "chatcmpl-1",
        "object": kind,
        "created": 1,
        "model": f"{asked.body['model']}-001",
    }
    prints = {"openai": "fp_44709d6fcb", "ollama": "fp_ollama", "llamacpp": "b6123-abcdef"}
    return given | (
        {"system_fingerprint": prints[asked.dialect]} if asked.dialect in prints else {}
    )


def parts(dialect: str, text: str, thinking: str) -> dict[str, Any]:
    """Return a message's or a delta's text and thinking, as the dialect keeps them apart."""
    if not thinking:
        return {"content": text}
    if dialect == "mistral":
        thought = {"type": "thinking", "thinking": [{"type": "text", "text": thinking}]}
        return {"content": [thought, *([{"type": "text", "text": text}] if text else [])]}
    field_name = "reasoning" if dialect in ("ollama", "vllm") else "reasoning_content"
    return {"content": text or None, field_name: thinking}


def usage(turn: Turn) -> dict[str, Any]:
    counted = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
    return {"usage": counted} if turn.usage else {}


def choice(asked: Asked, turn: Turn, kind: str, said: dict[str, Any], end: bool) -> dict[str, Any]:
    made = {"index": 0, kind: said, "finish_reason": turn.finish if end else None}
    if asked.dialect in AZURE:
        down = {"error": {"code": "content_filter_error", "message": "The filter timed out."}}
        made["content_filter_results"] = down if turn.unfiltered else PASSED
    return made


def pieces(asked: Asked, turn: Turn, text: str) -> Iterator[dict[str, Any]]:
    """Yield the events of a stream, as the dialect parts an answer."""
    start, dialect = head(asked, "chat.completion.chunk"), asked.dialect

    def delta(said: dict[str, Any], *, end: bool = False) -> dict[str, Any]:
        made = choice(asked, turn, "delta", said, end)
        return start | {"choices": [made] if turn.choices else []}

    if dialect in AZURE:
        yield start | {"choices": [], "prompt_filter_results": [{"prompt_index": 0}]}
    yield delta({"role": "assistant", "content": ""})
    if turn.thinking:
        yield delta(parts(dialect, "", turn.thinking))
    middle = len(text) // 2
    for part in filter(None, (text[:middle], text[middle:])):
        yield delta({"content": part})
    counts = usage(turn) if dialect == "mistral" else {}
    yield delta({}, end=True) | counts
    if asked.body.get("stream_options", {}).get("include_usage"):
        yield start | {"choices": []} | usage(turn)


def whole(asked: Asked, turn: Turn, text: str) -> bytes:
    """Return an answer in one piece."""
    said = {"role": "assistant", **parts(asked.dialect, text, turn.thinking)}
    choices = [choice(asked, turn, "message", said, True)] if turn.choices else []
    return json.dumps(head(asked, "chat.completion") | {"choices": choices} | usage(turn)).encode()


def refusal(key: str, models: frozenset[str] | None, asked: Asked) -> Turn | None:
    """Return what the real server says to a request that it does not understand, if it is one."""
    body, dialect = asked.body, asked.dialect
    if asked.path != path(dialect, body.get("model")):
        return Turn(status=404, code="404", message="Resource not found")
    if dialect == "azure_classic" and asked.query.get("api-version") != [API_VERSION]:
        return Turn(status=404, code="404", message="Resource not found")
    header, form = ("api-key", "") if dialect == "azure_classic" else ("authorization", "Bearer ")
    if dialect in HOSTED and asked.headers.get(header) != form + key:
        words = f"Incorrect API key provided: {asked.headers.get(header, 'none')}."
        return Turn(status=401, code="invalid_api_key", message=words)
    if models is not None and body.get("model") not in models:
        name = "DeploymentNotFound" if dialect in AZURE else "model_not_found"
        return Turn(status=404, code=name, message=f"The model {body.get('model')} does not exist")
    if unknown := sorted(set(body) - KNOWN.get(dialect, frozenset(body))):
        status, detail = (422, True) if dialect == "mistral" else (400, False)
        words = f"Unsupported parameter: {unknown[0]}"
        return Turn(status=status, code="unsupported_parameter", message=words, detail=detail)
    return None
