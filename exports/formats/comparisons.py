"""Everything that was said: each comparison with each judgment on it. Not for training as it is."""

from collections.abc import Iterator
from typing import get_type_hints

from exports.choosing.criteria import Criteria
from exports.choosing.pairs import Reason
from exports.choosing.records import JudgmentEntry, Record, SkipEntry
from exports.choosing.texts import Answer, Turn
from exports.formats.columns import columns

_LONG = {
    "prompt": list[Turn],
    "responses": list[Answer],
    "judgments": list[JudgmentEntry],
    "skips": list[SkipEntry],
}
SCHEMA = columns(**(get_type_hints(Record) | _LONG))


def rows(record: Record, _criteria: Criteria) -> Iterator[Record]:
    """Yield the record itself, unless its answers are held back."""
    if record.outcome != Reason.held_back.value:
        yield record
