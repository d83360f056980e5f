"""Votes: everything that counts of what a project's people said, as numbers, for statistics."""

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Votes:
    """Aligned arrays, a row per vote: on which comparison, by whom, with which label.

    `item` and `annotator` count from 0 through `comparisons` and `people`, which hold the ids in
    the database; `n_labels` is how many labels there is room for (see `labeler.work.labels`).
    Known answers and second looks are no votes.
    """

    item: NDArray[Any]
    annotator: NDArray[Any]
    label: NDArray[Any]
    comparisons: NDArray[Any]
    people: NDArray[Any]
    n_labels: int
