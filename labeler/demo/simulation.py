"""Simulated annotators: what they answer, how long they take, and when they are at work.

They draw from a generator with a seed: the same calls in the same order bring the same answers.
"""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

Leaning = int | None | Literal["both_bad"]
"""What is true of a pair: the number of the better response, that neither is better, or that
neither will do."""

WORDS_A_MINUTE = 320
SHORTEST_S, LONGEST_S = 14.0, 210.0
GAP_S, EARLIER_S = 300.0, 80.0
"""From one comparison of a sitting to the next: longer than the longest judgment takes."""
SITTINGS = 3
SKIPPED = 0.05
REASONED = 0.4

_REASONS = {
    "clear": (
        "Wrong on the main point.",
        "Correct and complete.",
        "Does what was asked.",
        "The facts are right.",
    ),
    "close": (
        "A little easier to follow.",
        "Has the better example.",
        "More to the point.",
        "Covers one more case.",
    ),
    "tie": ("The same in other words.", "No difference that matters."),
    "both_bad": ("Neither keeps the condition.", "Both miss the question."),
}


class Appointment(NamedTuple):
    """When somebody takes a comparison, and whether they hand it back."""

    at: datetime
    skips: bool


class Simulated:
    """Somebody who finds the better answer with a known probability."""

    def __init__(self, name: str, accuracy: float, seed: int) -> None:
        self.name = name
        self.accuracy = accuracy
        self._random = random.Random(f"{seed} {name}")  # noqa: S311  it decides nothing real

    def choice(self, leans: Leaning, places: Sequence[int], steps: int) -> str | int:
        """Choose a step of the scale, "tie" or "both_bad" for a pair as it stands on the page.

        With the probability `accuracy` it says what is true; else it takes the other side, or a
        side where there is none to take.
        """
        right = self._random.random() < self.accuracy
        if leans == "both_bad" and right:
            return "both_bad"
        if leans is None and right:
            return _middle(steps)
        if isinstance(leans, int):
            place = places.index(leans) if right else 1 - places.index(leans)
            return _step(place, self._strength(steps, sure=right), steps)
        return _step(self._random.randrange(2), 1, steps)

    def reason(self, choice: str | int, steps: int) -> str:
        """Say why, or nothing, as people do where they may."""
        said = self._random.choice(_REASONS[_kind(choice, steps)])
        return said if self._random.random() < REASONED else ""

    def skip_reason(self) -> str:
        """Say why a comparison is handed back."""
        return self._random.choice(("language", "language", "subject", "other"))

    def seconds(self, words: int) -> float:
        """Return how long it takes to read that many words and to judge."""
        reading = words / WORDS_A_MINUTE * 60
        return min(LONGEST_S, max(SHORTEST_S, reading * self._random.lognormvariate(0.1, 0.35)))

    def appointments(self, count: int, *, until: datetime, days: int) -> list[Appointment]:
        """Return when they take `count` comparisons, in a few sittings in the days before."""
        begins = [
            until - timedelta(days=day) - timedelta(hours=self._random.uniform(1, 20))
            for day in self._random.sample(range(days), SITTINGS)
        ]
        return [
            self._appointment(begins[number % SITTINGS], number // SITTINGS)
            for number in range(count)
        ]

    def _appointment(self, begin: datetime, number: int) -> Appointment:
        after_s = number * GAP_S - self._random.uniform(0, EARLIER_S)
        skips = self._random.random() < SKIPPED
        return Appointment(begin + timedelta(seconds=after_s), skips)

    def _strength(self, steps: int, *, sure: bool) -> int:
        strengths = range(1, steps // 2 + 1)
        weights = [strength if sure else 1 / strength**2 for strength in strengths]
        return self._random.choices(strengths, weights)[0]


def _middle(steps: int) -> str | int:
    return (steps + 1) // 2 if steps % 2 else "tie"


def _step(place: int, strength: int, steps: int) -> int:
    return steps // 2 - strength + 1 if place == 0 else (steps + 1) // 2 + strength


def _kind(choice: str | int, steps: int) -> str:
    if isinstance(choice, str):
        return choice
    distance = abs(2 * choice - steps - 1) / 2
    return "tie" if distance == 0 else "close" if distance <= 1 else "clear"
