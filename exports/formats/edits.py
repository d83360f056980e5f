"""Answers that people improved: the improved text is better than the one that it improves."""

from collections.abc import Iterator

from exports.choosing import texts
from exports.choosing.criteria import Criteria
from exports.choosing.records import Record
from exports.choosing.texts import Turn
from exports.formats.columns import SOURCE, Row, answer, columns, is_unfit, model, said

SCHEMA = columns(
    prompt=list[Turn],
    chosen=list[Turn],
    rejected=list[Turn],
    **SOURCE,
    rejected_model=str,
    annotator_id=str,
)


def rows(record: Record, criteria: Criteria) -> Iterator[Row]:
    """Yield a row for each text that somebody improved."""
    if is_unfit(record):
        return
    for one in record.said:
        if not one.counts or one.edited < 0:
            continue
        before = record.contents[one.edited]
        if texts.fault(record.turns, [one.edit, before], criteria.max_tokens) is not None:
            continue
        yield {
            "prompt": record.prompt,
            "chosen": said(one.edit),
            "rejected": answer(record, one.edited),
            "pair_id": record.pair_id,
            "prompt_id": record.prompt_id,
            "language": record.language,
            "rejected_model": model(record, one.edited),
            "annotator_id": one.annotator,
        }
