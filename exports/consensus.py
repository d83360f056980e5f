"""Consensus: how probable each label of each record is, by a model of who judges how well."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from exports.criteria import Aggregation
from exports.gathering import Ballots

if TYPE_CHECKING:
    from labeler.stats.tables import Array

DIGITS = 6
"""What is written of a probability: more of them may differ from one machine to the next."""
VERSIONS: dict[Aggregation, str] = {
    "majority": "majority 1",
    "one_coin": "one_coin 1",
    "dawid_skene": "dawid_skene 1",
}
SMOOTHING = 1.0
"""Added to each cell of each person's table by Dawid and Skene's model."""


@dataclass(frozen=True)
class Consensus:
    """Probabilities of the labels, records × labels. Of one coin too where votes decide."""

    posteriors: "Array"

    def of(self, ordinal: int) -> list[float]:
        """Return the probability of each label of a record."""
        if ordinal >= len(self.posteriors):
            return []
        return [round(float(each), DIGITS) for each in self.posteriors[ordinal]]


def fit(ballots: Ballots, aggregation: Aggregation) -> Consensus:
    """Fit the model to all votes of a release."""
    import numpy as np

    from labeler.stats import consensus

    items = np.frombuffer(ballots.records, dtype=np.int64)
    people = np.frombuffer(ballots.people, dtype=np.int64)
    labels = np.frombuffer(ballots.labels, dtype=np.int8).astype(np.int64)
    n_labels = max(2, int(labels.max(initial=0)) + 1)
    if aggregation == "dawid_skene":
        made = consensus.dawid_skene(items, people, labels, n_labels, SMOOTHING, tol=1e-6)
        return Consensus(made.posteriors)
    return Consensus(consensus.one_coin(items, people, labels, n_labels).posteriors)
