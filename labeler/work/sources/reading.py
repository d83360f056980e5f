"""Reading exports: their records, their moments, and what their words mean."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic_core import from_json

from labeler.errors import Invalid
from labeler.said import say
from labeler.work.files import read_records
from labeler.work.layouts.shapes import BOTH_BAD, TIE, Label, Records, better, user_turn
from labeler.work.migrated.given import Brought
from labeler.work.questions.seen import LETTERS
from labeler.work.records import NO_OBJECT, ROW, Record, Refused, Values, checked, parsed
from labeler.work.rows import Names, Row, Unfit, build_row

ROW_BYTES = 10_000_000
"""How long a record may be: it holds all that anybody said of a comparison."""
FILE_BYTES = 500_000_000
"""How long a file may be that is one piece of JSON: it is read as a whole."""
MEANINGS = {"tie": TIE, "both-bad": BOTH_BAD, "skip": None}
"""What an owner may say that words mean, beside the number of the better answer."""
_TOO_LONG = say(
    "The file is longer than %(most)s MB, which is too much for one piece of JSON: write one "
    "record a line, and let its name end in .jsonl."
)
_NO_LIST = say("The file is neither a list of records nor lines of JSON.")
_NO_MEANING = say(
    '"%(said)s" does not say what it means, such as "A is better=1", "Much better=2:3", '
    '"Same=tie", "Neither=both-bad" or "Pass=skip".'
)
_UNKNOWN = say('Nothing says what "%(said)s" means.')
_NO_MOMENT = say('"%(field)s" must be a moment.')


@dataclass(frozen=True)
class Fields:
    """Where in a record the parts of a comparison stand."""

    prompt: str
    responses: tuple[str, ...]
    """The responses' fields in order; or one that holds a list of them."""
    models: tuple[str, ...] = ()
    """The fields of the models' names, in the same order, if there are any."""
    id: str = "id"
    language: str | None = None
    """That of rows that name none."""
    means: Mapping[str, Label | None] = field(default_factory=dict)
    """What words mean, in small letters; None hands the comparison back."""


def brought(path: Path, read: Callable[[Record], Brought]) -> Iterator[Brought | Refused]:
    """Yield what is read of each record of a file, or why one cannot be taken."""
    for record in records(path):
        if isinstance(record, Refused):
            yield record
            continue
        try:
            yield read(record)
        except Unfit as unfit:
            yield Refused(record.line, unfit.field, unfit.reason)


def records(path: Path) -> Records:
    """Read records from .json, a list or lines, or from a file as comparisons come in.

    In a list records count from 1, as lines do. Raises Invalid if the file as a whole is wrong.
    """
    if not path.name.lower().endswith(".json"):
        yield from read_records(path, max_row_bytes=ROW_BYTES)
        return
    if path.stat().st_size > FILE_BYTES:
        raise Invalid(say(_TOO_LONG, most=FILE_BYTES // 10**6))
    text = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    try:
        whole = from_json(text)
    except ValueError:
        yield from _lines(text)
        return
    if isinstance(whole, dict):
        whole = [whole]
    if not isinstance(whole, list):
        raise Invalid(_NO_LIST)
    for number, each in enumerate(whole, start=1):
        if isinstance(each, dict):
            yield checked(number, each, 0)
        else:
            yield Refused(number, ROW, NO_OBJECT)


def _lines(text: bytes) -> Records:
    lines = [(n, line) for n, line in enumerate(text.split(b"\n"), start=1) if line.strip()]
    if not lines or not lines[0][1].lstrip().startswith(b"{"):
        raise Invalid(_NO_LIST)
    for number, line in lines:
        yield parsed(number, line)


def row(record: Record, values: Values, fields: Fields) -> Row:
    """Make a comparison of a record's values; raises Unfit.

    What is no part of it stays in the metadata, but for `None`, which says nothing.
    """
    texts, names = _responses(values, fields)
    models = [values.get(name) for name in fields.models] or [None] * len(texts)
    used = {fields.id, fields.prompt, "language", *fields.responses, *fields.models}
    native = {
        "id": values.get(fields.id),
        "prompt": _prompt(values.get(fields.prompt), fields.prompt),
        "language": values.get("language"),
        "responses": [
            {"text": said} | ({} if model is None else {"model": model})
            for said, model in zip(texts, models, strict=True)
        ],
        "metadata": {k: v for k, v in values.items() if k not in used and v is not None},
    }
    return build_row(record, native, names, language=fields.language or "und")


def _prompt(said: Any, name: str) -> Any:
    if isinstance(said, str):
        return user_turn(said, name)
    if isinstance(said, list):
        turns = [turn for turn in said if isinstance(turn, dict)]
        return [{"role": turn.get("role"), "content": turn.get("content")} for turn in turns]
    return said


def _responses(values: Values, fields: Fields) -> tuple[list[Any], Names]:
    names = {"id": fields.id, "prompt": fields.prompt}
    if len(fields.responses) == 1:
        (key,) = fields.responses
        listed = values.get(key)
        if not isinstance(listed, list):
            raise Unfit(key, say('"%(field)s" must be a list.', field=key))
        return listed, {**names, "responses": key}
    texts = [values.get(key) for key in fields.responses]
    own = {f"responses.{n}.text": key for n, key in enumerate(fields.responses)}
    return texts, {**names, **own, "responses": fields.responses[1]}


def means(said: Sequence[str]) -> dict[str, Label | None]:
    """Read what words mean, each as "words=meaning"; raises Invalid."""
    found: dict[str, Label | None] = {}
    for each in said:
        words, equals, meaning = each.rpartition("=")
        if not (words.strip() and equals):
            raise Invalid(say(_NO_MEANING, said=each))
        found[_folded(words)] = _meaning(meaning.strip().casefold(), each)
    return found


def _meaning(meaning: str, whole: str) -> Label | None:
    if meaning in MEANINGS:
        return MEANINGS[meaning]
    number, colon, strength = meaning.partition(":")
    wanted = [number, strength] if colon else [number]
    if not all(part.isdecimal() and 1 <= int(part) <= 10 for part in wanted):
        raise Invalid(say(_NO_MEANING, said=whole))
    return better(int(number) - 1, int(strength) if colon else None)


def label(said: Any, fields: Fields, known: Mapping[str, Label | None], place: str) -> Label | None:
    """Return what words mean: as the owner says, else as the tool does; raises Unfit."""
    words = _folded(str(said))
    for meanings in (fields.means, known):
        if words in meanings:
            return meanings[words]
    raise Unfit(place, say(_UNKNOWN, said=str(said)[:100]))


def letters(number: int) -> dict[str, Label | None]:
    """Return what letters of the first answers mean."""
    return {_folded(letter): better(n) for n, letter in enumerate(LETTERS[:number])}


def _folded(words: str) -> str:
    return " ".join(words.casefold().split())


def moment(said: Any, place: str) -> datetime | None:
    """Read a moment: ISO 8601, in UTC unless it says otherwise, or seconds since 1970.

    None stays None; raises Unfit.
    """
    try:
        if said is None:
            return None
        if isinstance(said, int | float) and not isinstance(said, bool):
            return datetime.fromtimestamp(said, UTC)
        found = datetime.fromisoformat(said)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, TypeError, OverflowError, OSError):
        raise Unfit(place, say(_NO_MOMENT, field=place)) from None


def seconds(said: Any) -> float:
    """Return how long something took; 0 where nobody knows."""
    if isinstance(said, bool) or not isinstance(said, int | float):
        return 0.0
    return max(0.0, float(said))
