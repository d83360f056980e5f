"""Preferences in the layout of NVIDIA NeMo-RL's PreferenceDataset: the lower rank is better."""

from collections.abc import Iterator

from exports.choosing import preferences
from exports.choosing.criteria import Criteria
from exports.choosing.records import Record
from exports.formats.columns import Row, answer

SCHEMA = None


def rows(record: Record, criteria: Criteria) -> Iterator[Row]:
    """Yield a row for each pair of which one answer is better."""
    for pair in preferences.of(record, criteria):
        ranked = enumerate((pair.chosen, pair.rejected))
        yield {
            "context": record.prompt,
            "completions": [
                {"rank": rank, "completion": answer(record, number)} for rank, number in ranked
            ],
        }
