"""Screening: which answers are kept out of comparisons, and why."""

import enum


class Reason(enum.Enum):
    """Why an answer is compared with nothing."""

    incomplete = "incomplete"
    """It did not end by itself: it is too long, or was cut off by a filter."""
    empty = "empty"
    """It shows nothing to its reader."""
    identical = "identical"
    """Another answer to the prompt says the same."""
    wrong_language = "wrong_language"
    """It is in another language than the prompt."""
    names_maker = "names_maker"
    """It says who made the model."""
