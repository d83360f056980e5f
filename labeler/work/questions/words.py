"""The words that owners write into a form, and the texts that people write when they fill it in."""

import re
from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from labeler.said import say
from labeler.text import lines

Words = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=lines.PATTERN),
]
"""A few words in one line."""

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def _once(words: Sequence[str]) -> Sequence[str]:
    if len({each.casefold() for each in words}) < len(words):
        raise ValueError(say("The same words stand there twice"))
    return words


Once = AfterValidator(_once)
"""For lists in which nothing stands twice."""


def fault(text: str, most: int) -> str | None:
    """Say what keeps a text from being stored, if anything does."""
    if len(text) > most:
        return say("At most %(most)s characters.", most=most)
    if _UNSTORABLE.search(text):
        return say("The text holds a character that cannot be stored.")
    return None
