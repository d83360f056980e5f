"""The refusals that rules raise and doors translate. Anything else that is raised is a bug."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

WORDS = MappingProxyType(
    {
        "missing": "Please fill this in.",
        "too_short": "Please fill this in.",
        "string_too_short": "Please fill this in.",
        "string_too_long": "This is too long: {max_length} characters at most.",
        "string_pattern_mismatch": "This has characters that do not belong here.",
        "less_than_equal": "This must be {le} at most.",
        "greater_than_equal": "This must be {ge} at least.",
        "enum": "Please choose one of these.",
        "int_parsing": "This must be a whole number.",
        "float_parsing": "This must be a number.",
        "float_type": "This must be a number.",
        "extra_forbidden": "There is no such field.",
    }
)
"""What pydantic's kinds of faults mean to whoever filled in a form."""


class Refusal(Exception):
    """A request that is understood and not carried out; the message speaks to the reader.

    `fields` names what was wrong where: a form's field, a setting, a line of a file.
    """

    status = 400
    code = "refused"

    def __init__(self, message: str, *, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.fields = dict(fields or {})


class Invalid(Refusal):
    """What was given cannot be taken."""

    status = 422
    code = "invalid"


class Forbidden(Refusal):
    """The person is known here but may not do this."""

    status = 403
    code = "forbidden"


class NotFound(Refusal):
    """There is no such thing for this person."""

    status = 404
    code = "not_found"


class Conflict(Refusal):
    """Something else happened first."""

    status = 409
    code = "conflict"


class Busy(Refusal):
    """The database cannot serve this just now; the same request may succeed later."""

    status = 503
    code = "busy"


def fault_words(fault: Mapping[str, Any]) -> str:
    """Say what is wrong with a field, of which pydantic found `fault`."""
    if fault["type"] in WORDS:
        return WORDS[fault["type"]].format_map(fault.get("ctx", {}))
    message = str(fault["msg"]).removeprefix("Value error, ")
    return message[:1].upper() + message[1:]
