"""Consensus, against a published example, a textbook written out, and what must never matter."""

from collections import Counter
from math import prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeler.stats.consensus import (
    PRIOR,
    dawid_skene,
    decided,
    majority,
    one_coin,
    posterior,
)
from labeler.stats.posterior import accuracy

# Dawid and Skene (1979), table 1: 45 patients by five anaesthetists, the first of whom saw each
# three times; fitness for anaesthesia from 1 to 4.
PATIENTS = """
111 1 1 1 1 | 333 4 3 3 4 | 112 2 1 2 2 | 222 3 1 2 1 | 222 3 2 2 2 | 222 3 3 2 2 | 122 2 1 1 1
333 3 4 3 3 | 222 2 2 2 3 | 232 2 2 2 3 | 444 4 4 4 4 | 222 3 3 4 3 | 111 1 1 1 1 | 222 3 2 1 2
121 1 1 1 1 | 111 2 1 1 1 | 111 1 1 1 1 | 111 1 1 1 1 | 222 2 2 2 1 | 222 1 3 2 2 | 222 2 2 2 2
222 2 2 2 1 | 222 3 2 2 2 | 221 2 2 2 2 | 111 1 1 1 1 | 111 1 1 1 1 | 232 2 2 2 2 | 111 1 1 1 1
111 1 1 1 1 | 112 1 1 2 1 | 111 1 1 1 1 | 333 3 2 3 3 | 111 1 1 1 1 | 222 2 2 2 2 | 222 3 2 3 2
433 4 3 4 3 | 221 2 2 3 2 | 232 3 2 3 3 | 333 3 4 3 2 | 111 1 1 1 1 | 111 1 1 1 1 | 121 2 1 1 1
232 2 2 2 2 | 121 1 1 1 1 | 222 2 2 2 2
"""
Vote = tuple[int, int, int]

votes = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 4), st.integers(0, 2)), min_size=1, max_size=40
)


def anaesthetists() -> np.ndarray:
    patients = PATIENTS.strip().replace("\n", " | ").split(" | ")
    return np.array(
        [
            (patient, observer, int(said) - 1)
            for patient, row in enumerate(patients)
            for observer, all_said in enumerate(row.split())
            for said in all_said
        ]
    ).T


def aligned(given: list[Vote]) -> np.ndarray:
    return np.array(given, dtype=np.int64).reshape(-1, 3).T


def everything(given: np.ndarray, n_labels: int = 3) -> list[np.ndarray]:
    """Return every number that any of the three models makes of the votes."""
    coin, confused = one_coin(*given, n_labels), dawid_skene(*given, n_labels, smoothing=0.5)
    return [
        majority(given[0], given[2], n_labels).posteriors,
        coin.posteriors,
        coin.accuracy,
        np.array([coin.log_likelihood, coin.iterations]),
        confused.posteriors,
        confused.prevalence,
        confused.confusion,
        np.array([confused.log_likelihood, confused.iterations]),
    ]


def test_the_anaesthetists_of_1979() -> None:
    found = dawid_skene(*anaesthetists(), 4)
    assert found.posteriors.shape == (45, 4)
    assert found.confusion.shape == (5, 4, 4)
    assert found.converged
    assert found.prevalence == pytest.approx([0.40, 0.42, 0.11, 0.07], abs=5e-3)


def textbook(given: np.ndarray, n_labels: int, rounds: int) -> tuple[np.ndarray, np.ndarray]:
    """Return posteriors and confusion by equations 2.3 to 2.5 of the paper, a product a time."""
    tallies = Counter(map(tuple, given.T.tolist()))
    n_items, n_people = given[0].max() + 1, given[1].max() + 1
    counts = np.zeros((n_items, n_people, n_labels))
    for (i, j, k), n in tallies.items():
        counts[i, j, k] = n
    posteriors = counts.sum(axis=1) / counts.sum(axis=(1, 2))[:, None]
    for _ in range(rounds):
        prevalence = posteriors.mean(axis=0)
        confusion = np.einsum("it,ijk->jtk", posteriors, counts)
        confusion /= confusion.sum(axis=2, keepdims=True)
        for i in range(n_items):
            for t in range(n_labels):
                posteriors[i, t] = prevalence[t] * prod(
                    confusion[j, t, k] ** counts[i, j, k]
                    for j in range(n_people)
                    for k in range(n_labels)
                )
        posteriors /= posteriors.sum(axis=1, keepdims=True)
    return posteriors, confusion


def test_dawid_and_skene_as_their_paper_has_it() -> None:
    given = anaesthetists()
    found = dawid_skene(*given, 4, tol=1e-13)
    posteriors, confusion = textbook(given, 4, rounds=found.iterations)
    np.testing.assert_allclose(found.posteriors, posteriors, atol=1e-9)
    np.testing.assert_allclose(found.confusion, confusion, atol=1e-9)


def test_one_coin_is_where_its_two_steps_agree() -> None:
    given = anaesthetists()
    found = one_coin(*given, 4, tol=1e-14)
    right, n = np.zeros(5), np.zeros(5)
    for item, who, label in given.T:
        right[who] += found.posteriors[item, label]
        n[who] += 1
    for who in range(5):
        assert accuracy(right[who], n[who]) == pytest.approx(found.accuracy[who], abs=1e-7)
    for item in range(45):
        _, who, label = given[:, given[0] == item]
        alone = posterior(label.tolist(), found.accuracy[who].tolist(), 4)
        assert found.posteriors[item] == pytest.approx(alone, abs=1e-9)


