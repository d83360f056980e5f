"""Which answers are compared: each rule's promise, whatever answers there are."""

from collections import Counter
from collections.abc import Sequence
from itertools import combinations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeler.generation.pairing import Answer, Gap, Pairing, Pairs, two

NAMES = "abcdef"
answers = st.lists(
    st.builds(Answer, st.sampled_from(NAMES), st.integers(0, 3)), unique=True, max_size=8
)
prompts = st.lists(answers, min_size=1, max_size=12)
seeds = st.integers(0, 2**31 - 1)
chosen = st.sampled_from([Pairing.balanced, Pairing.uncertain])


def full(endpoints: int, samples: int = 1) -> list[Answer]:
    return [Answer(name, n) for name, n in product(NAMES[:endpoints], range(samples))]


def met(pairs: Pairs, rows: Sequence[Sequence[Answer]]) -> Counter[tuple[str, str]]:
    """Go through prompts; count how often each two endpoints meet."""
    found: Counter[tuple[str, str]] = Counter()
    for number, row in enumerate(rows):
        for one, other in pairs.of(str(number), row):
            found[two(row[one].endpoint, row[other].endpoint)] += 1
    return found


@settings(max_examples=40)
@given(st.sampled_from(Pairing), prompts, seeds, st.integers(1, 4))
def test_a_pair_is_of_two_answers_and_comes_once(
    pairing: Pairing, rows: list[list[Answer]], seed: int, per_prompt: int
) -> None:
    pairs = Pairs(pairing, seed, against="a", per_prompt=per_prompt)
    for number, row in enumerate(rows):
        found = pairs.of(str(number), row)
        assert len(set(found)) == len(found) <= pairs.most(row)
        for each in found:
            assert len(each) >= 2 and list(each) == sorted(set(each))
            assert set(each) <= set(range(len(row)))
            assert len(each) == 2 or pairing is Pairing.together
        if len(row) < 2:
            assert found == []


@settings(max_examples=30)
@given(chosen, prompts, seeds, st.integers(1, 4))
def test_the_same_comes_to_the_same(
    pairing: Pairing, rows: list[list[Answer]], seed: int, per_prompt: int
) -> None:
    once, again = (
        [pairs.of(str(number), row) for number, row in enumerate(rows)]
        for pairs in (Pairs(pairing, seed, per_prompt=per_prompt) for _ in range(2))
    )
    assert once == again


def test_another_seed_draws_others() -> None:
    row = full(3, samples=2)
    drawn = {tuple(Pairs(Pairing.balanced, seed).of("0", row)) for seed in range(20)}
    assert len(drawn) > 3


@settings(max_examples=30)
@given(answers)
def test_all_compares_each_with_each(row: list[Answer]) -> None:
    assert Pairs(Pairing.all).of("0", row) == list(combinations(range(len(row)), 2))


@settings(max_examples=60)
@given(st.sampled_from([Pairing.baseline, Pairing.best_against_rest]), answers)
def test_against_one_every_other_answer_meets_it_once(pairing: Pairing, row: list[Answer]) -> None:
    found = Pairs(pairing, against="a").of("0", row)
    base = {at for at, answer in enumerate(row) if answer.endpoint == "a"}
    others = [at for at in range(len(row)) if at not in base]
    if not base or len(row) < 2:
        assert found == []
        return
    assert sorted(next(at for at in pair if at not in base) for pair in found) == others
    assert all(len(base.intersection(pair)) == 1 for pair in found)


def test_against_one_samples_meet_in_step() -> None:
    row = full(2, samples=3)
    assert Pairs(Pairing.baseline, against="a").of("0", row) == [(0, 3), (1, 4), (2, 5)]
    without = [answer for answer in row if answer != Answer("a", 1)]
    assert Pairs(Pairing.baseline, against="a").of("0", without) == [(0, 2), (1, 3), (1, 4)]


@settings(max_examples=40)
@given(st.integers(2, 5), st.integers(1, 2), st.integers(1, 25), st.integers(1, 3), seeds)
def test_balanced_lets_all_meet_equally_often(
    endpoints: int, samples: int, prompts: int, per_prompt: int, seed: int
) -> None:
    row = full(endpoints, samples)
    pairs = Pairs(Pairing.balanced, seed, per_prompt=per_prompt)
    found = met(pairs, [row] * prompts)
    every = [found[two(*names)] for names in combinations(NAMES[:endpoints], 2)]
    assert max(every) - min(every) <= 1
    used: Counter[str] = Counter()
    for names, number in found.items():
        used.update(dict.fromkeys(names, number))
    assert (
        max(used[name] for name in NAMES[:endpoints])
        - min(used[name] for name in NAMES[:endpoints])
        <= 2
    )


@given(seeds)
def test_balanced_uses_what_is_there_when_an_endpoint_is_often_missing(seed: int) -> None:
    whole, without = full(3), full(2)
    found = met(Pairs(Pairing.balanced, seed), [whole, without] * 30)
    # Every other prompt has nothing but a and b; all the others go to what they leave out, but the
    # first one, for which lots are drawn.
    assert found["a", "b"] in (30, 31)
    assert abs(found["a", "c"] - found["b", "c"]) <= 1
    assert found.total() == 60


def test_one_endpoint_alone_is_compared_with_itself() -> None:
    row = full(1, samples=4)
    assert Pairs(Pairing.balanced).of("0", row) == []
    pairs = Pairs(Pairing.balanced, alone=True, per_prompt=2)
    one, other = pairs.of("0", row)
    assert not set(one) & set(other)  # four answers make two pairs that share none


@settings(max_examples=20)
@given(st.integers(2, 5), seeds)
def test_uncertain_asks_first_where_votes_say_least(endpoints: int, seed: int) -> None:
    names = NAMES[:endpoints]
    gaps = {
        two(one, other): Gap(3.0, 0.5)
        for one, other in combinations(names, 2)
        if {one, other} != {"a", "b"}
    }
    gaps[two("a", "b")] = Gap(0.1, 0.5)
    found = met(Pairs(Pairing.uncertain, seed, gaps=gaps), [full(endpoints)] * 10)
    assert found[two("a", "b")] == 10


def test_uncertain_asks_first_of_those_that_never_met() -> None:
    gaps = {two("a", "b"): Gap(0.2, 0.3), two("a", "c"): Gap(0.2, 0.3)}
    pairs = Pairs(Pairing.uncertain, gaps=gaps)
    assert pairs.of("0", full(3)) == [(1, 2)]


def test_uncertain_turns_to_others_when_enough_is_asked() -> None:
    gaps = {two("a", "b"): Gap(0.3, 1.0), two("a", "c"): Gap(0.5, 0.5), two("b", "c"): Gap(9, 0.1)}
    found = met(Pairs(Pairing.uncertain, gaps=gaps), [full(3)] * 60)
    assert found[two("a", "b")] > found[two("a", "c")] > 0
    assert found[two("b", "c")] == 0


@pytest.mark.parametrize(
    ("gap", "doubt"),
    [(Gap(), 0.5), (Gap(0.0, 0.4), 0.5), (Gap(1.96, 1.0), 0.025), (Gap(-1.645, 1.0), 0.05)],
)
def test_doubt_is_how_probably_the_weaker_one_is_better(gap: Gap, doubt: float) -> None:
    assert gap.doubt() == pytest.approx(doubt, abs=1e-3)


def test_together_is_one_comparison() -> None:
    assert Pairs(Pairing.together).of("0", full(4)) == [(0, 1, 2, 3)]
