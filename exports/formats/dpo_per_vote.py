"""Soft labels as one row a vote: pairs on which people disagree come both ways.

A trainer of DPO that sees every vote minimises, in expectation, the loss of conservative DPO with
the share of votes as its label (Mitchell, 2023). An adjudicated pair has the votes too, not what
was found.
"""

from collections.abc import Iterator

from exports.choosing.criteria import Criteria
from exports.choosing.records import PREFERRED, Record
from exports.choosing.texts import Turn
from exports.formats.columns import SOURCE, Row, answer, columns, model
from labeler.work.rubrics import Verdict

SCHEMA = columns(
    prompt=list[Turn],
    chosen=list[Turn],
    rejected=list[Turn],
    **SOURCE,
    strength=float,
    chosen_model=str,
    rejected_model=str,
    annotator_id=str,
)
DISAGREED = (PREFERRED, "split", "unsure")
"""Outcomes of which every vote for an answer is a row."""


def rows(record: Record, _criteria: Criteria) -> Iterator[Row]:
    """Yield a row for each vote for one of two answers."""
    if record.outcome not in DISAGREED:
        return
    for one in record.said:
        if not one.counts or one.verdict != Verdict.preference.value:
            continue
        chosen, rejected = one.preferred, 1 - one.preferred
        yield {
            "prompt": record.prompt,
            "chosen": answer(record, chosen),
            "rejected": answer(record, rejected),
            "pair_id": record.pair_id,
            "prompt_id": record.prompt_id,
            "language": record.language,
            "strength": float(one.strength),
            "chosen_model": model(record, chosen),
            "rejected_model": model(record, rejected),
            "annotator_id": one.annotator,
        }
