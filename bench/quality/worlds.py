"""Simulated work: people of differing accuracy, items of differing difficulty, truth known.

One in ten clicks at random; the others are right with an accuracy from Beta(9.7, 2.3), whose mean
is .81. An item's ease b is log-normal with median 1 and `spread` as its standard deviation of
logarithms: the chance of a right vote is σ(b · logit(accuracy)). With a spread of .7 a single vote
is right in 78 % and two votes agree in 67 %, in the middle of what is published for preferences;
with none, all items are equally hard, which is what a model of accuracies alone assumes.
"""

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from labeler.stats.consensus import decided
from labeler.stats.tables import Array

CLICKERS = 0.1
HONEST = (9.7, 2.3)
SPREAD = 0.7
Votes: TypeAlias = tuple[NDArray[Any], NDArray[Any], NDArray[Any]]
"""Which item, by whom, with which label."""


@dataclass(frozen=True)
class Work:
    """Items × votes: who would vote first, second and so on, and with which of two labels."""

    annotator: Array
    label: Array
    truth: Array

    def votes(self, taken: Array | int) -> Votes:
        """Return the first so many votes, of every item or of each."""
        n_items, most = self.label.shape
        wanted = np.arange(most) < np.broadcast_to(taken, n_items)[:, None]
        return np.nonzero(wanted)[0], self.annotator[wanted], self.label[wanted]

    def right(self, posteriors: Array) -> Array:
        """Return how much of each item's consensus is right; a tie of two labels is half right."""
        return np.asarray(decided(posteriors)[np.arange(len(self.truth)), self.truth])


def simulated(
    seed: int, n_items: int, *, people: int = 200, most: int = 3, spread: float = SPREAD
) -> Work:
    """Return work with `most` votes on each item, by different people."""
    rng = np.random.default_rng(seed)
    accuracy = rng.beta(*HONEST, size=people)
    accuracy[: round(CLICKERS * people)] = 0.5
    annotator = _drawn(rng, n_items, people, most)
    truth = rng.integers(0, 2, size=n_items)
    ease = np.exp(spread * rng.standard_normal(n_items))[:, None]
    odds = (accuracy / (1 - accuracy))[annotator] ** ease
    right = rng.random((n_items, most)) < odds / (1 + odds)
    return Work(annotator, np.where(right, truth[:, None], 1 - truth[:, None]), truth)


def _drawn(rng: np.random.Generator, n_items: int, people: int, most: int) -> Array:
    """Return different people for each item: whoever has somebody twice draws anew."""
    drawn = rng.integers(0, people, size=(n_items, most))
    while len(again := np.flatnonzero((np.diff(np.sort(drawn, axis=1)) == 0).any(axis=1))):
        drawn[again] = rng.integers(0, people, size=(len(again), most))
    return drawn
