"""Which part of a release a prompt belongs to."""

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from exports.choosing.splits import split_of

PROMPTS = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(4000)]


def test_the_share_is_about_what_was_asked_for() -> None:
    tested = [prompt for prompt in PROMPTS if split_of(prompt, 0.1) == "test"]
    assert 320 < len(tested) < 480


def test_none_and_all() -> None:
    assert {split_of(prompt, 0.0) for prompt in PROMPTS} == {"train"}
    assert {split_of(prompt, 1.0) for prompt in PROMPTS} == {"test"}


def test_it_is_the_same_on_every_machine() -> None:
    halves = "".join(split_of(prompt, 0.5)[1] for prompt in PROMPTS[:12])
    assert halves == "reerrerereee"


@given(st.text(), st.floats(0, 1), st.floats(0, 1))
def test_a_larger_share_only_adds(prompt: str, one: float, other: float) -> None:
    smaller, larger = sorted((one, other))
    assert split_of(prompt, smaller) == "train" or split_of(prompt, larger) == "test"
