"""The refusals that rules raise and doors translate. Anything else that is raised is a bug."""

import errno
from collections.abc import Mapping
from types import MappingProxyType

from pydantic import ValidationError
from pydantic_core import ErrorDetails

WORDS = MappingProxyType(
    {
        "missing": "Please fill this in.",
        "too_short": "Please fill this in.",
        "string_too_short": "This is too short: {min_length} characters at least.",
        "string_too_long": "This is too long: {max_length} characters at most.",
        "too_long": "These are too many: {max_length} at most.",
        "string_pattern_mismatch": "This has characters that do not belong here.",
        "less_than": "This must be less than {lt}.",
        "less_than_equal": "This must be {le} at most.",
        "greater_than": "This must be more than {gt}.",
        "greater_than_equal": "This must be {ge} at least.",
        "enum": "Please choose one of these: {expected}.",
        "literal_error": "Please choose one of these: {expected}.",
        "int_type": "This must be a whole number.",
        "int_parsing": "This must be a whole number.",
        "int_from_float": "This must be a whole number.",
        "float_type": "This must be a number.",
        "float_parsing": "This must be a number.",
        "finite_number": "This must be a number.",
        "bool_type": "This must be true or false.",
        "bool_parsing": "This must be true or false.",
        "string_type": "This must be text.",
        "list_type": "This must be a list.",
        "dict_type": "This must have named parts.",
        "model_type": "This must have named parts.",
        "json_invalid": "This is not JSON: {error}.",
        "extra_forbidden": "This name is not known here.",
    }
)
"""What pydantic's kinds of faults mean to whoever wrote the value."""


NO_ROOM = "The disk of this site is full, so this was not saved. What you saved before is safe."
SQLITE_FULL = "database or disk is full"
DISK_FULL = "53100"
"""What PostgreSQL calls it."""


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


class Unknown(Refusal):
    """Nobody is signed in."""

    status = 401
    code = "unknown"


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


class Full(Refusal):
    """The disk has no room to keep this; reading goes on, and saving too once there is room."""

    status = 507
    code = "full"

    def __init__(self, message: str = NO_ROOM) -> None:
        super().__init__(message)


def no_room(error: BaseException | None) -> bool:
    """Tell whether this came about because a disk is full, however it is wrapped.

    SQLite undoes the whole transaction when its disk is full; what is then said of savepoints that
    are gone comes on top of it.
    """
    while error is not None:
        orig = getattr(error, "orig", None) or error
        if getattr(orig, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
            return True
        if getattr(orig, "sqlstate", None) == DISK_FULL or SQLITE_FULL in str(orig):
            return True
        error = error.__cause__ or error.__context__
    return False


def faults(error: ValidationError, *, whole: str = "form") -> dict[str, str]:
    """Say what pydantic found wrong, by field; `whole` stands for no field of it."""
    found = error.errors(include_url=False, include_input=False)
    return {".".join(map(str, fault["loc"])) or whole: _words(fault) for fault in found}


def _words(fault: ErrorDetails) -> str:
    kind, context = fault["type"], fault.get("ctx", {})
    if kind == "string_too_short" and context["min_length"] == 1:
        return WORDS["missing"]
    if kind in WORDS:
        return WORDS[kind].format_map(context)
    message = fault["msg"].removeprefix("Value error, ")
    return message[:1].upper() + message[1:]
