"""How few votes the order of the models hangs on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import floor, inf
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labeler.stats.connectivity import Incomparable
from labeler.stats.newton import Maximum, Unsettled
from labeler.stats.paired import Votes, estimate, estimate_again, paired, scores

_Array: TypeAlias = NDArray[Any]

_LEVEL = 1e-9  # a lead that is no more than rounding
_NARROW = 0.3  # in log-odds, where influence hardly changes
_MANY = 16
_NEARLY = 0.95


@dataclass(frozen=True, slots=True)
class Overtaking:
    """So many votes fewer, and this model comes before the one that was ahead."""

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
    first, *rivals = _order(votes, found)
    best: Overtaking | None = None
    for rival in rivals:
        limit = best.votes if best else inf
        duel = _Duel(first, rival, rivals, prior)
        best = _overtaking(votes, found, duel, limit) or best
    return best


def votes_to_change_order(
    wins: ArrayLike, ties: ArrayLike | None = None, prior: float = 0.0, *, places: int
) -> list[Overtaking | None]:
    """Return, for each of the first `places` but the last of all, when the next model passes it.

    Upper bounds, as of `votes_to_change_first`.
    """
    votes = paired(wins, ties)
    found, _ = estimate(votes, ties=True, prior=prior)
    order = _order(votes, found)
    return [
        _overtaking(votes, found, _Duel(ahead, behind, [behind], prior), inf)
        for ahead, behind in pairwise(order[: places + 1])
    ]


def _order(votes: Votes, found: Maximum) -> list[int]:
    order: list[int] = np.argsort(-found.place[: votes.models], kind="stable").tolist()
    return order


@dataclass(frozen=True, slots=True)
class _Duel:
    """Who is to be passed by whom, and who else may do so."""

    ahead: int
    behind: int
    rivals: Sequence[int]
    prior: float

    def winner(self, strengths: _Array) -> int | None:
        """Return the strongest rival if it has passed who was ahead."""
        strongest = self.rivals[int(strengths[self.rivals].argmax())]
        passed = strengths[strongest] > strengths[self.ahead] + _LEVEL
        return strongest if passed else None


def _overtaking(votes: Votes, found: Maximum, duel: _Duel, limit: float) -> Overtaking | None:
    """Take votes away that hold the rival back until it has passed, below the limit."""
    left = votes.outcomes.copy()
    removed = 0
    while removed < limit:
        strengths = found.place[: votes.models]
        winner = duel.winner(strengths)
        if winner is not None:
            return Overtaking(removed, winner)
        pull = np.where(left >= 1, _pull(votes, found, duel), 0.0)
        gap = float(strengths[duel.ahead] - strengths[duel.behind])
        # The influence of a vote grows as others go: half of what it says is seldom too many, and
        # where a quarter does not do nobody needs to look.
        if pull.max() <= 0 or removed + gap / pull.max() / 4 >= limit:
            return None
        removed += _take(left, pull, gap * _share(gap, gap / float(pull.max())))
        try:
            found = estimate_again(replace(votes, outcomes=left), found.place, duel.prior)
        except (Incomparable, Unsettled):
            return None
    return None


def _share(gap: float, votes: float) -> float:
    """Return how much of a gap to close at once: most of a narrow one that is still many votes."""
    return 0.8 if gap < _NARROW and votes > _MANY else 0.5


def _take(left: _Array, pull: _Array, reach: float) -> int:
    """Take away the votes with the most pull that together pull so far, but one at least.

    Those that pull nearly as much as the first go with it: with fewer votes it may pull more.
    """
    taken, least = 0, _NEARLY * pull.max()
    for place in np.argsort(-pull, axis=None, kind="stable").tolist():
        at = np.unravel_index(place, pull.shape)
        if pull[at] < least or (taken and pull[at] > reach):
            break
        number = min(int(left[at]), max(int(not taken), floor(reach / pull[at])))
        left[at] -= number
        reach -= number * float(pull[at])
        taken += number
    return taken


def _pull(votes: Votes, found: Maximum, duel: _Duel) -> _Array:
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
    lead = found.covariance[duel.ahead] - found.covariance[duel.behind]
    return np.asarray((each @ lead).reshape(rows, 3))
