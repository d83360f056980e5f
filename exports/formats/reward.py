"""Pairs for reward models: those of DPO, with `margin`, how much better the chosen answer is.

margin = mean steps from the middle of the scale, over the votes for the chosen answer, divided by
the most steps that could be said: from 0 to 1. Where answers were put in order, it is the share of
orders in which the chosen one stands above. TRL's RewardTrainer and OpenRLHF take it from the
difference of rewards before the logistic loss (Touvron et al., 2023, Llama 2, section 3.2.2).
"""

from collections.abc import Iterator

from exports.choosing.criteria import Criteria
from exports.choosing.records import PREFERRED, Record
from exports.formats import dpo
from exports.formats.columns import Row, columns

SCHEMA = columns({"margin"}, **dpo.SCHEMA, margin=float)


def rows(record: Record, criteria: Criteria) -> Iterator[Row]:
    """Yield the rows of DPO with their margins."""
    most = max((one.scale_max for one in record.said if one.counts), default=0)
    for row in dpo.rows(record, criteria):
        compared = record.outcome == PREFERRED and most > 0
        yield row | {"margin": min(1.0, row["strength"] / most) if compared else row["agreement"]}
