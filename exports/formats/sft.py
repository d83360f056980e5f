"""The better answers alone, for supervised fine-tuning on what people preferred."""

from collections.abc import Iterator

from exports.choosing import preferences
from exports.choosing.criteria import Criteria
from exports.choosing.records import PREFERRED, RANKED, Record
from exports.choosing.texts import Turn
from exports.formats.columns import JUDGED, SOURCE, Row, answer, columns, model

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
    best = _best(record)
    if best is None:
        return
    number, agreement = best
    yield {
        "prompt": record.prompt,
        "completion": answer(record, number),
        "pair_id": record.pair_id,
        "prompt_id": record.prompt_id,
        "language": record.language,
        "n_votes": record.n_votes,
        "agreement": agreement,
        "adjudicated": record.adjudicated,
        "completion_model": model(record, number),
    }


def _best(record: Record) -> tuple[int, float] | None:
    """Return the better answer and the share of votes, or of orders with it alone on top."""
    if record.outcome == PREFERRED:
        return record.preferred, record.agreement
    if record.outcome != RANKED:
        return None
    orders = preferences.orders(record)
    ranks = preferences.mean_ranks(orders, len(record.responses))
    best = ranks.index(min(ranks))
    if ranks.count(min(ranks)) > 1:
        return None
    return best, sum(order[:1] == [[best]] for order in orders) / len(orders)
