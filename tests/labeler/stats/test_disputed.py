"""Gold that good annotators answer otherwise."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from labeler.stats.disputed import Disputed, disputed_gold

Answers = tuple[list[int], list[int], list[bool]]


def answers(people: int, items: int, wrong: set[tuple[int, int]]) -> Answers:
    """Return everybody's answers to all items, all right but for (person, item) in `wrong`."""
    places = [(person, item) for person in range(people) for item in range(items)]
    return (
        [item for _, item in places],
        [person for person, _ in places],
        [place not in wrong for place in places],
    )


def noticed(found: list[Disputed]) -> list[int]:
    return [each.item for each in found if each.signal.noticeable]


def test_an_item_that_all_who_do_well_answer_otherwise_is_shown_to_the_owner() -> None:
    found = disputed_gold(*answers(8, 20, {(person, 7) for person in range(8)}))
    assert noticed(found) == [7]
    assert found[7].signal.n == 8
    assert found[7].signal.sentence.startswith("8 of 8 people who answer other known comparisons")


def test_who_does_badly_elsewhere_is_not_heard() -> None:
    clickers = {(person, item) for person in range(8) for item in range(20) if (person + item) % 2}
    assert disputed_gold(*answers(8, 20, clickers | {(person, 7) for person in range(8)})) == []


def test_the_item_itself_does_not_count_against_those_who_dispute_it() -> None:
    # Six items, five of them right: with the sixth counted they would all be worse than expected.
    found = disputed_gold(*answers(5, 6, {(person, 0) for person in range(5)}))
    assert found[0].expected == (0 + 1) / (5 + 2)


def test_two_people_are_not_several() -> None:
    assert noticed(disputed_gold(*answers(2, 40, {(0, 3), (1, 3)}))) == []


def test_nothing_answered() -> None:
    assert disputed_gold([], [], []) == []


def test_honest_errors_dispute_nothing() -> None:
    random = np.random.default_rng(1)
    shown = 0
    for _ in range(20):
        item, person, _ = answers(30, 40, set())
        shown += len(noticed(disputed_gold(item, person, random.random(1200) < 0.9)))
    assert shown <= 1


@given(st.lists(st.booleans(), min_size=60, max_size=60), st.permutations(range(60)))
def test_the_order_of_answers_does_not_matter(right: list[bool], order: list[int]) -> None:
    item, person, _ = answers(6, 10, set())
    one = disputed_gold(item, person, right)
    other = disputed_gold(*([values[at] for at in order] for values in (item, person, right)))
    assert [(d.item, d.signal.n, d.signal.statistic) for d in one] == [
        (d.item, d.signal.n, d.signal.statistic) for d in other
    ]
    assert noticed(one) == noticed(other)
