"""The refusals that rules raise and doors translate. Anything else that is raised is a bug."""

import errno
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from labeler.said import Said, say

DAY = say("This must be a day, such as 2026-11-30.")
WORDS = MappingProxyType(
    {
        "missing": say("Please fill this in."),
        "too_short": say("Please fill this in."),
        "string_too_short": say("This is too short: %(min_length)s characters at least."),
        "string_too_long": say("This is too long: %(max_length)s characters at most."),
        "too_long": say("These are too many: %(max_length)s at most."),
        "string_pattern_mismatch": say("This has characters that do not belong here."),
        "less_than": say("This must be less than %(lt)s."),
        "less_than_equal": say("This must be %(le)s at most."),
        "greater_than": say("This must be more than %(gt)s."),
        "greater_than_equal": say("This must be %(ge)s at least."),
        "enum": say("Please choose one of these: %(expected)s."),
        "literal_error": say("Please choose one of these: %(expected)s."),
        "int_type": say("This must be a whole number."),
        "int_parsing": say("This must be a whole number."),
        "int_from_float": say("This must be a whole number."),
        "float_type": say("This must be a number."),
        "float_parsing": say("This must be a number."),
        "finite_number": say("This must be a number."),
        "decimal_type": say("This must be a number."),
        "decimal_parsing": say("This must be a number."),
        "decimal_max_places": say("This has too many decimals: %(decimal_places)s at most."),
        "bool_type": say("This must be true or false."),
        "bool_parsing": say("This must be true or false."),
        "date_parsing": DAY,
        "date_from_datetime_parsing": DAY,
        "date_from_datetime_inexact": DAY,
        "date_type": DAY,
        "string_type": say("This must be text."),
        "list_type": say("This must be a list."),
        "dict_type": say("This must have named parts."),
        "model_type": say("This must have named parts."),
        "json_invalid": say("This is not JSON: %(error)s."),
        "extra_forbidden": say("This name is not known here."),
    }
)
"""What pydantic's kinds of faults mean to whoever wrote the value."""


NO_ROOM = say(
    "The disk of this site is full, so this was not saved. What you saved before is safe."
)
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
        self.message = say(message)
        self.fields: dict[str, str] = {name: say(words) for name, words in (fields or {}).items()}


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


def _words(fault: ErrorDetails) -> Said:
    kind, context = fault["type"], fault.get("ctx", {})
    if kind == "string_too_short" and context["min_length"] == 1:
        return WORDS["missing"]
    if kind in WORDS:
        return say(WORDS[kind], **_listed(context))
    error = context.get("error")
    if isinstance(error, ValueError) and error.args and isinstance(error.args[0], Said):
        return error.args[0]
    message = fault["msg"].removeprefix("Value error, ")
    return say(message[:1].upper() + message[1:])


def _listed(context: dict[str, Any]) -> dict[str, Any]:
    """Part what may be chosen by commas alone: pydantic's "or" is English."""
    if "expected" in context:
        return context | {"expected": context["expected"].replace(" or ", ", ")}
    return context
