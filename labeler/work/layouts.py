"""The layouts that files of comparisons come in, and how each becomes rows of one kind.

A row that cannot be taken is a `Refused` in its place, and reading goes on. Where a layout tells
which answer is the better one, the answers' numbers say nothing about it: their order is drawn
from a hash of the texts.
"""

import enum
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from labeler.errors import Invalid
from labeler.said import say
from labeler.work.files import digest, read_records
from labeler.work.questions.seen import LETTERS
from labeler.work.records import ROW, Record, Refused, Values, parsed
from labeler.work.rows import (
    EMPTY,
    SAME,
    GoldIn,
    Message,
    Names,
    ResponseIn,
    Row,
    Unfit,
    build_row,
    check_language,
    is_blank,
)

__all__ = ["GoldIn", "Layout", "Message", "Refused", "ResponseIn", "Row", "digest", "read"]

UNKNOWN_LANGUAGE = "und"
"""What ISO 639 calls a language that nobody has named."""


class Layout(enum.Enum):
    """How a row says what is compared."""

    auto = "auto"
    """Told from the first row that shows it."""
    native = "native"
    """id, prompt, language, responses, gold, metadata; in tables response_a, model_a and so on."""
    hh = "hh"
    """chosen and rejected are transcripts with the turns of Human and Assistant."""
    ultrafeedback = "ultrafeedback"
    """chosen and rejected are lists of messages, with the prompt in them or apart."""


def read(
    path: Path,
    *,
    layout: Layout = Layout.auto,
    language: str | None = None,
    known_answers: bool = False,
    max_row_bytes: int = 1_000_000,
) -> Iterator[Row | Refused]:
    """Read the comparisons of a .jsonl, .jsonl.gz, .csv or .parquet file, one by one.

    `language` is that of rows that name none. `known_answers` makes gold of what the layouts
    with chosen and rejected answers know; native gold is always what the row says. Whether ids
    are unique is not looked at. Raises Invalid, at once or on the way, if the file as a whole
    cannot be read.
    """
    try:
        fallback = check_language(language or UNKNOWN_LANGUAGE)
    except Unfit as unfit:
        raise Invalid(unfit.reason, fields={unfit.field: unfit.reason}) from None
    records = read_records(path, max_row_bytes=max_row_bytes)
    return _rows(records, layout, fallback, known_answers)


def _rows(
    records: Iterator[Record | Refused], layout: Layout, language: str, known_answers: bool
) -> Iterator[Row | Refused]:
    for record in records:
        if isinstance(record, Refused):
            yield record
            continue
        if layout is Layout.auto:
            layout = _layout(record.values)
        if layout is Layout.auto:
            yield Refused(record.line, "responses", _NO_LAYOUT)
        else:
            yield _row(record, layout, language, known_answers)


_NO_LAYOUT = say("This row has no answers: neither responses, nor chosen and rejected ones.")


def _layout(values: Values) -> Layout:
    if "responses" in values or "response_a" in values:
        return Layout.native
    if "chosen" in values and "rejected" in values:
        return Layout.hh if isinstance(values["chosen"], str) else Layout.ultrafeedback
    return Layout.auto


def _row(record: Record, layout: Layout, language: str, known_answers: bool) -> Row | Refused:
    try:
        values, names = _SHAPES[layout](record.values)
        if layout is not Layout.native and not known_answers:
            values["gold"] = None
        return build_row(record, values, names, language=language)
    except Unfit as unfit:
        return Refused(record.line, unfit.field, unfit.reason)


def _native(values: Values) -> tuple[Values, Names]:
    in_columns = "responses" not in values and "response_a" in values
    values, names = _from_columns(values) if in_columns else (values, {})
    prompt, gold = values.get("prompt"), values.get("gold")
    if isinstance(prompt, str):
        values["prompt"] = _user_turn(prompt)
    if isinstance(gold, int | float) and gold == int(gold):
        values["gold"] = {"better": gold if isinstance(gold, bool) else int(gold)}
    return values, names


def _user_turn(prompt: str) -> list[Values]:
    if is_blank(prompt):
        raise Unfit("prompt", EMPTY)
    return [{"role": "user", "content": prompt}]


# Tables: one column for each thing, the answers side by side

_LETTERS = LETTERS.lower()
_COLUMNS = {
    f"responses.{number}.{key}": f"{name}_{letter}"
    for number, letter in enumerate(_LETTERS)
    for key, name in (("text", "response"), ("model", "model"))
} | {"responses": "response_b"}
_NEVER_EMPTY = {"id", "prompt", "response_a", "response_b"}
_CELLS_OF_JSON = {
    "prompt": re.compile(r"""\s*\[\s*\{\s*['"](role|content)['"]"""),
    "metadata": re.compile(r"\s*\{"),
    "sensitive": re.compile(r"\s*\{"),
}
_GOLD_CELLS = {
    cell: number for number, letter in enumerate(_LETTERS) for cell in (str(number), letter)
}


