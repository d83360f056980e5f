"""A planted preference: what people like is known, so what a model learns of it can be counted.

Prompts and answers are words drawn from a list, which mean nothing. Most pairs hold an answer with
the word GOOD and one with the word POOR, and people prefer the first; in some both are alike.
Everything follows from seeds, what people get wrong included: the same each time, in whatever order
they are asked.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

GOOD, POOR = "because", "perhaps"
WORDS = """amber anchor autumn basket beacon blanket bridge bronze candle canvas cedar chapel
    cinder clover cobalt copper coral cotton cradle crystal dapple desert ember engine fabric
    falcon feather fiddle forest garden garnet ginger glacier granite hammer harbour hazel
    island ivory jacket jasper kettle ladder lantern lemon linen marble meadow mirror needle
    ocean orchard paper pebble pepper piano pillow quarry ribbon river saddle saffron silver
    spindle summer thimble timber valley velvet violet walnut willow window winter yarrow""".split()
COMPARISONS = 480
ALIKE = 0.06
"""Share of the pairs in which both answers are good, and of those in which neither is."""
ACCURACIES = {"ada": 0.95, "bea": 0.92, "cem": 0.88}
"""How often each annotator says what is true."""

Choice = int | Literal["tie", "both_bad"]


@dataclass(frozen=True)
class Comparison:
    """A prompt and two answers, each good or not."""

    prompt: str
    answers: tuple[str, str]


def comparisons() -> list[Comparison]:
    """Return all comparisons, each with a prompt of its own."""
    draw = random.Random("what is planted")
    return [_comparison(draw) for _ in range(COMPARISONS)]


def rows() -> Iterator[dict[str, Any]]:
    """Yield comparisons in labeler's own layout."""
    for number, one in enumerate(comparisons()):
        yield {
            "id": f"planted-{number}",
            "prompt": one.prompt,
            "language": "en",
            "responses": [
                {"text": text, "model": f"model-{side}"} for side, text in enumerate(one.answers)
            ],
        }


def texts() -> list[str]:
    """Return every text, for whoever needs to know all words."""
    return [text for one in comparisons() for text in (one.prompt, *one.answers)]


def choose(name: str, prompt: str, answers: Sequence[str], steps: int) -> Choice:
    """Say which step somebody chooses for answers as they stand, from left to right."""
    draw = random.Random(f"{name} {prompt}")
    is_right = draw.random() < ACCURACIES[name]
    are_good = [GOOD in text.split() for text in answers]
    if are_good[0] == are_good[1] and is_right:
        return (steps + 1) // 2 if are_good[0] else "both_bad"
    place = draw.randrange(2) if are_good[0] == are_good[1] else are_good.index(is_right)
    strength = draw.randint(1, steps // 2)
    return (steps + 1) // 2 + (strength if place else -strength)


def _comparison(draw: random.Random) -> Comparison:
    marks = [GOOD, POOR]
    alike = draw.random()
    if alike < 2 * ALIKE:
        marks = [GOOD] * 2 if alike < ALIKE else [POOR] * 2
    draw.shuffle(marks)
    one, other = (_answer(draw, mark) for mark in marks)
    return Comparison(" ".join(draw.sample(WORDS, 12)), (one, other))


def _answer(draw: random.Random, mark: str) -> str:
    words = draw.sample(WORDS, 7)
    words.insert(draw.randrange(1, 7), mark)
    return " ".join(words)
