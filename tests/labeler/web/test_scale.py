"""The steps of a scale are named from A to B, alike on both sides, none of them twice."""

import pytest

from labeler.web.scale import finding, step_names


@pytest.mark.parametrize("steps", range(2, 10))
def test_every_scale_is_symmetric(steps: int) -> None:
    names = step_names(steps)
    assert len(set(names)) == steps
    mirrored = [name.replace("A ", "? ").replace("B ", "A ").replace("? ", "B ") for name in names]
    assert mirrored == names[::-1]
    assert (names[steps // 2] == "About the same") == (steps % 2 == 1)


def test_the_default_scale_reads_as_people_expect() -> None:
    assert step_names(7) == [
        "A much better",
        "A better",
        "A slightly better",
        "About the same",
        "B slightly better",
        "B better",
        "B much better",
    ]


@pytest.mark.parametrize("steps", range(2, 10))
def test_what_a_step_finds_is_as_strong_as_it_reads(steps: int) -> None:
    for step, name in enumerate(step_names(steps), start=1):
        told = finding(steps, step, "It")
        side, _, rest = name.partition(" ")
        assert told == (f"It is {rest}" if side in "AB" else "About the same")
