"""Columns that several formats have.

Every column has a fixed type, none is ever null, and no name is one that trainers give a meaning
of their own, but for where that meaning is meant.
"""

from collections.abc import Collection
from typing import Any

from msgspec import Raw

from exports.choosing.pairs import UNFIT
from exports.choosing.preferences import Preference
from exports.choosing.records import Record
from exports.choosing.texts import pair_id

Row = dict[str, Any]
"""By column what is in it; what is long may be as it was written in JSON."""
Message = dict[str, str | Raw]

Columns = dict[str, Any]
"""By name the type of what is in a column, as in the hints of a function."""

SOURCE: Columns = {"pair_id": str, "prompt_id": str, "language": str}
JUDGED: Columns = {"n_votes": int, "agreement": float, "adjudicated": bool}

# Trainers give these a meaning of their own, whatever is in them.
RESERVED = frozenset(
    """image images prompt_ids chosen_ids rejected_ids completion_ids KL_completion_ids
    ref_chosen_logps ref_rejected_logps reference_logps input_ids labels attention_mask
    completion_mask assistant_masks seq_lengths chosen_input_ids rejected_input_ids tools
    chat_template_kwargs margin label messages completion text conversations""".split()
)


def columns(meant: Collection[str] = (), /, **kinds: Any) -> Columns:
    """Return the columns of a format; `meant` are reserved names that have their own meaning."""
    assert not (RESERVED - set(meant)) & set(kinds), "a name that trainers would take for theirs"
    return kinds


_UNFIT = frozenset(reason.value for reason in UNFIT)


def is_unfit(record: Record) -> bool:
    """Tell whether nothing is to be made of a record for training, whatever people said."""
    return record.outcome in _UNFIT


def answer(record: Record, number: int) -> list[Message]:
    """Return a response as the assistant's message."""
    return said(record.responses[number].content)


def said(text: str | Raw) -> list[Message]:
    """Return a text as the assistant's message."""
    return [{"role": "assistant", "content": text}]


def model(record: Record, number: int) -> str:
    """Return what the model of a response is called; empty if that is unknown."""
    return record.responses[number].model


def own_pair_id(record: Record, pair: Preference) -> str:
    """Return the id of two of a record's answers."""
    if len(record.responses) == 2:
        return record.pair_id
    contents = record.contents
    return pair_id(record.prompt_id, [contents[pair.chosen], contents[pair.rejected]])
