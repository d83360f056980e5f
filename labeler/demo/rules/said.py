"""What is said to a question: by who takes care, and by who is in a hurry."""

from typing import NamedTuple


class Said(NamedTuple):
    """Both answers to one question."""

    careful: str
    hasty: str
