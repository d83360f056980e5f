"""Exact chances of counts, and what remains of them where many people are looked at at once."""

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def at_least(successes: int, trials: int, share: float) -> float:
    """Return the exact chance of so many successes or more, each of chance `share`.

    sum of C(n, k) p^k (1-p)^(n-k) for k from `successes` to n; 1 for none or fewer.
    """
    if successes <= 0:
        return 1.0
    return min(1.0, float(_chances(trials, share)[successes:].sum()))


def at_most(successes: int, trials: int, share: float) -> float:
    """Return the exact chance of so many successes or fewer, each of chance `share`."""
    return at_least(trials - successes, trials, 1 - share)


def benjamini_hochberg(chances: ArrayLike, rate: float) -> NDArray[np.bool_]:
    """Return which of many chances stand out, so that `rate` of those are false at most.

    With the chances in order, all up to the last i of m with chance <= rate·i/m. nan never does.
    Benjamini and Hochberg (1995), Controlling the false discovery rate.
    """
    given = np.asarray(chances, dtype=float)
    known = np.sort(given[~np.isnan(given)])
    limits = rate * np.arange(1, len(known) + 1) / max(1, len(known))
    passing = known[known <= limits]
    return given <= (passing[-1] if len(passing) else -1.0)


@lru_cache(maxsize=256)
def _chances(trials: int, share: float) -> Floats:
    assert 0 < share < 1, "nothing here is certain"
    factorials = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, trials + 1)))])
    successes = np.arange(trials + 1)
    ways = factorials[trials] - factorials - factorials[::-1]
    logs = ways + successes * np.log(share) + successes[::-1] * np.log1p(-share)
    chances: Floats = np.exp(logs)
    return chances
