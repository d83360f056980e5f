"""Faults: what went wrong with a call, in one shape for every server and for none that answers.

A fault that a server reported keeps the server's `code`, `type` and `message`. One that was found
here has the type `OURS`, the name of a `Code`, and a message that speaks to the reader. Servers
wrap their errors in `error`, in nothing, or in a list named `detail`.
"""

import json
import math
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum
from types import MappingProxyType
from typing import Any

from labeler.said import say

OURS = "labeler"
"""The type of what no server reported."""
RAW_LENGTH = 2000
MESSAGE_LENGTH = 500
LONGEST_REST_S = 86_400.0
"""No server is left alone for longer than this, whatever it asks for."""
RETRYABLE = frozenset((408, 409, 425, 429))
"""Statuses below 500 after which the same call may succeed; those from 500 on count as well."""
FINAL = frozenset((501, 505))
FINAL_CODES = frozenset(("insufficient_quota", "content_filter", "billing_not_active"))
"""What servers call a refusal that waiting does not lift, whatever its status."""


class Code(Enum):
    """What can go wrong without a server saying so."""

    not_allowed = "not_allowed"
    not_https = "not_https"
    private = "private"
    """The name has an address that may not be called."""
    no_such_host = "no_such_host"
    names_away = "names_away"
    """Nobody could say just now which address the name has."""
    refused_connection = "refused_connection"
    unreachable = "unreachable"
    tls = "tls"
    """A certificate that is not trusted, or is another server's."""
    no_tls = "no_tls"
    silent = "silent"
    too_slow = "too_slow"
    cut = "cut"
    redirected = "redirected"
    too_large = "too_large"
    encoded = "encoded"
    not_json = "not_json"
    not_openai = "not_openai"
    empty = "empty"
    bad_key = "bad_key"


WORDS = MappingProxyType(
    {
        Code.not_allowed: say("%(host)s is not on the list of hosts that may be called."),
        Code.not_https: say("%(host)s is not in one's own network, so it is only called by https."),
        Code.private: say("%(host)s has an address that may not be called: %(address)s."),
        Code.no_such_host: say("There is no server with the name %(host)s."),
        Code.names_away: say("Nobody could say just now which address %(host)s has."),
        Code.refused_connection: say("%(host)s refused the connection."),
        Code.unreachable: say("%(host)s could not be reached: %(reason)s."),
        Code.tls: say("The certificate of %(host)s was not accepted: %(reason)s."),
        Code.no_tls: say("%(host)s does not speak https: %(reason)s."),
        Code.silent: say("The server was silent for %(seconds)s seconds."),
        Code.too_slow: say("The whole answer took longer than %(seconds)s seconds."),
        Code.cut: say("The connection ended in the midst of the answer."),
        Code.redirected: say("The server sent the call elsewhere, which is not followed."),
        Code.too_large: say("The server sent more than an answer can be."),
        Code.encoded: say("The server sent an answer that is packed in a way that was not asked."),
        Code.not_json: say("The server sent an answer that is not JSON."),
        Code.not_openai: say("The server answered, but not as one for chat completions does."),
        Code.empty: say("The server answered without any answer."),
        Code.bad_key: say("The key has characters that no key can have."),
    }
)
AGAIN = frozenset(
    (
        *(Code.names_away, Code.refused_connection, Code.unreachable, Code.silent, Code.too_slow),
        *(Code.cut, Code.not_json, Code.empty),
    )
)
"""What may go well the next time."""


@dataclass(frozen=True)
class Fault:
    """Why a call brought no answer, and whether the same call may bring one later."""

    status: int | None
    """The HTTP status, if there was an answer."""
    code: str
    type: str
    message: str
    retryable: bool
    retry_after_s: float | None = None
    """How long the server asked to be left alone."""
    raw: str = ""
    """The beginning of what the server sent."""

    def as_json(self) -> dict[str, Any]:
        """Return what a database keeps of it."""
        return asdict(self)