def test_the_likelihood_is_that_of_all_that_was_said() -> None:
    given = aligned([(0, 0, 0), (0, 1, 0), (0, 2, 1), (1, 0, 2), (1, 1, 2)])
    found = one_coin(*given, 3)
    items = []
    for item in (0, 1):
        said = given[:, given[0] == item].T
        terms = [
            prod(
                found.accuracy[who] if label == true else (1 - found.accuracy[who]) / 2
                for _, who, label in said
            )
            for true in range(3)
        ]
        items.append(sum(terms) / 3)
    assert found.log_likelihood == pytest.approx(np.log(items).sum(), abs=1e-6)


def test_a_person_who_clicks_at_random_counts_for_less() -> None:
    rng = np.random.default_rng(5)
    truth = rng.integers(0, 2, size=300)
    item, who = np.divmod(np.arange(1500), 5)
    right = rng.random(1500) < np.array([0.85, 0.85, 0.85, 0.5, 0.5])[who]
    label = np.where(right, truth[item], 1 - truth[item])
    found = one_coin(item, who, label)
    assert found.converged
    assert found.accuracy == pytest.approx([0.85, 0.85, 0.85, 0.5, 0.5], abs=0.09)
    each = np.arange(300)
    by_majority = decided(majority(item, label).posteriors)[each, truth].mean()
    assert decided(found.posteriors)[each, truth].mean() > by_majority + 0.03


def test_without_votes_everybody_is_as_the_prior_has_it() -> None:
    found = one_coin([2], [3], [1], 2)
    assert found.posteriors[:2].tolist() == [[0.5, 0.5], [0.5, 0.5]]
    assert found.accuracy[:3] == pytest.approx(PRIOR[0] / sum(PRIOR))
    assert one_coin([], [], []).posteriors.shape == (0, 2)
    assert dawid_skene([], [], [], 3).posteriors.shape == (0, 3)
    assert majority([], []).posteriors.shape == (0, 1)


def test_a_split_vote_is_nobodys_win() -> None:
    shares = majority([0, 0, 1, 1, 1], [0, 1, 0, 1, 1]).posteriors
    assert shares.tolist() == [[0.5, 0.5], [1 / 3, 2 / 3]]
    assert decided(shares).tolist() == [[0.5, 0.5], [0.0, 1.0]]
    assert one_coin([0, 0], [0, 1], [0, 1]).posteriors[0] == pytest.approx([0.5, 0.5])


def test_the_posterior_of_one_item() -> None:
    # .8 and .6 say the first, .7 the second: odds (.8/.2)(.6/.4)/(.7/.3).
    odds = 4 * 1.5 / (0.7 / 0.3)
    expected = (odds / (1 + odds), 1 / (1 + odds))
    assert posterior([0, 0, 1], [0.8, 0.6, 0.7]) == pytest.approx(expected, abs=1e-12)
    assert posterior([], [], 4) == (0.25, 0.25, 0.25, 0.25)


@given(st.lists(st.tuples(st.integers(0, 2), st.floats(0.1, 0.95)), min_size=2).map(tuple))
def test_the_posterior_of_one_item_does_not_depend_on_who_came_first(given) -> None:
    forth, back = zip(*given, strict=True), zip(*reversed(given), strict=True)
    assert posterior(*forth, 3) == posterior(*back, 3)


@pytest.mark.parametrize("label", [-1, 3])
def test_a_label_that_does_not_exist_is_refused(label: int) -> None:
    with pytest.raises(AssertionError):
        one_coin([0], [0], [label], 3)


@settings(deadline=None)
@given(votes, st.randoms(use_true_random=False))
def test_no_bit_depends_on_the_order_of_votes(given: list[Vote], random) -> None:
    shuffled = random.sample(given, len(given))
    for before, after in zip(
        everything(aligned(given)), everything(aligned(shuffled)), strict=True
    ):
        assert before.tobytes() == after.tobytes()


@settings(deadline=None)
@given(votes)
def test_taking_votes_away_and_giving_them_again_is_as_before(given: list[Vote]) -> None:
    before = everything(aligned(given))
    everything(aligned(given[::2]))
    again = everything(aligned(given[::2] + given[1::2]))
    assert [each.tobytes() for each in again] == [each.tobytes() for each in before]


@settings(deadline=None)
@given(votes, st.permutations(range(3)))
def test_other_names_for_labels_change_nothing_else(given: list[Vote], names: list[int]) -> None:
    renamed = aligned(given)
    renamed[2] = np.array(names)[renamed[2]]
    before, after = one_coin(*aligned(given), 3, tol=1e-9), one_coin(*renamed, 3, tol=1e-9)
    np.testing.assert_allclose(after.posteriors[:, names], before.posteriors, atol=1e-6)
    np.testing.assert_allclose(after.accuracy, before.accuracy, atol=1e-6)


@settings(deadline=None)
@given(votes)
def test_posteriors_are_probabilities(given: list[Vote]) -> None:
    shares, coin, *_, confused = [everything(aligned(given))[at] for at in (0, 1, 4)]
    for posteriors in (shares, coin, confused):
        assert (posteriors >= 0).all()
        assert posteriors.sum(axis=1) == pytest.approx(1.0)


@settings(deadline=None)
@given(votes)
def test_no_round_makes_the_votes_less_likely(given: list[Vote]) -> None:
    ends = [dawid_skene(*aligned(given), 3, tol=tol).log_likelihood for tol in (1, 1e-2, 1e-9)]
    assert ends[0] <= ends[1] + 1e-9 <= ends[2] + 2e-9