def _from_columns(columns: Values) -> tuple[Values, Names]:
    rest = {key: cell for key, cell in columns.items() if cell != "" or key in _NEVER_EMPTY}
    answers: list[Values] = [{} for _ in _LETTERS]
    for place, name in _COLUMNS.items():
        if name in rest and place.count("."):
            _, number, key = place.split(".")
            answers[int(number)][key] = rest.pop(name)
    while len(answers) > 2 and not answers[-1]:
        answers.pop()
    for key, looks_like_json in _CELLS_OF_JSON.items():
        if isinstance(cell := rest.get(key), str) and looks_like_json.match(cell):
            rest[key] = _from_cell(key, cell)
    if isinstance(gold := rest.get("gold"), str):
        rest["gold"] = _GOLD_CELLS.get(gold.strip().lower(), gold)
    return rest | {"responses": answers}, _COLUMNS


def _from_cell(key: str, cell: str) -> Any:
    found = parsed(0, f'{{"{key}": {cell}}}'.encode())
    if isinstance(found, Record):
        return found.values[key]
    if found.field == ROW:
        raise Unfit(key, say("The %(key)s begins like JSON and is none.", key=key))
    raise Unfit(found.field, found.reason)


# Pairs of which one answer was chosen

_SIDES = ("chosen", "rejected")
_ANSWER = "\n\nAssistant:"
_TURN = re.compile(r"\n\n(Human|Assistant):")
_ROLES = {"Human": "user", "Assistant": "assistant"}


def _from_transcripts(values: Values) -> tuple[Values, Names]:
    transcripts = [_transcript(values, side) for side in _SIDES]
    cut = _shared(*transcripts).rfind(_ANSWER)
    if cut < 0:
        raise Unfit("rejected", say("The two transcripts share no turns before an answer."))
    answers = [transcript[cut + len(_ANSWER) :].strip() for transcript in transcripts]
    if any(_TURN.search(answer) for answer in answers):
        raise Unfit("rejected", say("The two transcripts differ before their last answer."))
    native = _pair(values, _turns(transcripts[0][:cut]), answers)
    return native, {"prompt": "chosen"}


def _transcript(values: Values, side: str) -> str:
    transcript = values.get(side)
    if not isinstance(transcript, str):
        raise Unfit(side, say('"%(side)s" must be a transcript.', side=side))
    return "\n\n" + transcript.lstrip()


def _shared(one: str, other: str) -> str:
    differences = (n for n, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1])
    return one[: next(differences, min(len(one), len(other)))]


def _turns(transcript: str) -> list[Values]:
    before, *parts = _TURN.split(transcript)
    if not is_blank(before):
        raise Unfit("chosen", say('The transcript does not begin with "Human:".'))
    return [
        {"role": _ROLES[who], "content": text.strip()}
        for who, text in zip(parts[::2], parts[1::2], strict=True)
    ]


def _from_messages(values: Values) -> tuple[Values, Names]:
    chosen, rejected = (_messages(values, side) for side in _SIDES)
    prompt, names = chosen[:-1], {"prompt": "chosen"}
    if prompt != rejected[:-1]:
        raise Unfit("rejected", say("The two conversations differ before their last answer."))
    if not prompt:
        apart = values.get("prompt")
        prompt, names = _user_turn(apart) if isinstance(apart, str) else apart or [], {}
    answers = [chosen[-1]["content"], rejected[-1]["content"]]
    return _pair(values, prompt, answers), names


def _messages(values: Values, side: str) -> list[Values]:
    messages = values.get(side)
    if not isinstance(messages, list) or not all(isinstance(turn, dict) for turn in messages):
        raise Unfit(side, say('"%(side)s" must be a list of messages.', side=side))
    turns = [{"role": turn.get("role"), "content": turn.get("content")} for turn in messages]
    if not turns or turns[-1]["role"] != "assistant" or not isinstance(turns[-1]["content"], str):
        raise Unfit(side, say('"%(side)s" must end in an answer of the assistant.', side=side))
    return turns


def _pair(values: Values, prompt: Sequence[Values], answers: Sequence[str]) -> Values:
    """Write the chosen and the rejected answer, in this order, as a row of the native layout."""
    for side, answer in zip(_SIDES, answers, strict=True):
        if is_blank(answer):
            raise Unfit(side, EMPTY)
    if answers[0].strip() == answers[1].strip():
        raise Unfit("rejected", SAME)
    asked = json.dumps(prompt, ensure_ascii=False)
    marks = [_hash(f"{asked}\0{answer}") for answer in answers]
    order = sorted((0, 1), key=marks.__getitem__)
    return {
        "id": _hash("".join(sorted(marks)))[:24],
        "prompt": prompt,
        "language": values.get("language"),
        "sensitive": values.get("sensitive"),
        "responses": [_said_of(_SIDES[n], values) | {"text": answers[n]} for n in order],
        "gold": {"better": order.index(0)},
        "metadata": {key: value for key, value in values.items() if not _is_used(key)},
    }


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _said_of(side: str, values: Values) -> Values:
    """Return what columns such as score_chosen say of one answer, as the answer's own."""
    return {
        key.replace(side, "").strip("_-"): value
        for key, value in values.items()
        if side in key and key != side
    }


_USED = {"prompt", "messages", "language", "sensitive"}


def _is_used(key: str) -> bool:
    return key in _USED or any(side in key for side in _SIDES)


_Shape = Callable[[Values], tuple[Values, Names]]

_SHAPES: dict[Layout, _Shape] = {
    Layout.native: _native,
    Layout.hh: _from_transcripts,
    Layout.ultrafeedback: _from_messages,
}
