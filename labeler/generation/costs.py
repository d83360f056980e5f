"""Costs: what drawing answers will cost, before it is done. An estimate, from characters alone.

How many tokens a text has depends on the model's tokenizer; how long answers are, on the model and
on what it is asked. So there is a low and a high number, and the truth has mostly been between.
"""

from dataclasses import dataclass
from typing import NamedTuple


class Span(NamedTuple):
    """A number that lies between a low and a high one."""

    low: float
    high: float


@dataclass(frozen=True)
class Estimate:
    """What calls will probably cost together, in millionths of the unit of one currency."""

    currency: str
    calls: int
    low_micro: int
    high_micro: int
