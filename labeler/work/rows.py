"""Rows: one comparison as a file describes it, checked and typed, whatever layout it came in."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from labeler.said import say
from labeler.text import languages, sensitive
from labeler.work.questions import MOST_ANSWERS
from labeler.work.records import Record, Values, shown

Short = Annotated[str, Field(max_length=200)]

Names: TypeAlias = Mapping[str, str]
"""What fields of the native layout are called in the file at hand."""

# Said of many rows, so made once.
EMPTY = say("The text is empty.")
_NO_ID = say("The id is empty.")
_NO_TURNS = say("The prompt has no turns.")
_NO_QUESTION = say("The prompt does not end in a turn of the user.")
_TOO_FEW = say("There are fewer than two answers.")
_NO_SUCH_ANSWER = say("The better answer must be 0, the first, or 1, the second.")
_NOT_LEVELS = say('"sensitive" must be an object such as {"violence": 2}.')
SAME = say("The two answers are the same.")
SAME_OF_MANY = say("Two of the answers are the same.")


class Message(BaseModel):
    """One turn of a conversation."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    role: Literal["system", "user", "assistant"]
    content: str
    language: str | None = None
    """If it is not that of the row."""


class ResponseIn(BaseModel):
    """One model's answer; every further key says where it comes from."""

    model_config = ConfigDict(frozen=True, strict=True, extra="allow")

    text: str
    model: Short | None = None

    @property
    def provenance(self) -> dict[str, Any]:
        """What else the file says about this answer."""
        return self.model_extra or {}


class GoldIn(BaseModel):
    """A known answer: the number of the better response, counted from 0."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    better: int
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A prompt and the responses to it; `metadata` keeps what else the file says.

    `size` is how many bytes the row takes in the file.
    """

    line: int
    id: str
    messages: tuple[Message, ...]
    language: str
    responses: tuple[ResponseIn, ...]
    gold: GoldIn | None
    metadata: dict[str, Any]
    sensitive: str = ""
    """What in it may be hard to read, as `text.sensitive` writes it."""
    size: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Asked:
    """A prompt alone, to which answers are yet to come; else as `Row`."""

    line: int
    id: str
    messages: tuple[Message, ...]
    language: str
    metadata: dict[str, Any]
    sensitive: str = ""
    size: int = field(default=0, compare=False)