class Failed(Exception):
    """A call that brought no answer; `fault` says why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


def ours(code: Code, *, status: int | None = None, raw: str = "", **values: object) -> Failed:
    """Return what to raise for a fault that no server reported."""
    words = say(WORDS[code], **values)
    kept = storable(raw)[:RAW_LENGTH]
    return Failed(Fault(status, code.value, OURS, words, code in AGAIN, raw=kept))


def refused(status: int, headers: Mapping[str, str], text: str, *, now: datetime) -> Fault:
    """Read what a server sent with a status that is not one of success."""
    if 300 <= status < 400:
        return ours(Code.redirected, status=status, raw=text).fault
    return _fault(status, status, _read(text), text, retry_after(headers, now=now))


def reported(status: int, error: object) -> Fault:
    """Read an error that a server sent in the midst of an answer that had begun well."""
    raw = ""
    with suppress(RecursionError):
        raw = json.dumps(error, ensure_ascii=False)
    number = _one(_inner(error).get("code"))
    said = int(number) if re.fullmatch("[45][0-9][0-9]", number) else 500
    return _fault(status, said, error, raw, None)


def _fault(status: int, said: int, error: object, raw: str, rest_s: float | None) -> Fault:
    inner = _inner(error)
    code, kind = (storable(_one(inner.get(name)))[:100] for name in ("code", "type"))
    again = (said in RETRYABLE or said >= 500) and said not in FINAL
    again = again and not FINAL_CODES & {code, kind}
    message = storable(_message(error) or _unexplained(status))[:MESSAGE_LENGTH]
    return Fault(status, code, kind, message, again, rest_s, storable(raw)[:RAW_LENGTH])


def _unexplained(status: int) -> str:
    return say(
        "The server answered with the status %(status)s, without a word.", status=str(status)
    )


def _read(text: str) -> object:
    with suppress(ValueError, RecursionError):
        return json.loads(text)
    return None


def _inner(error: object) -> Mapping[str, Any]:
    if not isinstance(error, Mapping):
        return {}
    nested = error.get("error")
    return nested if isinstance(nested, Mapping) else error


def _message(error: object, depth: int = 4) -> str:
    """Return what an error says, wherever it says it, but not at any depth."""
    if isinstance(error, str):
        return error
    if isinstance(error, list) and depth:
        return "; ".join(filter(None, (_message(one, depth - 1) for one in error[:5])))
    if not isinstance(error, Mapping) or not depth:
        return ""
    if "msg" in error:
        where = error.get("loc")
        place = ".".join(map(str, where)) if isinstance(where, list) else ""
        return f"{place}: {_one(error['msg'])}" if place else _one(error["msg"])
    inside = (error.get(name) for name in ("error", "message", "detail"))
    return next(filter(None, (_message(one, depth - 1) for one in inside)), "")


def _one(value: object) -> str:
    return "" if value is None or isinstance(value, dict | list) else str(value)


def retry_after(headers: Mapping[str, str], *, now: datetime) -> float | None:
    """Return for how many seconds a server asks to be left alone; None: it does not say.

    It is a number of milliseconds (Azure), of seconds, or a date.
    """
    for name, unit in (("retry-after-ms", 1000), ("retry-after", 1)):
        with suppress(ValueError):
            return _rest(float(headers.get(name, "")) / unit)
    with suppress(ValueError, TypeError, OverflowError):
        until = parsedate_to_datetime(headers.get("retry-after", ""))
        aware = until if until.tzinfo else until.replace(tzinfo=UTC)
        return _rest((aware - now).total_seconds())
    return None


def _rest(seconds: float) -> float | None:
    return None if math.isnan(seconds) else min(max(seconds, 0.0), LONGEST_REST_S)


def without(fault: Fault, secret: str) -> Fault:
    """Return the fault with a key left out, should the server have repeated it."""
    if len(secret) < 6:
        return fault
    told = {name: getattr(fault, name).replace(secret, "…") for name in ("message", "raw")}
    return replace(fault, **told)


def storable(text: str) -> str:
    """Return text that any database takes: halves of characters joined or replaced, no NUL."""
    joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return joined.replace("\x00", "\ufffd")
