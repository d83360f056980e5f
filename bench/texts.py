"""Texts of made-up words, the same for the same seed."""

from random import Random

WORDS = 200_000
_SYLLABLES = (
    "ba be bi bo da de di do fa fe ka ke ki ko la le li lo ma me mi mo na ne no ra re".split()
)


class Texts:
    """Cuts texts of so many words out of one long text."""

    def __init__(self, seed: int = 1) -> None:
        self._random = Random(seed)
        known = ["".join(self._random.choices(_SYLLABLES, k=1 + n % 4)) for n in range(2000)]
        self._words = self._random.choices(known, k=WORDS)

    def some(self, words: int) -> str:
        """Return about so many words, between two thirds and four thirds of it."""
        count = max(1, self._random.randint(words * 2 // 3, words * 4 // 3))
        start = self._random.randrange(WORDS - count)
        return " ".join(self._words[start : start + count])