class Unfit(Exception):
    """What is wrong with a row, and in which field."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(field, reason)
        self.field = field
        self.reason = reason


class _Prompt(BaseModel):
    model_config = ConfigDict(strict=True, extra="allow")

    id: Annotated[Short, Field(strict=False, coerce_numbers_to_str=True)]
    prompt: list[Message]
    language: str | None = None


class _Alone(_Prompt):
    sensitive: Any = None
    metadata: dict[str, Any] | None = None


class _Native(_Prompt):
    responses: list[ResponseIn]
    gold: GoldIn | None = None
    sensitive: Any = None
    metadata: dict[str, Any] | None = None


def build_row(record: Record, values: Values, names: Names, *, language: str) -> Row:
    """Check a record's values in the native layout and make them a row; raises Unfit.

    `language` is that of a row that names none. Keys that are not known go into the metadata.
    """
    try:
        native = _Native.model_validate(values)
        _check_prompt(native)
        _check_responses(native.responses)
        _check_gold(native.gold, len(native.responses))
        return _row(record, native, check_language(native.language or language))
    except (ValidationError, Unfit) as error:
        raise _told(error, names) from None


def build_prompt(record: Record, values: Values, *, language: str) -> Asked:
    """Check a record that is a prompt alone, by the same rules as a row; raises Unfit."""
    try:
        alone = _Alone.model_validate(values)
        _check_prompt(alone)
        return Asked(
            line=record.line,
            id=alone.id,
            messages=tuple(alone.prompt),
            language=check_language(alone.language or language),
            metadata=_metadata(alone),
            sensitive=_sensitive(alone),
            size=record.size,
        )
    except (ValidationError, Unfit) as error:
        raise _told(error, {}) from None


def _told(error: ValidationError | Unfit, names: Names) -> Unfit:
    """Say what is wrong, by what the field is called in the file."""
    if isinstance(error, Unfit):
        return Unfit(_named(error.field, names), error.reason)
    first = error.errors(include_url=False, include_context=False)[0]
    field = _named(".".join(str(part) for part in first["loc"]), names)
    return Unfit(field, _reason(field, first["type"]))


def check_language(tag: str, field: str = "language") -> str:
    """Return a language tag as it was given; raises Unfit."""
    if not _is_tag(tag):
        fault = say('"%(tag)s" is not a language tag such as en or pt-BR.', tag=shown(tag))
        raise Unfit(field, fault)
    return tag


def _check_sensitive(said: Any, field: str = "sensitive") -> str:
    """Return what may be hard to read as it is written down; raises Unfit."""
    try:
        given = sensitive.read(said) if isinstance(said, str) else said
        if not isinstance(given, dict):
            raise Unfit(field, _NOT_LEVELS)
        return sensitive.check(given)
    except sensitive.Unknown as unknown:
        raise Unfit(f"{field}.{unknown.name}" if unknown.name else field, unknown.reason) from None


_is_tag = lru_cache(maxsize=1024)(languages.is_tag)

# Whitespace, controls, and those characters of Unicode that show nothing by themselves.
_NOTHING = r"\s\x00-\x1f\x7f-\xa0\xad\u180e\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff"
_SOMETHING = re.compile(f"[^{_NOTHING}]")


def is_blank(text: str) -> bool:
    """Return whether a text shows nothing to its reader."""
    return _SOMETHING.search(text) is None


def _row(record: Record, native: _Native, language: str) -> Row:
    return Row(
        line=record.line,
        id=native.id,
        messages=tuple(native.prompt),
        language=language,
        responses=tuple(native.responses),
        gold=native.gold,
        metadata=_metadata(native),
        sensitive=_sensitive(native),
        size=record.size,
    )


def _metadata(native: _Native | _Alone) -> dict[str, Any]:
    return (native.model_extra or {}) | (native.metadata or {})


def _sensitive(native: _Native | _Alone) -> str:
    return "" if native.sensitive is None else _check_sensitive(native.sensitive)


def _check_prompt(native: _Prompt) -> None:
    if is_blank(native.id):
        raise Unfit("id", _NO_ID)
    if not native.prompt:
        raise Unfit("prompt", _NO_TURNS)
    for number, message in enumerate(native.prompt):
        if is_blank(message.content):
            raise Unfit(f"prompt.{number}.content", EMPTY)
        if message.language is not None:
            check_language(message.language, f"prompt.{number}.language")
    if native.prompt[-1].role != "user":
        raise Unfit("prompt", _NO_QUESTION)


def _check_responses(responses: Sequence[ResponseIn]) -> None:
    if len(responses) < 2:
        raise Unfit("responses", _TOO_FEW)
    if len(responses) > MOST_ANSWERS:
        fault = say(
            "There are %(number)s answers; %(most)s at most.",
            number=len(responses),
            most=MOST_ANSWERS,
        )
        raise Unfit("responses", fault)
    for number, response in enumerate(responses):
        if is_blank(response.text):
            raise Unfit(f"responses.{number}.text", EMPTY)
    if len({response.text.strip() for response in responses}) < len(responses):
        raise Unfit("responses", SAME if len(responses) == 2 else SAME_OF_MANY)


def _check_gold(gold: GoldIn | None, answers: int) -> None:
    if gold is not None and not 0 <= gold.better < answers:
        raise Unfit("gold", _NO_SUCH_ANSWER if answers == 2 else _NO_SUCH_ANSWER_OF_MANY)


_NO_SUCH_ANSWER_OF_MANY = say("The better answer must be 0, the first, or 1, the second, or so on.")


def _named(field: str, names: Names) -> str:
    for native, name in names.items():
        if field == native or field.startswith(f"{native}."):
            return name + field.removeprefix(native)
    return shown(field)


_NO_OBJECT = say('"%(field)s" must be an object.')
_REASONS = {
    "missing": say('"%(field)s" is missing.'),
    "string_type": say('"%(field)s" must be text.'),
    "string_too_long": say('"%(field)s" is longer than 200 characters.'),
    "list_type": say('"%(field)s" must be a list.'),
    "dict_type": _NO_OBJECT,
    "model_type": _NO_OBJECT,
    "int_type": say('"%(field)s" must be a whole number.'),
    "literal_error": say('"%(field)s" must be system, user or assistant.'),
    "extra_forbidden": say('"%(field)s" is not a key that belongs here.'),
}
_INVALID = say('"%(field)s" is not valid.')


@lru_cache(maxsize=1024)
def _reason(field: str, kind: str) -> str:
    if field == "gold":
        return say('"gold" must be the number of the better answer, or an object with "better".')
    return say(_REASONS.get(kind, _INVALID), field=field)
