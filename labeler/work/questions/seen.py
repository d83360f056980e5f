"""What somebody sees while they judge: which response stands at which place.

Places are letters on the page and in what is sent; what is stored names responses by number.
"""

from collections.abc import Sequence
from dataclasses import dataclass

LETTERS = "ABCDEFGHIJ"


@dataclass(frozen=True)
class Seen:
    """The responses of a comparison as one person sees them."""

    places: Sequence[int]
    """The number of the response at A, at B and so on."""
    texts: Sequence[str] = ()
    """The responses' texts by number; only for questions that are about the texts."""
    preferred: int | None = None
    """The response that the main question found best."""

    @property
    def letters(self) -> str:
        """The places that there are."""
        return LETTERS[: len(self.places)]

    def number(self, letter: str) -> int | None:
        """Return the number of the response at a place; None if there is no such place."""
        at = self.letters.find(letter) if len(letter) == 1 else -1
        return self.places[at] if at >= 0 else None

    def letter(self, number: int) -> str:
        """Return the place at which a response stands."""
        return LETTERS[list(self.places).index(number)]
