"""How a wish is read: every bad field is named."""

from typing import Any

import pytest

from labeler.errors import Invalid
from labeler.generation import wishes
from labeler.generation.pairing import Pairing


def test_a_wish_as_a_command_or_a_form_gives_it() -> None:
    wish = wishes.read({"endpoints": "a, b,c", "samples": "2", "pairs": "balanced", "budget": "5"})
    assert wish.endpoints == ("a", "b", "c")
    assert (wish.answers, wish.pairs, wish.budget_micro) == (6, Pairing.balanced, 5_000_000)
    assert wishes.stored(wish.settings) == wish.model_copy(update={"budget": None})


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        ({"endpoints": ""}, "endpoints", "fill this in"),
        ({"endpoints": "a"}, "batch", "it takes 2 to 32"),
        ({"endpoints": "a,a"}, "batch", "named twice"),
        ({"endpoints": "a,b", "samples": 17}, "batch", "34 answers"),
        ({"endpoints": "a,b", "samples": 0}, "samples", "1 at least"),
        ({"endpoints": "a,b", "pairs": "some"}, "pairs", "choose one"),
        ({"endpoints": "a,b", "pairs": "baseline"}, "batch", "must be one of the endpoints"),
        ({"endpoints": "a,b", "baseline": "a"}, "batch", "Only pairs against a baseline"),
        ({"endpoints": "a", "samples": 2, "pairs": "uncertain"}, "batch", "two endpoints"),
        ({"endpoints": "a,b", "budget": "-1"}, "budget", "more than 0"),
        ({"endpoints": "a,b", "budget": "much"}, "budget", "a number"),
        ({"endpoints": "a,b", "colour": "red"}, "colour", "not known"),
    ],
)
def test_what_is_wrong_is_named(given: dict[str, Any], field: str, words: str) -> None:
    with pytest.raises(Invalid) as refused:
        wishes.read(given)
    assert words in refused.value.fields[field]
