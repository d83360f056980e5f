"""Votes: everything that counts of what a project's people said, as numbers, for statistics."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from numpy.typing import NDArray
from sqlalchemy.orm import Session


class Reading(Protocol):
    """Opens sessions that only read, each its own short transaction."""

    def __call__(self) -> AbstractContextManager[Session]: ...


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
