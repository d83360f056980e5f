"""Consensus: whether it beats the majority, is as sure as it says, and what it costs."""

import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise

import numpy as np

from bench.quality.cost import alone
from bench.quality.rows import Row
from bench.quality.worlds import Votes, Work, simulated
from labeler.stats.calibration import calibrate
from labeler.stats.consensus import majority, one_coin, posterior
from labeler.stats.tables import Array

SEEDS = 20
PEOPLE = 200
SIZES = (300, 1_000, 3_000, 5_000)
"""Items with three votes each of 200 people: 4.5, 15, 45 and 75 votes a person."""
ENOUGH = 3_000
SURE = 0.99
MANY = 200_000
"""Items with five votes each, of ten thousand people: a million votes."""

CALIBRATED, AUDITED, CROWD = 20_000, 2_000, 800
RUNS = 10
STOP, MOST = 0.95, 11
BINS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 1.0)
FULL = 500
"""How many items a bin needs in a run."""


def measure(seed: int) -> list[Row]:
    """Measure on worlds drawn with this seed and those that follow it."""
    return [
        *_against_majority(seed, 0.0, "items equally hard"),
        *_against_majority(seed, 0.7, "items of differing difficulty"),
        _calibrated(seed, "three votes on each item", _fixed),
        _calibrated(seed, f"votes until one is {STOP} sure", _adaptive),
        _cost(seed),
        _cost_of_one(),
    ]


def _against_majority(seed: int, spread: float, world: str) -> Iterator[Row]:
    surest: list[tuple[float, float]] = []
    for n_items in SIZES:
        runs = [_compared(s, n_items, spread) for s in range(seed, seed + SEEDS)]
        mean = np.mean(runs, axis=0)
        surest.append((mean[2], mean[3]))
        # Where items differ even those who know all accuracies gain little over the majority.
        least = 1.2 if n_items == ENOUGH and not spread else -0.5
        gain = 100 * (mean[0] - mean[1])
        yield Row(
            f"one-coin against majority, {3 * n_items / PEOPLE:g} votes a person, {world}",
            f"≥ {least:+.1f} points",
            f"{mean[0]:.1%} against {mean[1]:.1%}: {gain:+.1f}",
            gain >= least,
        )
    stated, right = np.sum(surest, axis=0)
    yield Row(
        f"labels stated to be ≥ {SURE} sure that are right, {world}",
        "≥ 97 %",
        f"{right / stated:.1%}",
        right / stated >= 0.97,
    )


def _compared(seed: int, n_items: int, spread: float) -> tuple[float, float, float, float]:
    """Return how often each is right, how often one-coin is sure, and sure and right."""
    work = simulated(seed, n_items, people=PEOPLE, spread=spread)
    votes = work.votes(3)
    found = one_coin(*votes).posteriors
    right, sure = work.right(found), found.max(axis=1) >= SURE
    by_majority = work.right(majority(votes[0], votes[2], 2).posteriors)
    return right.mean(), by_majority.mean(), sure.mean(), (right * sure).mean()


def _fixed(work: Work) -> Array:
    return one_coin(*work.votes(3)).posteriors


def _adaptive(work: Work) -> Array:
    """Ask for votes, one on each item in a round, until all are sure or have eleven."""
    taken = np.full(len(work.truth), 2)
    while True:
        found = one_coin(*work.votes(taken)).posteriors
        unsure = (found.max(axis=1) < STOP) & (taken < MOST)
        if not unsure.any():
            return found
        taken[unsure] += 1


def _calibrated(seed: int, how: str, collect: Callable[[Work], Array]) -> Row:
    """Learn from audited items, look at the others.

    Bins are of all runs together, since chance alone moves one of 500 items by a point.
    """
    runs = [_mapped(s, collect) for s in range(seed, seed + RUNS)]
    before, after, right = (np.concatenate(each) for each in zip(*runs, strict=True))
    worst = _worst(after, right)
    return Row(
        f"worst bin of stated against real after calibration on {AUDITED:,} items, {how}",
        "≤ 1 point",
        f"{worst:.1f} (before: {_worst(before, right):.1f})",
        worst <= 1,
    )


def _mapped(seed: int, collect: Callable[[Work], Array]) -> tuple[Array, Array, Array]:
    work = simulated(seed, CALIBRATED, people=CROWD, most=MOST)
    found = collect(work)
    stated, right = found.max(axis=1), work.right(found)
    calibration = calibrate(stated[:AUDITED], right[:AUDITED])
    return stated[AUDITED:], calibration.confidence(stated[AUDITED:]), right[AUDITED:]


def _worst(stated: Array, right: Array) -> float:
    """Return the largest difference, in points, of all bins with enough items."""
    bins = [(stated >= low) & (stated < high) for low, high in pairwise(BINS)]
    full = [inside for inside in bins if inside.sum() >= RUNS * FULL]
    return max(100 * abs(float(stated[each].mean() - right[each].mean())) for each in full)


def _cost(seed: int) -> Row:
    cost = alone(partial(_million, seed), _consensus)
    return Row(
        "one-coin of 1,000,000 votes",
        "≤ 1 s, ≤ 500 MB",
        str(cost),
        cost.seconds <= 1 and cost.peak_mb <= 500,
    )


def _million(seed: int) -> Votes:
    return simulated(seed, MANY, people=10_000, most=5).votes(5)


def _consensus(votes: Votes) -> None:
    one_coin(*votes)


def _cost_of_one() -> Row:
    began, times = time.process_time(), 10_000
    for _ in range(times):
        posterior([0, 1, 0, 0, 1], [0.7, 0.8, 0.9, 0.6, 0.7], 3)
    took = 1e6 * (time.process_time() - began) / times
    return Row("the posterior of one item with five votes", "≤ 50 µs", f"{took:.1f} µs", took <= 50)
