"""The layouts that files of comparisons come in, and how each becomes rows of one kind.

A row that cannot be taken is a `Refused` in its place, and reading goes on. There is a module for
each family of layouts; `shapes` is what they share. Where the place of an answer in a file tells
which one is the better, the answers' numbers say nothing about it: their order is drawn from a
hash of the texts.
"""

import enum
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from labeler.errors import Invalid
from labeler.said import say
from labeler.work.files import digest, read_records
from labeler.work.layouts import (
    arena,
    chosen,
    helpsteer,
    multipref,
    native,
    nectar,
    oasst,
    prism,
    shp,
)
from labeler.work.layouts.shapes import Records, Shape
from labeler.work.records import Record, Refused, Values
from labeler.work.rows import (
    GoldIn,
    Message,
    ResponseIn,
    Row,
    Unfit,
    build_row,
    check_language,
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
    arena = "arena"
    """conversation_a and conversation_b with a winner, as in Chatbot Arena's and arena-100k."""
    arena_55k = "arena_55k"
    """Lists of turns in cells, and a column for each winner."""
    arena_140k = "arena_140k"
    """Conversations in parts, with a winner; both_bad is one."""
    mt_bench = "mt_bench"
    """MT-Bench's human judgments: conversations, of which one turn was judged."""
    helpsteer2 = "helpsteer2"
    """Two rows that follow each other, with one prompt, an answer each, and its ratings."""
    helpsteer2_preference = "helpsteer2_preference"
    """response_1 and response_2 with preference_strength; a negative one is for the first."""
    helpsteer3 = "helpsteer3"
    """response1 and response2 to a context, with overall_preference, of the same sign."""
    prism = "prism"
    """PRISM's utterances: a row is one answer at a turn of a conversation, with its score."""
    multipref = "multipref"
    """completion_a and completion_b with the words of several people."""
    nectar = "nectar"
    """A transcript with answers and their ranks, from 1."""
    oasst = "oasst"
    """OpenAssistant's messages, flat or as trees; ranks begin at 0."""
    shp = "shp"
    """human_ref_A and human_ref_B with labels: 1 is for A."""


SHAPES: dict[Layout, Shape] = {
    Layout.native: native.SHAPE,
    Layout.hh: chosen.HH,
    Layout.ultrafeedback: chosen.ULTRAFEEDBACK,
    Layout.arena: arena.ARENA,
    Layout.arena_55k: arena.ARENA_55K,
    Layout.arena_140k: arena.ARENA_140K,
    Layout.mt_bench: arena.MT_BENCH,
    Layout.helpsteer2: helpsteer.HELPSTEER2,
    Layout.helpsteer2_preference: helpsteer.HELPSTEER2_PREFERENCE,
    Layout.helpsteer3: helpsteer.HELPSTEER3,
    Layout.prism: prism.SHAPE,
    Layout.multipref: multipref.SHAPE,
    Layout.nectar: nectar.SHAPE,
    Layout.oasst: oasst.SHAPE,
    Layout.shp: shp.SHAPE,
}
_MARKS: tuple[tuple[Layout, frozenset[str]], ...] = tuple(
    (layout, frozenset(columns.split()))
    for layout, columns in (
        (Layout.arena_55k, "winner_model_a winner_model_b winner_tie"),
        (Layout.native, "responses"),
        (Layout.native, "response_a"),
        (Layout.helpsteer2_preference, "response_1 response_2 preference_strength"),
        (Layout.helpsteer3, "response1 response2 overall_preference"),
        (Layout.helpsteer2, "prompt response helpfulness"),
        (Layout.prism, "interaction_id model_response"),
        (Layout.multipref, "completion_a completion_b"),
        (Layout.nectar, "prompt answers"),
        (Layout.oasst, "message_tree_id"),
        (Layout.shp, "human_ref_A human_ref_B labels"),
    )
)
"""Which columns no other layout has; asked in this order."""


def read(
    path: Path,
    *,
    layout: Layout = Layout.auto,
    language: str | None = None,
    known_answers: bool = False,
    max_row_bytes: int = 1_000_000,
) -> Iterator[Row | Refused]:
    """Read the comparisons of a .jsonl, .jsonl.gz, .csv or .parquet file, one by one.

    `language` is that of rows that name none. `known_answers` makes gold of what other layouts than
    the native one know; native gold is always what the row says. Whether ids are unique is not
    looked at. Raises Invalid, at once or on the way, if the file as a whole cannot be read.
    """
    try:
        fallback = check_language(language or UNKNOWN_LANGUAGE)
    except Unfit as unfit:
        raise Invalid(unfit.reason, fields={unfit.field: unfit.reason}) from None
    records = read_records(path, max_row_bytes=max_row_bytes)
    return _rows(records, layout, fallback, known_answers)


def row(record: Record, layout: Layout, *, language: str, known_answers: bool) -> Row | Refused:
    """Make a record a row, or refuse it."""
    try:
        values, names = SHAPES[layout].row(record.values)
        if layout is not Layout.native and not known_answers:
            values["gold"] = None
        return build_row(record, values, names, language=language)
    except Unfit as unfit:
        return Refused(record.line, unfit.field, unfit.reason)


def _rows(
    records: Records, layout: Layout, language: str, known_answers: bool
) -> Iterator[Row | Refused]:
    for record in records:
        if isinstance(record, Refused):
            yield record
            continue
        if layout is Layout.auto:
            layout = _layout(record.values)
        if layout is Layout.auto:
            yield Refused(record.line, "responses", _NO_LAYOUT)
            continue
        # From here on it is known how rows belong together.
        for found in SHAPES[layout].gathered(chain([record], records)):
            if isinstance(found, Refused):
                yield found
            else:
                yield row(found, layout, language=language, known_answers=known_answers)


_NO_LAYOUT = say("This row has no answers: neither responses, nor chosen and rejected ones.")


def _layout(values: Values) -> Layout:
    if "chosen" in values and "rejected" in values and "responses" not in values:
        return Layout.hh if isinstance(values["chosen"], str) else Layout.ultrafeedback
    if "conversation_a" in values and "conversation_b" in values:
        return _battle(values)
    columns = values.keys()
    return next((layout for layout, marks in _MARKS if marks <= columns), Layout.auto)


def _battle(values: Values) -> Layout:
    """Tell the arenas' files apart: by how a turn is written, and by what only one of them has."""
    turns = values["conversation_a"]
    first = turns[0] if isinstance(turns, list) and turns else None
    if isinstance(first, dict) and isinstance(first.get("content"), list):
        return Layout.arena_140k
    if "question_id" not in values:
        return Layout.arena_140k
    return Layout.mt_bench if "turn" in values and "anony" not in values else Layout.arena
