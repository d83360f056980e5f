"""Pairs and histories: pure, so tried with whatever Hypothesis makes up."""

from hypothesis import given, settings
from hypothesis import strategies as st

from labeler.arena import histories, pairs
from labeler.arena.histories import Past

NAMES = st.lists(st.text(min_size=1, max_size=5), min_size=2, max_size=6, unique=True)
PAST = st.builds(
    Past, st.text(), st.tuples(st.text(), st.text()), st.one_of(st.none(), st.integers(0, 1))
)


@settings(max_examples=25, deadline=None)
@given(NAMES, st.data())
def test_whoever_met_least_is_drawn(names: list[str], data: st.DataObject) -> None:
    before: dict[frozenset[str], int] = {}
    for _ in range(data.draw(st.integers(0, 8))):
        drawn = frozenset(pairs.draw(names, before))
        assert len(drawn) == 2 and drawn <= set(names)
        assert before.get(drawn, 0) == min(
            before.get(frozenset((one, other)), 0)
            for one in names
            for other in names
            if one != other
        )
        before[drawn] = before.get(drawn, 0) + 1


def test_how_often_two_met_does_not_depend_on_who_was_first() -> None:
    assert pairs.met([("a", "b", 2), ("b", "a", 3), ("a", "c", 1)]) == {
        frozenset("ab"): 5,
        frozenset("ac"): 1,
    }


@settings(max_examples=50, deadline=None)
@given(st.lists(PAST, max_size=4), st.text(), st.integers(0, 1))
def test_a_model_reads_turn_about_and_ends_with_the_question(
    past: list[Past], text: str, number: int
) -> None:
    read = histories.read_by(number, past, text)
    assert [each["role"] for each in read] == ["user", "assistant"] * len(past) + ["user"]
    assert [each["content"] for each in read[::2]] == [*(each.text for each in past), text]
    for each, message in zip(past, read[1::2], strict=True):
        assert message["content"] == each.answers[number if each.goes_on is None else each.goes_on]
