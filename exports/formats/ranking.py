"""Several answers to a prompt in the order that people put them in, best first."""

from collections.abc import Iterator

from exports.choosing import preferences
from exports.choosing.criteria import Criteria
from exports.choosing.records import RANKED, Record
from exports.choosing.texts import Turn
from exports.formats.columns import SOURCE, Row, columns, model

SCHEMA = columns(
    prompt=list[Turn],
    answers=list[str],
    mean_ranks=list[float],
    **SOURCE,
    n_votes=int,
    models=list[str],
    annotator_ids=list[str],
)


def rows(record: Record, _criteria: Criteria) -> Iterator[Row]:
    """Yield a row for a comparison whose answers were put in order."""
    if record.outcome != RANKED:
        return
    found = preferences.orders(record)
    ranks = preferences.mean_ranks(found, len(record.responses))
    order = sorted(range(len(ranks)), key=lambda number: (ranks[number], number))
    yield {
        "prompt": record.prompt,
        "answers": [record.responses[number].content for number in order],
        "mean_ranks": [ranks[number] for number in order],
        "pair_id": record.pair_id,
        "prompt_id": record.prompt_id,
        "language": record.language,
        "n_votes": len(found),
        "models": [model(record, number) for number in order],
        "annotator_ids": record.annotators,
    }
