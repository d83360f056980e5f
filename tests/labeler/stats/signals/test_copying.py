"""Copying between people, told apart from being good and from clicking at random."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeler.stats.signals import shared
from labeler.stats.signals.copying import Pair, copying_signals

Votes = tuple[np.ndarray, np.ndarray, np.ndarray]


def votes(seed: int, accuracy: list[float], items: int, *, copied: float = 0.0) -> Votes:
    """Return five votes per item; person 1 copies this share of what person 0 answered too."""
    random = np.random.default_rng(seed)
    who = np.argsort(random.random((items, len(accuracy))), axis=1)[:, :5]
    label = (random.random(who.shape) < np.array(accuracy)[who]).astype(int)
    both = (who == 0).any(axis=1) & (who == 1).any(axis=1)
    copies = both & (random.random(items) < copied)
    label[copies[:, None] & (who == 1)] = label[copies[:, None] & (who == 0)]
    return np.repeat(np.arange(items), 5), who.reshape(-1), label.reshape(-1)


def noticed(pairs: list[Pair]) -> list[tuple[int, int]]:
    return [(pair.first, pair.second) for pair in pairs if pair.signal.noticeable]


MIXED = [0.8, 0.8, 0.95, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.65, 0.5, 0.5]


def test_who_copies_is_found_and_only_they() -> None:
    pairs = copying_signals(*votes(1, MIXED, 3000, copied=0.95))
    assert noticed(pairs) == [(0, 1)]
    signal = pairs[0].signal
    assert signal.statistic == pytest.approx(0.97, abs=0.03)
    assert signal.interval.low < signal.statistic < signal.interval.high
    assert signal.sentence.startswith("These two people gave the same answer to ")


def test_neither_the_best_nor_those_who_click_seem_to_copy() -> None:
    for seed in range(10):
        assert noticed(copying_signals(*votes(seed, MIXED, 4000))) == []


def test_agreement_on_what_everybody_says_is_no_copying() -> None:
    assert noticed(copying_signals(*votes(1, [0.99] * 8, 4000))) == []
    item, person, _ = votes(1, [0.9] * 8, 500)
    assert noticed(copying_signals(item, person, np.zeros(len(item)))) == []


def test_people_who_share_little_are_not_compared() -> None:
    # Among 12 people an item has both of two people with chance 10/66: of 100 about 15.
    assert copying_signals(*votes(1, MIXED, 100, copied=1.0)) == []
    assert copying_signals([], [], []) == []
    assert copying_signals([1, 2], [5, 5], [0, 1]) == []


def test_what_everybody_answers_is_left_out() -> None:
    people = shared.CROWD + 1
    item, person = np.repeat(np.arange(40), people), np.tile(np.arange(people), 40)
    assert copying_signals(item, person, (person < 2).astype(int)) == []


def test_only_the_most_unlikely_are_returned_in_order() -> None:
    found = votes(2, MIXED, 3000, copied=0.95)
    every, three = copying_signals(*found), copying_signals(*found, most=3)
    assert three == every[:3]
    assert len(every) == 12 * 11 // 2
    chances = [pair.signal.chance for pair in every]
    assert chances == sorted(chances)


def test_small_chunks_add_up_to_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    found = votes(3, MIXED, 1000, copied=0.95)
    whole = copying_signals(*found)
    monkeypatch.setattr(shared, "CHUNK", 100)
    monkeypatch.setattr(shared, "HELD", 200)
    parts = copying_signals(*found)
    assert [(p.first, p.second, p.signal.n) for p in parts] == [
        (p.first, p.second, p.signal.n) for p in whole
    ]
    assert [p.signal.chance for p in parts] == pytest.approx([p.signal.chance for p in whole])


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_neither_order_nor_the_names_of_labels_matter(seed: int) -> None:
    item, person, label = votes(4, MIXED, 800, copied=0.95)
    order = np.random.default_rng(seed).permutation(len(item))
    one = copying_signals(item, person, label)
    other = copying_signals(item[order], person[order], 7 - 3 * label[order])
    assert sorted((p.first, p.second, p.signal.n, p.signal.statistic) for p in one) == sorted(
        (p.first, p.second, p.signal.n, p.signal.statistic) for p in other
    )
    assert noticed(one) == noticed(other)
