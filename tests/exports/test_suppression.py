"""What may be published: worked examples, and whether anybody can work out what may not."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain, combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exports.privacy import suppression
from exports.privacy.suppression import OTHER
from labeler.errors import Invalid

K = 10
NAMES = "abcdef"
Groups = dict[str, frozenset[int]]


def people(*sizes: int) -> Groups:
    """Part people into groups of these sizes."""
    ends = np.cumsum(sizes).tolist()
    return {
        name: frozenset(range(end - size, end))
        for name, size, end in zip(NAMES, sizes, ends, strict=False)
    }


def parted() -> st.SearchStrategy[Groups]:
    return st.lists(st.integers(0, 25), min_size=1, max_size=6).map(lambda n: people(*n))


def subsets(names: Iterable[str]) -> Iterator[frozenset[str]]:
    """Yield every set of these names that is not empty."""
    those = list(names)
    sizes = range(1, len(those) + 1)
    yield from map(frozenset, chain.from_iterable(combinations(those, n) for n in sizes))


def follows(wanted: np.ndarray, known: list[np.ndarray]) -> bool:
    """Say whether a sum can be worked out of sums that are known: whether it is in their span."""
    before = np.linalg.matrix_rank(np.array(known)) if known else 0
    return bool(np.linalg.matrix_rank(np.array([*known, wanted])) == before)


def marks(chosen: Iterable[str], names: Iterable[str]) -> np.ndarray:
    those = set(chosen)
    return np.array([float(name in those) for name in names])


def told_apart(groups: Groups, told: Mapping[str, Iterable[int]]) -> Iterator[frozenset[str]]:
    """Yield every union of groups whose sum follows from the total and from what is told."""
    known = [np.ones(len(groups))]
    for row in told.values():
        inside = [name for name, those in groups.items() if those and those <= set(row)]
        known.append(marks(inside, groups))
    for some in subsets(groups):
        if follows(marks(some, groups), known):
            yield some


def union(groups: Groups, names: Iterable[str]) -> frozenset[int]:
    return frozenset().union(*(groups[name] for name in names))


def test_a_small_group_takes_the_next_larger_one_along() -> None:
    told = suppression.merged(people(12, 11, 7, 4), K)
    assert {name: len(those) for name, those in told.items()} == {"a": 12, "b": 11, OTHER: 11}
    # One small group alone would be the total less the others.
    told = suppression.merged(people(12, 11, 3), K)
    assert {name: len(those) for name, those in told.items()} == {"a": 12, OTHER: 14}


def test_what_would_be_everybody_is_no_breakdown() -> None:
    assert suppression.merged(people(10, 3), K) == {}
    assert suppression.merged(people(6, 7), K) == {}
    assert suppression.merged(people(4, 5), K) == {}  # nine people
    assert suppression.merged(people(10), K) == {"a": frozenset(range(10))}
    assert suppression.merged({}, K) == {}


def test_k_is_ten_and_never_below_five() -> None:
    assert suppression.K == 10
    assert suppression.require_k(5) == 5
    with pytest.raises(Invalid, match="fewer than 5"):
        suppression.require_k(4)


@given(parted())
def test_nobody_works_out_a_small_group_from_a_table_and_its_total(groups: Groups) -> None:
    told = suppression.merged(groups, K)
    everybody = union(groups, groups)
    for some in told_apart(groups, told):
        number = len(union(groups, some))
        assert number == 0 or number >= K or number == len(everybody)
    assert all(len(row) >= K for row in told.values())
    if told:  # they part everybody
        assert sum(len(row) for row in told.values()) == len(everybody)
        assert frozenset().union(*told.values()) == everybody


@given(parted())
def test_nobody_works_out_what_is_hidden_among_numbers_with_a_sum(groups: Groups) -> None:
    hidden = suppression.hidden(groups, K)
    told = {name: those for name, those in groups.items() if name not in hidden}
    everybody = union(groups, groups)
    for some in told_apart(groups, told):
        number = len(union(groups, some))
        assert number == 0 or number >= K or number == len(everybody)
    assert {name for name, those in groups.items() if 0 < len(those) < K} <= hidden


@given(st.lists(st.sets(st.sampled_from(NAMES[:3]), min_size=1), min_size=1, max_size=60))
def test_sizes_of_groups_that_overlap_tell_of_no_small_mixture(said: list[set[str]]) -> None:
    groups = {name: {who for who, names in enumerate(said) if name in names} for name in NAMES[:3]}
    everybody = frozenset(range(len(said)))
    mixtures = sorted({frozenset(names) for names in said}, key=sorted)
    known = [np.ones(len(mixtures))]
    known += [np.array([float(name in mixture) for mixture in mixtures]) for name in NAMES[:3]]
    if suppression.overlap_safely(groups.values(), everybody, K):
        for n in range(1, len(mixtures) + 1):
            for some in combinations(mixtures, n):
                wanted = np.array([float(mixture in some) for mixture in mixtures])
                number = sum(frozenset(names) in some for names in said)
                assert not follows(wanted, known) or number >= K
    else:
        assert any(sum(frozenset(names) == each for names in said) < K for each in mixtures)


def test_one_person_with_two_languages_is_not_told_by_the_sizes() -> None:
    french, english = set(range(31)), set(range(30, 61))  # number 30 judges in both
    assert not suppression.overlap_safely([french, english], set(range(61)), K)
    assert suppression.overlap_safely([french, set(range(31, 61))], set(range(61)), K)


def test_two_attributes_are_crossed_if_every_group_is_large_enough_and_three_never() -> None:
    where = {"KE": frozenset(range(20)), "FR": frozenset(range(20, 40))}
    tags = {
        "sw": frozenset(range(10)),
        "en": frozenset(range(10, 30)),
        "fr": frozenset(range(30, 40)),
    }
    cells = suppression.crossed([where, tags], K)
    assert cells is not None
    assert {names: len(those) for names, those in cells.items()} == {
        ("KE", "sw"): 10,
        ("KE", "en"): 10,
        ("FR", "en"): 10,
        ("FR", "fr"): 10,
    }
    moved = tags | {"sw": frozenset(range(11)), "en": frozenset(range(11, 30))}
    assert suppression.crossed([where, moved], K) is None  # nine who read English in Kenya
    with pytest.raises(Invalid, match="At most 2"):
        suppression.crossed([where, tags, tags], K)


def test_a_part_tells_of_the_rest() -> None:
    appeals = dict.fromkeys(range(20), 1)
    assert suppression.tells_of_enough(appeals, K)
    assert suppression.tells_of_enough(dict.fromkeys(range(10), 1), K, of=appeals)
    assert not suppression.tells_of_enough(dict.fromkeys(range(12), 1), K, of=appeals)
    assert not suppression.tells_of_enough(dict.fromkeys(range(9), 1), K, of=appeals)
    assert suppression.tells_of_enough({}, K, of=appeals)  # nobody
    assert not suppression.tells_of_enough({1: 50}, K)  # people count, not what they did


def test_pay_is_told_of_ten_of_whom_nobody_has_more_than_two_fifths_of_the_hours() -> None:
    even = dict.fromkeys(range(10), 3600)
    assert suppression.tells_of_pay(even, K)
    assert not suppression.tells_of_pay(dict.fromkeys(range(9), 3600), K)
    assert suppression.tells_of_pay(even | {0: 6 * 3600}, K)  # six of fifteen hours
    assert not suppression.tells_of_pay(even | {0: 6 * 3600 + 1}, K)
    assert not suppression.tells_of_pay({}, 0)


def test_percentiles_are_never_the_lowest_or_the_highest_of_a_few() -> None:
    ten = dict.fromkeys(range(1, 11), 1)
    assert [suppression.percentile(ten, p) for p in (10, 50, 90)] == [None, 5, 9]
    eleven = ten | {11: 1}
    assert [suppression.percentile(eleven, p) for p in (10, 50, 90)] == [2, 6, 10]
    fifty = dict.fromkeys(range(50), 1)
    assert [suppression.percentile(fifty, p) for p in (1, 10, 100)] == [0, 4, 49]
    assert suppression.percentile({7: 30, 9: 20}, 50) == 7
    assert suppression.percentile({}, 50) is None


Rows = dict[str, dict[tuple[int, str], int]]


def row(those: Iterable[int], value: int, **others: int) -> dict[tuple[int, str], int]:
    """Lay people on a row, each with what they add; the names of the others are their numbers."""
    return {(who, ""): value for who in those} | {(int(n[1:]), ""): v for n, v in others.items()}


def test_a_row_that_few_people_changed_stays() -> None:
    kenya, france = range(12), range(20, 40)
    before = {"KE": row(kenya, 3), "FR": row(france, 3)}
    assert suppression.frozen(before, before, K) == set()
    two = before | {"KE": row(kenya, 3, n0=4, n1=4)}
    assert suppression.frozen(two, before, K) == {"KE"}  # and so does the sum
    all_of_one = before | {"KE": row(kenya, 4)}
    assert suppression.frozen(all_of_one, before, K) == set()
    # Where the sum is told, what is new of France would be the rest: Kenya stays with it.
    both = {"KE": row(kenya, 4), "FR": row(france, 3, n20=4, n21=4)}
    assert suppression.frozen(both, before, K) == {"KE", "FR"}
    # Somebody who joins is new; together with nine others they are ten.
    joined = {"KE": row(kenya, 3, n99=1), "FR": row(france, 4)}
    assert suppression.frozen(joined, before, K) == {"KE", "FR"}
    nine = {"KE": row(range(9), 4) | row(range(9, 12), 3, n99=1), "FR": row(france, 3)}
    assert suppression.frozen(nine, before, K) == set()


def test_rows_between_which_few_people_moved_stay() -> None:
    kenya, france = range(12), range(20, 40)
    before = {"KE": row(kenya, 3), "FR": row(france, 3)}
    moved = {"KE": row(range(1, 12), 3), "FR": row([*france, 0], 3)}
    assert suppression.frozen(moved, before, K) == {"KE", "FR"}
    ten = {"KE": row(kenya, 3), "FR": row(france[10:], 3), "DE": row(france[:10], 3)}
    assert suppression.frozen(ten, before, K) == set()


def test_a_row_that_was_among_others_is_not_told_if_that_tells_of_those_who_came() -> None:
    germany, uganda = range(7), range(10, 14)
    before = {"KE": row(range(50, 62), 3), OTHER: row([*germany, *uganda], 3)}
    came = row(range(70, 73), 3), row(range(80, 86), 3)  # nine people
    now = {"KE": before["KE"], "DE": row(germany, 3) | came[0], "UG": row(uganda, 3) | came[1]}
    assert suppression.frozen(now, before, K) == {OTHER, "DE", "UG"}


@given(
    st.lists(
        st.tuples(st.sampled_from(["", *"abc"]), st.sampled_from("abcd"), st.booleans()),
        min_size=1,
        max_size=120,
    ),
    st.integers(2, 10),
)
def test_nobody_works_out_what_a_few_did_between_two_releases(
    people: list[tuple[str, str, bool]], k: int
) -> None:
    """Each was in a row before, or nowhere, is in one now, and did something meanwhile or not."""
    before: Rows = {}
    now: Rows = {}
    kinds: dict[tuple[str, str, bool], set[int]] = {}
    for who, (then, here, worked) in enumerate(people):
        worked = worked or not then
        if then:
            before.setdefault(then, {})[who, ""] = 1
        now.setdefault(here, {})[who, ""] = 1 + worked
        kinds.setdefault((then, here, worked), set()).add(who)
    stay = suppression.frozen(now, before, k)
    # What is unknown: of each kind of people what they had done before, and what they did since.
    order = sorted(kinds)
    known = [_sum(order, lambda kind, name=name: (kind[0] == name, False)) for name in before]
    known += [
        _sum(order, lambda kind, name=name: (kind[1] == name, kind[1] == name))
        for name in now.keys() - stay
    ]
    if sum(len(those) for kind, those in kinds.items() if kind[2]) >= k:
        known.append(_sum(order, lambda kind: (True, True)))
    rows_before = {name: {who for who, _ in units} for name, units in before.items()}
    rows_now = {name: {who for who, _ in units} for name, units in now.items()}
    large = all(len(those) >= k for those in (*rows_before.values(), *rows_now.values()))
    for some in chain(combinations(order, 1), combinations(order, 2)):
        number = sum(len(kinds[kind]) for kind in some)
        since = _sum(order, lambda kind, some=some: (False, kind in some))
        if any(since) and known and follows(since, known):
            assert sum(len(kinds[kind]) for kind in some if kind[2]) >= k
        then = _sum(order, lambda kind, some=some: (kind in some, False))
        if large and any(then) and known and follows(then, known):
            assert number >= k


Chosen = Callable[[tuple[str, str, bool]], tuple[bool, bool]]


def _sum(order: list[tuple[str, str, bool]], chosen: Chosen) -> np.ndarray:
    """Return a sum over kinds of people: of what was before, and of what is new where any is."""
    old = [float(chosen(kind)[0] and kind[0] != "") for kind in order]
    return np.array(old + [float(chosen(kind)[1] and kind[2]) for kind in order])
