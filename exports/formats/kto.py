"""Single answers, good or bad, for Kahneman-Tversky optimisation.

The better of two answers is good and the other bad; where both were found bad, both are. "About
the same" says neither. Of answers in order the best is good and the worst is bad. Trainers build
pairs of neighbouring rows, so each row has its place on a circle: a comparison's by a hash, and its
further answers' a good part of the circle away. So no answer stands beside another one to its
prompt, and good and bad ones are mixed, whichever of two answers is the better one.
"""

import hashlib
from collections.abc import Iterator

from exports.choosing import preferences
from exports.choosing.criteria import Criteria
from exports.choosing.pairs import Reason
from exports.choosing.records import PREFERRED, RANKED, Record
from exports.choosing.texts import Turn
from exports.formats.columns import SOURCE, Row, answer, columns, model

SCHEMA = columns(
    {"completion", "label"},
    prompt=list[Turn],
    completion=list[Turn],
    label=bool,
    **SOURCE,
    response=int,
    n_votes=int,
    completion_model=str,
    annotator_ids=list[str],
)

_ROUND = 2**256
_APART = int(_ROUND * 0.618033988749895)
"""The golden section of the circle: of any few steps no two end close to each other."""


def rows(record: Record, _criteria: Criteria) -> Iterator[Row]:
    """Yield a row for each answer that was found good or bad."""
    for number, is_good in _labels(record):
        yield {
            "prompt": record.prompt,
            "completion": answer(record, number),
            "label": is_good,
            "pair_id": record.pair_id,
            "prompt_id": record.prompt_id,
            "language": record.language,
            "response": number,
            "n_votes": record.n_votes,
            "completion_model": model(record, number),
            "annotator_ids": record.annotators,
        }


def key(row: Row) -> str:
    """Return what rows are put in order by, as hexadecimal digits."""
    place = int.from_bytes(hashlib.sha256(row["pair_id"].encode()).digest())
    return f"{(place + row['response'] * _APART) % _ROUND:064x}"


def _labels(record: Record) -> Iterator[tuple[int, bool]]:
    if record.outcome == PREFERRED:
        yield record.preferred, True
        yield 1 - record.preferred, False
    elif record.outcome == RANKED:
        ranks = preferences.mean_ranks(preferences.orders(record), len(record.responses))
        order = sorted(range(len(ranks)), key=lambda number: (ranks[number], number))
        if ranks[order[0]] < ranks[order[-1]]:
            yield order[0], True
            yield order[-1], False
    elif record.outcome == Reason.both_bad.value:
        yield from ((number, False) for number in range(len(record.responses)))
