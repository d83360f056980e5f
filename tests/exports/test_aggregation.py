"""Votes brought together in parts: as the whole does, to the last bit wherever it is done."""

import random
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from itertools import pairwise
from multiprocessing import get_context

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exports.choosing.aggregation import (
    LABELS,
    DawidSkene,
    Fit,
    Model,
    OneCoin,
    Partition,
    fitted,
    partition,
    stated,
)
from labeler.stats import consensus
from tests.labeler.stats.test_consensus import anaesthetists

Vote = tuple[int, int, int]

ITEMS, PEOPLE = 9, 4
MODELS = (OneCoin(PEOPLE), DawidSkene(PEOPLE, tol=0.05))
votes = st.lists(
    st.tuples(st.integers(0, ITEMS - 1), st.integers(0, PEOPLE - 1), st.integers(0, LABELS - 1)),
    max_size=40,
)
cuts = st.lists(st.integers(0, ITEMS), max_size=4).map(lambda inner: [0, *sorted(inner), ITEMS])


def parts(given: Sequence[Vote] | np.ndarray, bounds: Sequence[int]) -> list[Partition]:
    """Return votes in ranges of items."""
    whose, who, said = np.array(given, dtype=np.int64).reshape(-1, 3).T
    found = []
    for start, stop in pairwise(bounds):
        inside = (whose >= start) & (whose < stop)
        found.append(
            partition(whose[inside] - start, who[inside], said[inside], n_items=stop - start)
        )
    return found


def whole(given: Sequence[Vote]) -> np.ndarray:
    """Return votes for `consensus`, which takes the largest number for how many there are."""
    return np.array(given, dtype=np.int64).reshape(-1, 3).T


def posteriors(model: Model, fit: Fit, partitions: Sequence[Partition]) -> np.ndarray:
    return np.concatenate([model.posteriors(each, fit.parameters) for each in partitions])


