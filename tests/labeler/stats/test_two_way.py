"""Intervals where few people gave the votes: other people might have agreed otherwise."""

from math import isnan

import numpy as np

from labeler.stats.agreement import (
    Interval,
    bootstrap_interval,
    krippendorff_alpha,
    percent_agreement,
    tally,
    two_way_interval,
)

ITEMS, PEOPLE = 200, 6


def simulated(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return votes of six people, each on all items; people differ much in how good they are."""
    item, who = np.divmod(np.arange(ITEMS * PEOPLE), PEOPLE)
    accuracy = rng.beta(4, 1.5, size=PEOPLE)
    truth = rng.integers(0, 2, size=ITEMS)
    right = rng.random(len(item)) < accuracy[who]
    return item, who, np.where(right, truth[item], 1 - truth[item])


def test_it_is_the_wider_one_and_holds_the_number() -> None:
    item, who, label = simulated(np.random.default_rng(1))
    counts = tally(item, label, ITEMS, 2)
    narrow = bootstrap_interval(krippendorff_alpha, counts)
    wide = two_way_interval(item, who, label, 2, krippendorff_alpha)
    assert wide.low < narrow.low < krippendorff_alpha(counts) < narrow.high < wide.high


def test_other_people_are_allowed_for() -> None:
    # Two random people agree in E[a]² + E[1-a]², whoever they are.
    mean = 4 / 5.5
    truth = mean**2 + (1 - mean) ** 2
    rng = np.random.default_rng(2)
    covered = {"items": 0, "both": 0}
    for _ in range(100):
        item, who, label = simulated(rng)
        counts = tally(item, label, ITEMS, 2)
        narrow = bootstrap_interval(percent_agreement, counts, resamples=200)
        wide = two_way_interval(item, who, label, 2, percent_agreement, resamples=200)
        covered["items"] += narrow.low <= truth <= narrow.high
        covered["both"] += wide.low <= truth <= wide.high
    assert covered["items"] < 60
    assert covered["both"] > 85


def test_the_order_of_votes_changes_nothing() -> None:
    votes = np.array(simulated(np.random.default_rng(3)))
    shuffled = np.random.default_rng(4).permutation(votes, axis=1)
    expected = two_way_interval(*votes, 2, krippendorff_alpha, resamples=50)
    assert two_way_interval(*shuffled, 2, krippendorff_alpha, resamples=50) == expected


def test_it_is_undefined_where_two_people_cannot_be_told_apart() -> None:
    def is_undefined(interval: Interval) -> bool:
        return isnan(interval.low) and isnan(interval.high)

    item, label = [0, 0, 1, 1], [0, 1, 1, 1]
    assert is_undefined(two_way_interval(item, [0, 0, 0, 0], label, 2, percent_agreement))
    # Without either of two people, no item has two votes.
    assert is_undefined(two_way_interval(item, [0, 1, 0, 1], label, 2, percent_agreement))
    assert is_undefined(two_way_interval([], [], [], 2, percent_agreement))


def test_it_ends_where_the_statistic_does() -> None:
    # Five items of three votes by eight people: whoever is left out moves much.
    rng = np.random.default_rng(8)
    who = np.concatenate([rng.permutation(8)[:3] for _ in range(5)])
    votes = np.repeat(np.arange(5), 3), who, rng.integers(0, 2, 15), 2
    assert two_way_interval(*votes, percent_agreement).low < 0
    assert two_way_interval(*votes, percent_agreement, least=0.0).low == 0
    assert two_way_interval(*votes, krippendorff_alpha, least=-2.0).low < -1
    assert two_way_interval(*votes, krippendorff_alpha).low == -1
