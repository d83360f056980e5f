"""Plans: what a pilot of 500 items, judged by 40 people three times each, promises of more votes.

The same people's world is then really labelled, 4,000 items at three, five, seven and nine votes.
"""

import numpy as np

from bench.quality.rows import Row
from bench.quality.worlds import simulated
from labeler.stats.agreement import percent_agreement
from labeler.stats.consensus import one_coin
from labeler.stats.planning import Design, forecasts
from labeler.stats.tables import tally

PEOPLE = 40
PILOT, ITEMS = 500, 4_000
SEEDS = 10
FIXED = (3, 5, 7, 9)


def measure(seed: int) -> list[Row]:
    """Compare promises with what came of them, over several pilots."""
    off = np.array([_off(each) for each in range(seed, seed + SEEDS)])
    mean = np.abs(off.mean(axis=0)).max()
    worst = np.abs(off).max()
    return [
        Row(
            f"Accuracy that a plan promises, minus what comes, mean of {SEEDS} pilots",
            "within 2 points",
            f"{100 * mean:.1f} points at most (of one pilot: {100 * worst:.1f})",
            bool(mean <= 0.02),
        )
    ]


def _off(seed: int) -> list[float]:
    pilot = simulated(seed, PILOT, people=PEOPLE, most=3)
    item, annotator, label = pilot.votes(3)
    found = one_coin(item, annotator, label)
    agreement = percent_agreement(tally(item, label, PILOT, 2))
    told = forecasts(found.accuracy, agreement, [Design(most) for most in FIXED], seed=seed)
    work = simulated(seed, ITEMS, people=PEOPLE, most=max(FIXED))
    return [
        each.right - float(work.right(one_coin(*work.votes(each.design.most)).posteriors).mean())
        for each in told
    ]
