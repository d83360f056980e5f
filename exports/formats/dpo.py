"""Pairs for direct preference optimisation: one row for each, with the prompt apart."""

from collections.abc import Iterator

from exports.choosing import preferences
from exports.choosing.criteria import Criteria
from exports.choosing.records import Record
from exports.choosing.texts import Turn
from exports.formats.columns import (
    JUDGED,
    SOURCE,
    Row,
    answer,
    columns,
    model,
    own_pair_id,
)

SCHEMA = columns(
    prompt=list[Turn],
    chosen=list[Turn],
    rejected=list[Turn],
    **SOURCE,
    **JUDGED,
    strength=float,
    posterior=float,
    weight=float,
    chosen_model=str,
    rejected_model=str,
    annotator_ids=list[str],
)


def rows(record: Record, criteria: Criteria) -> Iterator[Row]:
    """Yield a row for each pair of which one answer is better."""
    for pair in preferences.of(record, criteria):
        yield {
            "prompt": record.prompt,
            "chosen": answer(record, pair.chosen),
            "rejected": answer(record, pair.rejected),
            "pair_id": own_pair_id(record, pair),
            "prompt_id": record.prompt_id,
            "language": record.language,
            "n_votes": pair.n_votes,
            "agreement": pair.agreement,
            "adjudicated": record.adjudicated,
            "strength": pair.strength,
            "posterior": pair.posterior,
            "weight": pair.weight,
            "chosen_model": model(record, pair.chosen),
            "rejected_model": model(record, pair.rejected),
            "annotator_ids": record.annotators,
        }
