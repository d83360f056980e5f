"""Consensus: how probable each label of each record is, by a model of who judges how well.

Where votes decide by their number, the model is there all the same: its probabilities are told.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np

from exports.choosing import aggregation
from exports.choosing.aggregation import DawidSkene, Model, OneCoin, Parameters, Partition
from exports.choosing.criteria import Aggregation
from exports.making import parts
from exports.making.crews import Crew
from exports.making.shards import POSTERIORS

VERSIONS: dict[Aggregation, str] = {
    "majority": "majority 1",
    "one_coin": OneCoin.name,
    "dawid_skene": DawidSkene.name,
}


def version(chosen: Aggregation) -> str:
    """Return what decides, with its version, for the manifest."""
    return VERSIONS[chosen]


def model(chosen: Aggregation, people: int) -> OneCoin | DawidSkene:
    """Return the model whose probabilities are told, for so many people."""
    return DawidSkene(max(1, people)) if chosen == "dawid_skene" else OneCoin(max(1, people))


def fit(work: Path, n_parts: int, people: int, chosen: Aggregation, crew: Crew) -> None:
    """Fit the model to the votes of all parts, and write down how probable their labels are."""
    numbers = range(n_parts)
    asked = model(chosen, people)

    def mapped(function: Callable[[Partition], Any], places: Any) -> Iterator[Any]:
        return crew.map(partial(_looked_at, work, function), places)

    # Partitions stay where they are: whoever looks at one reads it there.
    made = aggregation.fitted(asked, cast("Sequence[Partition]", numbers), mapped)
    for _ in crew.map(partial(_write, work, asked, made.parameters), numbers):
        pass


def _looked_at(work: Path, function: Callable[[Partition], Any], number: int) -> Any:
    return function(parts.votes_of(work, number))


def _write(work: Path, asked: Model, fitted: Parameters, number: int) -> None:
    likely = asked.posteriors(parts.votes_of(work, number), fitted)
    with (parts.home(work, number) / POSTERIORS).open("wb") as file:
        np.save(file, aggregation.stated(likely), allow_pickle=False)
