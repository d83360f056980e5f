"""Passages: where in a source text stands what somebody quotes from the page.

What is seen was rendered: marks of Markdown are gone, spaces are folded. So a quote is looked for
by its letters and digits alone, which rendering leaves as they are and in their order.
"""

import re
import unicodedata
from typing import NamedTuple

# What stands in the source and is no letter on the page: a link's address, a character's name, the
# language of a block of code.
_UNSEEN = re.compile(r"\]\([^()\s]*\)|&#?\w{1,32};|^[ \t]*(?:```|~~~)[^\n]*", re.MULTILINE)


class Span(NamedTuple):
    """A passage: offsets in code points, the end not included."""

    start: int
    end: int


def find(text: str, quote: str) -> list[Span]:
    """Return every place at which the quote stands in the text, in order."""
    wanted, _ = _letters(quote)
    if not wanted:
        return [Span(start, start + len(quote)) for start in _starts(text, quote)]
    letters, offsets = _letters(text)
    lead = next(place for place, sign in enumerate(quote) if _is_letter(sign))
    found = []
    for at in _starts(letters, wanted):
        span = Span(offsets[at], offsets[at + len(wanted) - 1] + 1)
        whole = Span(span.start - lead, span.start - lead + len(quote))
        is_whole = whole.start >= 0 and text.startswith(quote, whole.start)
        found.append(whole if is_whole else span)
    return found


def _starts(text: str, part: str) -> list[int]:
    starts, at = [], text.find(part)
    while part and at >= 0:
        starts.append(at)
        at = text.find(part, at + 1)
    return starts


def _letters(text: str) -> tuple[str, list[int]]:
    """Return the letters and digits of a text, and where each of them stands."""
    unseen = {at for match in _UNSEEN.finditer(text) for at in range(*match.span())}
    kept = [at for at, sign in enumerate(text) if _is_letter(sign) and at not in unseen]
    return "".join(text[at] for at in kept), kept


def _is_letter(sign: str) -> bool:
    return unicodedata.category(sign)[0] in "LMN"
