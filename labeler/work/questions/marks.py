"""Marks on passages of an answer: what kind of fault stands where.

A mark is stored as offsets into the source text, in Unicode code points, with the passage itself as
a check. People select what they see, or quote it; the server finds it in the source.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from labeler.errors import Invalid
from labeler.said import say, say_number
from labeler.work.questions import passages, words
from labeler.work.questions.passages import Span
from labeler.work.questions.seen import Seen
from labeler.work.questions.words import Once, Words

MOST = 50
LONGEST_QUOTE = 10_000
LONGEST_COMMENT = 1_000
CELLS = ("place", "quote", "nth", "start", "end", "type", "severity", "comment")
QUOTE = say("Please quote the passage that you mean.")
Value: TypeAlias = list[dict[str, Any]]
"""By response and offset: response, start, end, quote, type, severity, comment."""
_NONE = say("Please mark at least one passage.")
_TOO_MANY = say("At most %(most)s passages.", most=MOST)
_NOT_FOUND = say("This is not found in the answer: quote fewer words, as they stand.")


class MarksDraft(BaseModel):
    """Asks to mark what is wrong in an answer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["marks"] = "marks"
    types: Annotated[tuple[Words, ...], Once, Field(min_length=1, max_length=20)] = Field(
        ("Wrong", "Unclear", "Style"), description="Kinds of fault."
    )
    severities: Annotated[tuple[Words, ...], Once, Field(max_length=5)] = Field(
        ("Minor", "Major"), description="How bad it is, from the least; none: not asked."
    )
    required: bool = Field(False, description="Whether at least one passage is marked.")


class Mark(BaseModel):
    """One passage: quoted, or told by its offsets, or both."""

    model_config = ConfigDict(extra="forbid", frozen=True, title="MarkGiven")

    place: str = Field(description="The place of the answer.")
    quote: str = Field("", max_length=LONGEST_QUOTE, description="The passage as it is read.")
    nth: int | None = Field(None, ge=1, description="Which one, if it stands there several times.")
    start: int | None = Field(None, ge=0, description="Offset in code points into the source.")
    end: int | None = Field(None, ge=1, description="Where it ends, not included.")
    type: str
    severity: str = ""
    comment: str = Field("", max_length=LONGEST_COMMENT)


Given: TypeAlias = list[Mark]


def from_form(_draft: MarksDraft, fields: dict[str, str], seen: Seen) -> Given | None:
    """Take the rows out of a form: marks.0.quote and so on; rows without a passage are none."""
    given = []
    for row in range(MOST + 1):
        name = f"marks.{row}"
        cells = {cell: fields.pop(f"{name}.{cell}", "").strip() for cell in CELLS}
        if cells["comment"] and not cells["quote"]:
            raise Invalid(QUOTE, fields={name + ".quote": QUOTE})
        if cells["quote"]:
            given.append(_mark(cells, seen))
    return given or None


def _mark(cells: dict[str, str], seen: Seen) -> Mark:
    """Make a mark of a row; its offsets count as long as they lead to what is quoted."""
    start, end, nth = (_number(cells.pop(name)) for name in ("start", "end", "nth"))
    number = seen.number(cells["place"])
    text = "" if number is None else seen.texts[number]
    if start is None or end is None or text[start:end] != cells["quote"]:
        start = end = None
    found: dict[str, Any] = cells | {"start": start, "end": end, "nth": nth or None}
    return Mark.model_construct(**found)


def _number(said: str) -> int | None:
    return int(said) if said.isascii() and said.isdigit() and len(said) < 8 else None


def read(draft: MarksDraft, given: Given | None, seen: Seen) -> Value | None:
    """Read marks and find them in the texts; raises Invalid naming the first thing of each."""
    given = given or []
    if draft.required and not given:
        raise Invalid(_NONE, fields={"marks": _NONE})
    if len(given) > MOST:
        raise Invalid(_TOO_MANY, fields={"marks": _TOO_MANY})
    faults: dict[str, str] = {}
    value: Value = []
    for row, mark in enumerate(given):
        try:
            value.append(_found(draft, mark, seen))
        except _Unfit as unfit:
            faults[f"marks.{row}.{unfit.cell}"] = unfit.words
    if faults:
        raise Invalid("Some passages cannot be marked like this.", fields=faults)
    return sorted(value, key=lambda mark: [*mark.values()]) or None


class _Unfit(Exception):
    def __init__(self, cell: str, words: str) -> None:
        super().__init__(words)
        self.cell, self.words = cell, words


def _found(draft: MarksDraft, mark: Mark, seen: Seen) -> dict[str, Any]:
    number = seen.number(mark.place)
    if number is None:
        raise _Unfit("place", say("Please say in which answer it is."))
    if mark.type not in draft.types:
        raise _Unfit("type", say("Please choose what is wrong."))
    if mark.severity not in (draft.severities or ("",)):
        raise _Unfit("severity", say("Please choose how bad it is."))
    if fault := words.fault(mark.comment, LONGEST_COMMENT):
        raise _Unfit("comment", fault)
    text = seen.texts[number]
    span = _span(mark, text)
    return {
        "response": number,
        "start": span.start,
        "end": span.end,
        "quote": text[span.start : span.end],
        "type": mark.type,
        "severity": mark.severity,
        "comment": mark.comment,
    }


def _span(mark: Mark, text: str) -> Span:
    if len(mark.quote) > LONGEST_QUOTE:
        raise _Unfit("quote", say("At most %(most)s characters.", most=LONGEST_QUOTE))
    if mark.start is not None and mark.end is not None:
        return _told(mark, text, mark.start, mark.end)
    found = passages.find(text, mark.quote.strip())
    if not found:
        raise _Unfit("quote", _NOT_FOUND)
    if mark.nth is None and len(found) > 1:
        raise _Unfit("quote", _several(len(found)))
    return found[min(mark.nth or 1, len(found)) - 1]


def _several(number: int) -> str:
    return say_number(
        "This stands there %(num)s time: quote more words around it.",
        "This stands there %(num)s times: quote more words around it.",
        number,
    )


def _told(mark: Mark, text: str, start: int, end: int) -> Span:
    """Return the passage between offsets, without the blanks at its ends."""
    passage = text[start:end]
    if end > len(text) or not passage.strip() or mark.quote not in ("", passage):
        raise _Unfit("quote", say("The offsets do not lead to this passage."))
    return Span(end - len(passage.lstrip()), start + len(passage.rstrip()))


def fields(_draft: MarksDraft, value: Value, seen: Seen) -> dict[str, str]:
    """Return the form's fields as they were filled in."""
    filled: dict[str, str] = {}
    for row, mark in enumerate(value):
        cells = mark | {"place": seen.letter(mark["response"]), "nth": ""}
        filled |= {f"marks.{row}.{cell}": str(cells[cell]) for cell in CELLS}
    return filled


def aggregate(values: Sequence[Value]) -> dict[str, Any]:
    """Count the marks of each response by type and severity, and keep where they are."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for value in values:
        for mark in value:
            found[str(mark["response"])].append(mark)
    return {
        number: {
            "types": dict(Counter(mark["type"] for mark in marks)),
            "severities": dict(Counter(mark["severity"] for mark in marks)),
            "spans": sorted([mark["start"], mark["end"], mark["type"]] for mark in marks),
        }
        for number, marks in sorted(found.items())
    }


def export(value: Value) -> dict[str, Any]:
    """Return the value as a record of a dataset."""
    return {"marks": value}