def simulated(n_items: int = 600, seed: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return votes by three of twelve people on each item, the truth, and how good each is."""
    rng = np.random.default_rng(seed)
    accuracy = rng.beta(8, 2.4, 12)
    truth = rng.integers(0, LABELS, n_items)
    who = np.stack([rng.permutation(12)[:3] for _ in range(n_items)]).reshape(-1)
    whose = np.repeat(np.arange(n_items), 3)
    right = rng.random(len(who)) < accuracy[who]
    said = np.where(
        right, truth[whose], (truth[whose] + rng.integers(1, LABELS, len(who))) % LABELS
    )
    return np.stack([whose, who, said], axis=1), truth, accuracy


@settings(deadline=None)
@given(votes, cuts)
def test_one_coin_is_that_of_the_whole(votes: list[Vote], bounds: list[int]) -> None:
    everything = [*votes, (ITEMS - 1, PEOPLE - 1, 0)]
    expected = consensus.one_coin(*whole(everything), LABELS)
    partitions = parts(everything, bounds)
    model = OneCoin(PEOPLE)
    found = fitted(model, partitions)
    assert (found.rounds, found.converged) == (expected.iterations, expected.converged)
    assert found.parameters[0] == pytest.approx(expected.accuracy, abs=1e-9)
    assert posteriors(model, found, partitions) == pytest.approx(expected.posteriors, abs=1e-9)


@pytest.mark.parametrize("smoothing", [0.0, 0.5])
@pytest.mark.parametrize("bounds", [[0, 45], [0, 20, 45], [0, 1, 1, 9, 44, 45]])
def test_the_anaesthetists_of_1979(smoothing: float, bounds: list[int]) -> None:
    whose, who, said = anaesthetists()
    expected = consensus.dawid_skene(whose, who, said, LABELS, smoothing)
    partitions = parts(np.stack([whose, who, said], axis=1), bounds)
    model = DawidSkene(5, smoothing)
    found = fitted(model, partitions)
    prevalence, confusion = found.parameters
    assert found.converged
    assert prevalence == pytest.approx(expected.prevalence, abs=1e-9)
    assert confusion == pytest.approx(expected.confusion, abs=1e-9)
    assert posteriors(model, found, partitions) == pytest.approx(expected.posteriors, abs=1e-9)
    if not smoothing:
        assert prevalence == pytest.approx([0.40, 0.42, 0.11, 0.07], abs=5e-3)


@pytest.mark.parametrize("model", [OneCoin(12), DawidSkene(12)])
def test_other_partitions_change_only_the_last_digits(model: OneCoin | DawidSkene) -> None:
    given, _, _ = simulated()
    found = []
    for bounds in ([0, 600], [0, 100, 200, 300, 400, 500, 600], [0, 7, 599, 600]):
        partitions = parts(given, bounds)
        found.append(posteriors(model, fitted(model, partitions), partitions))
    for each in found[1:]:
        assert each == pytest.approx(found[0], abs=1e-9)
        assert (stated(each) == stated(found[0])).all()


def shuffled(seed: int):
    """Return a map that does its work in another order, as many workers would."""

    def mapped(function: Callable, partitions: Sequence[Partition]) -> Iterable:
        order = random.Random(seed).sample(range(len(partitions)), len(partitions))
        done = {at: function(partitions[at]) for at in order}
        return [done[at] for at in range(len(partitions))]

    return mapped


@pytest.mark.parametrize("model", [OneCoin(12), DawidSkene(12)])
def test_not_a_bit_depends_on_who_did_what_when(model: OneCoin | DawidSkene) -> None:
    partitions = parts(simulated()[0], [*range(0, 601, 50)])
    alone = fitted(model, partitions)
    with (
        ThreadPoolExecutor(4) as threads,
        ProcessPoolExecutor(2, mp_context=get_context("spawn")) as processes,
    ):
        for mapped in (shuffled(1), shuffled(2), threads.map, processes.map):
            found = fitted(model, partitions, mapped)
            assert found[1:] == alone[1:]
            for one, other in zip(found.parameters, alone.parameters, strict=True):
                assert one.tobytes() == other.tobytes()


@settings(deadline=None, max_examples=50)
@given(votes, cuts, st.randoms(use_true_random=False))
def test_not_a_bit_depends_on_the_order_of_votes(
    votes: list[Vote], bounds: list[int], chance: random.Random
) -> None:
    mixed = chance.sample(votes, len(votes))
    for model in MODELS:
        found = []
        for each in (votes, mixed):
            partitions = parts(each, bounds)
            found.append(posteriors(model, fitted(model, partitions), partitions))
        assert found[0].tobytes() == found[1].tobytes()


@settings(deadline=None, max_examples=50)
@given(votes, cuts)
def test_posteriors_are_probabilities(votes: list[Vote], bounds: list[int]) -> None:
    partitions = parts(votes, bounds)
    for model in MODELS:
        found = posteriors(model, fitted(model, partitions), partitions)
        assert found.shape == (ITEMS, LABELS)
        assert (found >= 0).all()
        assert found.sum(axis=1) == pytest.approx(1.0)


@pytest.mark.parametrize("model", [OneCoin(3), DawidSkene(3)])
def test_models_begin_with_the_shares_of_the_votes(model: Model) -> None:
    partitions = parts([(0, 0, 0), (0, 1, 0), (0, 2, 3), (1, 0, 1)], [0, 1, 3])
    found = np.concatenate([model.posteriors(each, ()) for each in partitions])
    assert stated(found).tolist() == [
        [0.666667, 0.0, 0.0, 0.333333],
        [0.0, 1.0, 0.0, 0.0],
        [0.25, 0.25, 0.25, 0.25],
    ]


def test_nobody_voted() -> None:
    for model in (OneCoin(0), DawidSkene(0)):
        assert fitted(model, []).converged
        nothing = [partition([], [], [], n_items=2)]
        assert posteriors(model, fitted(model, nothing), nothing).tolist() == [[0.25] * 4] * 2


def test_good_annotators_weigh_more_than_many() -> None:
    given, truth, accuracy = simulated()
    partitions = parts(given, [0, 300, 600])
    model = OneCoin(12)
    fit = fitted(model, partitions)
    assert fit.parameters[0] == pytest.approx(accuracy, abs=0.09)
    shares = np.concatenate([model.posteriors(each, ()) for each in partitions])
    right = [
        (found.argmax(axis=1) == truth).mean()
        for found in (shares, posteriors(model, fit, partitions))
    ]
    assert right[1] > right[0] + 0.01


def test_numbers_as_they_are_stated() -> None:
    assert stated([1 / 3, 0.1 + 0.2, 5e-7, -1e-9]).tolist() == [0.333333, 0.3, 0.0, 0.0]
    assert repr(float(stated([-1e-9])[0])) == "0.0"


@pytest.mark.parametrize("wrong", [(2, 0, 0), (-1, 0, 0), (0, -1, 0), (0, 0, 4), (0, 0, -1)])
def test_a_vote_that_cannot_be_is_refused(wrong: Vote) -> None:
    with pytest.raises(AssertionError):
        partition(*([each] for each in wrong), n_items=2)
