"""The better answers alone, for supervised fine-tuning on what people preferred."""

from collections.abc import Iterator

from exports import preferences
from exports.criteria import Criteria
from exports.formats.columns import JUDGED, SOURCE, Row, answer, columns, model
from exports.records import PREFERRED, RANKED, Record
from exports.texts import Turn

SCHEMA = columns(
    {"completion"},
    prompt=list[Turn],
    completion=list[Turn],
    **SOURCE,
    **JUDGED,
    completion_model=str,
)


def rows(record: Record, _criteria: Criteria) -> Iterator[Row]:
    """Yield a row for the better answer, or for the one that stands alone on top."""
    number = _best(record)
    if number is None:
        return
    yield {
        "prompt": record["prompt"],
        "completion": answer(record, number),
        "pair_id": record["pair_id"],
        "prompt_id": record["prompt_id"],
        "language": record["language"],
        "n_votes": record["n_votes"],
        "agreement": record["agreement"],
        "adjudicated": record["adjudicated"],
        "completion_model": model(record, number),
    }


def _best(record: Record) -> int | None:
    if record["outcome"] == PREFERRED:
        return record["preferred"]
    if record["outcome"] != RANKED:
        return None
    ranks = preferences.mean_ranks(preferences.orders(record), len(record["responses"]))
    best = min(ranks)
    return ranks.index(best) if ranks.count(best) == 1 else None
