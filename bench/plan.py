"""The plan: how much is measured, and how often."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.rows import Words

FULL = Words(50, 150)
"""As people ask and models answer."""
SHORT = Words(8, 20)
"""Where nobody reads them, and room on the disk is all that they would cost."""
SLOTS = 150_000
"""How many judgments the measuring itself may take from a site, so that none runs out."""
MOST_WANTED = 100


@dataclass(frozen=True)
class Plan:
    """The sizes; `seconds` is how long annotators work in each of the `runs`."""

    backends: Sequence[str]
    comparisons: Sequence[int]
    judgments: Sequence[int]
    annotators: Sequence[int]
    loads: Sequence[int]
    releases: Sequence[int]
    pages: int
    """How many judgments are behind the pages that are measured."""
    seconds: float
    runs: int
    claims: int
    """How many claims one run of a newcomer or a veteran has."""
    folder: Path

    def wanted(self, comparisons: int) -> int:
        """Return how many judgments are wanted on each of so many comparisons."""
        return max(3, min(MOST_WANTED, -(-SLOTS // comparisons)))
