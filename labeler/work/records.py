"""A record: what stands in one row of a file, parsed, or refused with the reason.

A record holds only what a database can keep and what JSON can say again.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from math import isfinite
from typing import Any, NamedTuple, TypeAlias

from pydantic_core import from_json

from labeler.said import Said, say

Values: TypeAlias = dict[str, Any]

NUL = rb"\u0000"
ROW = "row"
"""The field that is named when no single one is at fault."""
# Said of many rows, so made once.
NO_OBJECT = say("This line is not a JSON object; each row is one line.")
TOO_DEEP = say("The JSON is nested too deeply.")
NOT_UTF_8 = say("This line is not text in UTF-8.")
NO_NUMBER = say("NaN and Infinity are not numbers of JSON.")
HAS_NUL = say("The text contains a NUL character.")
HALF = say("The text contains half of a surrogate pair, which is no character.")


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that cannot be taken, with the reason as a sentence for the reader."""

    line: int
    field: str
    reason: str

    @property
    def place(self) -> Said:
        """Where it stands, for the reader."""
        return say("line %(line)s, %(field)s", line=str(self.line), field=self.field)


class Record(NamedTuple):
    """One row of the file as it stands there; `size` is how many bytes it takes there."""

    line: int
    values: Values
    size: int


def parsed(number: int, line: bytes) -> Record | Refused:
    try:
        values = from_json(line, allow_inf_nan=False)
    except ValueError as error:
        return Refused(number, *_why_not_json(line, str(error)))
    if not isinstance(values, dict):
        return Refused(number, ROW, NO_OBJECT)
    if NUL not in line and _finite(values.values()):
        return Record(number, values, len(line))  # which is true of nearly all
    return checked(number, values, len(line))


def _finite(values: Iterable[object]) -> bool:
    """Say whether no number is infinite; halves of characters did not come through parsing."""
    for value in values:
        if isinstance(value, str):
            continue
        if isinstance(value, float) and not isfinite(value):
            return False
        if isinstance(value, dict) and not _finite(value.values()):
            return False
        if isinstance(value, list) and not _finite(value):
            return False
    return True


def checked(number: int, values: Values, size: int) -> Record | Refused:
    """Refuse values that a database cannot keep or JSON cannot say, wherever they stand."""
    found = _unfit(values)
    if found is None:
        return Record(number, values, size)
    field, reason = found
    return Refused(number, shown(field), reason)


def shown(field: str) -> str:
    """Make the name of a field fit to be shown: short, and of visible characters only."""
    name = field if field.isprintable() else ascii(field)[1:-1]
    return name if len(name) <= 100 else f"{name[:99]}…"


def _why_not_json(line: bytes, complaint: str) -> tuple[str, str]:
    if "recursion" in complaint:
        return ROW, TOO_DEEP
    if "unicode code point" in complaint:
        return ROW, NOT_UTF_8
    try:
        # The standard library lets NaN and halves of characters pass: it finds their field.
        field, reason = _unfit(json.loads(line)) or ("", "")
    except (ValueError, RecursionError):
        reason = ""
    if reason:
        return shown(field), reason
    complaint = complaint.replace(" at line 1 ", " at ")
    return ROW, say("This line is not valid JSON: %(complaint)s.", complaint=complaint)


def _unfit(value: object) -> tuple[str, str] | None:
    """Return the path of the first value that cannot be kept, and why."""
    if isinstance(value, str):
        reason = _unfit_text(value)
        return ("", reason) if reason else None
    if isinstance(value, float):
        return None if isfinite(value) else ("", NO_NUMBER)
    parts: Iterable[tuple[object, object]] = ()
    if isinstance(value, dict):
        parts = value.items()
    elif isinstance(value, list):
        parts = enumerate(value)
    for key, part in parts:
        found = _unfit(part) or (_unfit(key) if isinstance(key, str) else None)
        if found:
            return f"{key}.{found[0]}".rstrip("."), found[1]
    return None


def _unfit_text(text: str) -> str | None:
    if "\0" in text:
        return HAS_NUL
    if text.isascii():
        return None
    try:
        text.encode()
    except UnicodeEncodeError:
        return HALF
    return None
