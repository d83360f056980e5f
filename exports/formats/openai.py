"""Preference fine-tuning in the layout of OpenAI, which Azure, Together and Fireworks take too.

Each output holds exactly one message of the assistant, and tools are left out: so it is valid
everywhere.
"""

from collections.abc import Iterator

from exports.choosing import preferences
from exports.choosing.criteria import Criteria
from exports.choosing.records import Record
from exports.formats.columns import Row, answer

SCHEMA = None


def rows(record: Record, criteria: Criteria) -> Iterator[Row]:
    """Yield a row for each pair of which one answer is better."""
    for pair in preferences.of(record, criteria):
        yield {
            "input": {"messages": record.prompt},
            "preferred_output": answer(record, pair.chosen),
            "non_preferred_output": answer(record, pair.rejected),
        }
