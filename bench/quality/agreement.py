"""Agreement: whether its intervals hold the truth as often as they say, and what they cost."""

from functools import partial

import numpy as np

from bench.quality.cost import alone
from bench.quality.rows import Row
from labeler.stats.agreement import (
    Interval,
    bootstrap_interval,
    gwet_ac1,
    krippendorff_alpha,
    percent_agreement,
    tally,
    two_way_interval,
)
from labeler.stats.tables import Array

SETS, ITEMS, VOTES = 300, 300, 5
MANY = 200_000
"""Items with five votes each: a million votes."""
FEW_PEOPLE = 8
SHAPE = 0.8
"""Of Beta(s, s), the shares of the first label: many items are clear, some nearly even."""


def measure(seed: int) -> list[Row]:
    """Measure on data sets drawn with this seed and those that follow it."""
    seeds = range(seed, seed + SETS)
    return [_coverage(seeds), *_coverage_of_few(seeds), _cost(seed)]


def _coverage(seeds: range) -> Row:
    # Two votes on an item of share p differ in 2p(1-p): s/(2s+1) on the average, of 1/2 by chance.
    truth = 1 - 2 * SHAPE / (2 * SHAPE + 1)
    drawn = (np.random.default_rng(seed) for seed in seeds)
    intervals = [bootstrap_interval(krippendorff_alpha, _counts(rng, ITEMS)) for rng in drawn]
    held = _held(intervals, truth)
    return Row(
        f"95 % intervals of alpha that hold it, {SETS} sets of {ITEMS} items × {VOTES}",
        "93–97 %",
        f"{held:.1%}",
        0.93 <= held <= 0.97,
    )


def _coverage_of_few(seeds: range) -> list[Row]:
    """Return how it is when the same few people, of differing accuracy, vote on everything."""
    a, b = 4.0, 1.5
    truth = (2 * a / (a + b) - 1) ** 2
    drawn = [_votes_of_few(np.random.default_rng(seed), a, b) for seed in seeds]
    inner = [
        bootstrap_interval(krippendorff_alpha, tally(item, label, ITEMS, 2))
        for item, _, label in drawn
    ]
    both = [two_way_interval(*votes, 2, krippendorff_alpha) for votes in drawn]
    what = f"the same with {FEW_PEOPLE} people, each on all items:"
    items, people = _held(inner, truth), _held(both, truth)
    return [
        Row(f"{what} items drawn anew", "not promised", f"{items:.1%}", True),
        Row(f"{what} items and people", "≥ 90 %", f"{people:.1%}", people >= 0.90),
    ]


def _cost(seed: int) -> Row:
    cost = alone(partial(_million, seed), _three_intervals)
    return Row(
        "alpha, AC1 and raw agreement, 1,000 resamples each, 1,000,000 votes",
        "≤ 5 s, ≤ 500 MB",
        str(cost),
        cost.seconds <= 5 and cost.peak_mb <= 500,
    )


def _counts(rng: np.random.Generator, n_items: int) -> Array:
    first = rng.binomial(VOTES, rng.beta(SHAPE, SHAPE, size=n_items))
    return np.column_stack([first, VOTES - first])


def _votes_of_few(rng: np.random.Generator, a: float, b: float) -> tuple[Array, Array, Array]:
    item, who = np.divmod(np.arange(ITEMS * FEW_PEOPLE), FEW_PEOPLE)
    truth, accuracy = rng.integers(0, 2, size=ITEMS), rng.beta(a, b, size=FEW_PEOPLE)
    right = rng.random(len(item)) < accuracy[who]
    return item, who, np.where(right, truth[item], 1 - truth[item])


def _held(intervals: list[Interval], truth: float) -> float:
    return float(np.mean([each.low <= truth <= each.high for each in intervals]))


def _million(seed: int) -> Array:
    rng = np.random.default_rng(seed)
    return rng.multinomial(VOTES, rng.dirichlet([SHAPE] * 3, size=MANY))


def _three_intervals(counts: Array) -> None:
    for statistic in (krippendorff_alpha, gwet_ac1, percent_agreement):
        bootstrap_interval(statistic, counts)
