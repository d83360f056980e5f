"""How few votes the first place hangs on."""

from dataclasses import dataclass, replace
from math import floor
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labeler.stats.connectivity import Incomparable
from labeler.stats.newton import Maximum, Unsettled
from labeler.stats.paired import Votes, estimate, paired, scores

_Array: TypeAlias = NDArray[Any]

_LEVEL = 1e-9  # a lead that is no more than rounding


@dataclass(frozen=True, slots=True)
class Overtaking:
    """So many votes fewer, and this model comes first."""

    votes: int
    model: int


def votes_to_change_first(
    wins: ArrayLike, ties: ArrayLike | None = None, prior: float = 0.0
) -> Overtaking | None:
    """Return how few votes have to be removed for another model to come first.

    An upper bound: for each rival, votes are removed greedily, those first that by the influence
    function, covariance times score, hold up the lead most. Fewer may do, rarely by much. The
    counts are whole numbers, as `davidson` and, without ties, `bradley_terry` read them. None if
    nobody can overtake before the votes that remain rank no longer. Raises like these two.
    Huang and others (2025), Dropping just a handful of preferences can change top LLM rankings.
    """
    votes = paired(wins, ties)
    found, _ = estimate(votes, ties=True, prior=prior)
    first, *rivals = np.argsort(-found.place[: votes.models], kind="stable").tolist()
    best: Overtaking | None = None
    for rival in rivals:
        limit = best.votes if best else int(votes.outcomes.sum())
        best = _overtaking(votes, first, rival, prior=prior, limit=limit) or best
    return best


def _overtaking(
    votes: Votes, first: int, rival: int, *, prior: float, limit: int
) -> Overtaking | None:
    """Take votes away that hold the rival back until the first place changes, below the limit."""
    left = votes.outcomes.copy()
    removed = 0
    while removed < limit:
        try:
            found, _ = estimate(replace(votes, outcomes=left), ties=True, prior=prior)
        except (Incomparable, Unsettled):
            return None
        strengths = found.place[: votes.models]
        if strengths.max() > strengths[first] + _LEVEL:
            return Overtaking(removed, int(strengths.argmax()))
        pull = np.where(left >= 1, _pull(votes, found, first, rival), 0.0)
        most = np.unravel_index(pull.argmax(), pull.shape)
        if pull[most] <= 0:
            return None
        # The influence of a vote grows as others go: half of what it says is never too many.
        needed = (strengths[first] - strengths[rival]) / pull[most] / 2
        number = min(left[most], max(1.0, floor(needed)))
        left[most] -= number
        removed += int(number)
    return None


def _pull(votes: Votes, found: Maximum, first: int, rival: int) -> _Array:
    """Return (rows, 3): how much nearer the two come if one vote of this row and outcome goes."""
    rows = len(votes.left)
    single = Votes(
        np.repeat(votes.left, 3),
        np.repeat(votes.right, 3),
        np.repeat(votes.terms, 3, axis=0),
        np.tile(np.eye(3), (rows, 1)),
        votes.models,
    )
    each = scores(single, found.place, np.arange(3 * rows), 3 * rows)
    lead = found.covariance[first] - found.covariance[rival]
    return np.asarray((each @ lead).reshape(rows, 3))
