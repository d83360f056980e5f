"""Tallies: how many rows of a release have the worse answer as the better one."""

import numpy as np
import pytest

from exports.choosing import aggregation
from exports.choosing.aggregation import OneCoin, partition
from exports.files import tallies
from exports.files.tallies import Flips, Tally
from tests.exports.made import concluded, told
from tests.exports.test_aggregation import simulated

SAID = ("0+1", "0+1", "0+1", "0+1", "1+1")
"""What Ada, Bea, Cyd and Dan say, and Eve."""


def test_flips_counted_out() -> None:
    votes = Flips()
    votes.add((2, 1), (0.9, 0.1, 0.0, 0.0))
    votes.add((0, 1), (0.4, 0.1, 0.5, 0.0))
    # Flipped are .1 + .1 + .9 + .4 of 1 + 1 + 1 + .5 votes for the answer of a better one.
    assert votes.rate == pytest.approx(1.5 / 3.5)
    # The first pair is .1 of 1 flipped, the second, of which the worse was taken, .4 of .5.
    shards = [Tally(), Tally()]
    shards[0].pairs.add((1, 0), (0.9, 0.1, 0.0, 0.0))
    shards[1].pairs.add((0, 1), (0.4, 0.1, 0.5, 0.0))
    pairs, votes = tallies.flips(shards)
    assert pairs.rate == pytest.approx(0.5 / 1.5)
    assert votes.rate is None
    assert Flips().rate is None


def test_pairs_are_counted_as_one_and_votes_each() -> None:
    tally = Tally()
    for one in concluded(*(told(*SAID, prompt=f"What is {n}?") for n in range(9))):
        tally.conclude(one)
    assert 4 * 9 < tally.votes.decisive < 5 * 9 and 8 < tally.pairs.decisive < 9
    assert tally.pairs.rate is not None and tally.votes.rate is not None
    assert tally.pairs.rate < 0.05 < 0.15 < tally.votes.rate < 0.25


def test_only_what_is_a_row_is_counted() -> None:
    """Votes on a tie are none, those on a split are; what a reviewer found tells of no vote."""
    split = Tally()
    for one in concluded(told("0+1", "1+1")):
        split.conclude(one)
    assert (split.pairs.decisive, split.votes.rate) == (0.0, pytest.approx(0.5))
    tied = Tally()
    for one in concluded(told("0+1", "tie", "tie")):
        tied.conclude(one)
    assert tied.pairs.rate is tied.votes.rate is None
    found = Tally()
    for one in concluded(told("0+1", "1+1")):
        one.record.outcome, one.record.preferred = "preferred", 0
        one.record.adjudicated = True
        found.conclude(one)
    assert found.pairs.rate is None and found.votes.rate == pytest.approx(0.5)


def test_the_rates_are_near_the_shares_that_were_flipped() -> None:
    given, truth, _ = simulated(3000, seed=11)
    whose, who, said = given.T
    votes = partition(whose, who, said, n_items=3000)
    model = OneCoin(12)
    likely = model.posteriors(votes, aggregation.fitted(model, [votes]).parameters)
    tallied = np.stack([np.bincount(whose[said == label], minlength=3000) for label in (0, 1)], 1)
    of_votes, of_pairs = Flips(), Flips()
    for numbers, posterior in zip(tallied, likely, strict=True):
        of_votes.add(numbers, posterior)
        if (preferred := posterior.argmax()) < 2:
            of_pairs.add((1 - preferred, preferred), posterior)
    expected = (said != truth[whose])[(said < 2) & (truth[whose] < 2)].mean()
    assert of_votes.rate == pytest.approx(expected, abs=0.01)
    pairs = (likely.argmax(axis=1) < 2) & (truth < 2)
    wrong = (likely.argmax(axis=1) != truth)[pairs].mean()
    assert of_pairs.rate == pytest.approx(wrong, abs=0.01)
    assert 0 < wrong < expected < 0.5
