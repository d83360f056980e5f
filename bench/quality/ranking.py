"""Rankings: a million votes in a second, and intervals that hold the truth as often as they say."""

import time
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from bench.quality.rows import Row
from labeler.stats.ranking import counted, davidson, fit, tables
from labeler.stats.strengths import Ranking

_Array: TypeAlias = NDArray[Any]

VOTES, MODELS = 1_000_000, 30
SETS, PERSONS, EACH = 1000, 100, 30  # data sets, persons in each, votes of each person
NU, SIDE = 0.5, 0.2
TASTES, SIDES = 0.7, 0.5  # how much persons differ, standard deviations


class Drawn(NamedTuple):
    """Single votes, as `fit` reads them."""

    left: _Array
    right: _Array
    outcome: _Array


def measure(seed: int) -> list[Row]:
    """Rank many votes, and many small sets of votes whose truth is known."""
    return [*_speed(np.random.default_rng(seed)), *_coverage(np.random.default_rng(seed + 1))]


def _speed(rng: np.random.Generator) -> Iterator[Row]:
    strengths = rng.normal(size=MODELS)
    left, right = _pairs(VOTES, MODELS, rng)
    votes = Drawn(left, right, _outcomes(strengths[left] - strengths[right], rng))

    def ranked() -> Ranking:
        return davidson(*tables(counted(*votes, MODELS)))

    seconds, megabytes = _seconds(ranked), _megabytes(ranked)
    what = f"Davidson, {VOTES:,} votes, {MODELS} models, with ties, counting included"
    yield Row(f"{what}: time on one core", "≤ 1 s", f"{seconds:.2f} s", seconds <= 1)
    found = f"{megabytes:.0f} MB"
    yield Row(f"{what}: memory beside the votes", "≤ 500 MB", found, megabytes <= 500)


def _seconds(work: Callable[[], object]) -> float:
    """Return processor time, all threads together, at best of three."""
    spent = []
    for _ in range(3):
        begun = time.process_time()
        work()
        spent.append(time.process_time() - begun)
    return min(spent)


def _megabytes(work: Callable[[], object]) -> float:
    tracemalloc.start()
    work()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


def _coverage(rng: np.random.Generator) -> Iterator[Row]:
    """Ask intervals of the strengths and of the side for what very many persons would say."""
    truth = _estimates(fit(**_crowd(100 * PERSONS, rng)))
    drawn = [fit(**_crowd(PERSONS, rng)) for _ in range(SETS)]
    held = np.mean([_holds(ranking, truth) for ranking in drawn], axis=0)
    what = f"95 % intervals, {PERSONS} persons of different tastes, {EACH} votes each, {SETS} sets"
    for name, share in (("strengths", held[:-1].mean()), ("side", held[-1])):
        found = f"{share:.1%}"
        yield Row(f"{what}: hold the {name}", "93–97 %", found, bool(0.93 <= share <= 0.97))


def _holds(ranking: Ranking, truth: list[float]) -> list[bool]:
    assert ranking.side is not None
    intervals = [*ranking.intervals(), ranking.side.interval()]
    return [each.low <= true <= each.high for each, true in zip(intervals, truth, strict=True)]


def _estimates(ranking: Ranking) -> list[float]:
    assert ranking.side is not None
    return [*ranking.strengths.tolist(), ranking.side.estimate]


def _crowd(persons: int, rng: np.random.Generator) -> dict[str, Any]:
    """Draw votes of persons each of whom likes models and sides in a way of their own."""
    strengths = np.linspace(-0.6, 0.6, 5)
    who = np.repeat(np.arange(persons), EACH)
    left, right = _pairs(len(who), len(strengths), rng)
    liked = strengths + rng.normal(size=(persons, len(strengths))) * TASTES
    side = rng.normal(SIDE, SIDES, size=persons)
    outcome = _outcomes(liked[who, left] - liked[who, right] + side[who], rng)
    return {"left": left, "right": right, "outcome": outcome, "cluster": who}


def _pairs(votes: int, models: int, rng: np.random.Generator) -> tuple[_Array, _Array]:
    left = rng.integers(models, size=votes)
    return left, (left + rng.integers(1, models, size=votes)) % models


def _outcomes(margin: _Array, rng: np.random.Generator) -> _Array:
    """Draw 0 left, 1 right or 2 tie by Davidson's model."""
    left, right = np.exp(margin / 2), np.exp(-margin / 2)
    drawn = rng.random(len(margin)) * (left + right + NU)
    return (drawn > left).astype(np.int64) + (drawn > left + right)
