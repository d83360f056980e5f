"""Screening: which answers are kept out of comparisons, and why.

An answer is kept out for what can be seen without a judge: that it was cut off, shows nothing,
says what another one says, is plainly in another language, or gives away who made it.
"""

import enum
import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from labeler.text import tongues
from labeler.work.rows import is_blank

WHOLE = "stop"
"""The finish reason of an answer that ended by itself."""


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
    """It says which model it is from, or who made that."""


class Said(NamedTuple):
    """An answer, why it ended, and the words that would give its model away."""

    text: str
    finish_reason: str
    makers: tuple[str, ...] = ()


class Found(NamedTuple):
    """Why an answer is kept out; `detail` is the word, the language, the reason of its end."""

    reason: Reason
    detail: str = ""


def screen(
    answers: Sequence[Said], *, language: str, asked: Iterable[str] = ()
) -> list[Found | None]:
    """Return for each answer to a prompt why it is kept out, or None.

    `language` is the prompt's, `asked` are its texts. Of answers that say the same, the first one
    that is not kept out otherwise stays.
    """
    texts = list(asked)
    found: list[Found | None] = []
    seen = set[str]()
    for answer in answers:
        fault = _fault(answer, language, texts)
        plain = _plain(answer.text)
        if fault is None and plain in seen:
            fault = Found(Reason.identical)
        if fault is None:
            seen.add(plain)
        found.append(fault)
    return found


def _fault(answer: Said, language: str, asked: Sequence[str]) -> Found | None:
    if answer.finish_reason != WHOLE:
        return Found(Reason.incomplete, answer.finish_reason)
    if is_blank(answer.text):
        return Found(Reason.empty)
    if word := names(answer.text, answer.makers):
        return Found(Reason.names_maker, word)
    if other := tongues.other_than(answer.text, language, asked):
        return Found(Reason.wrong_language, other)
    return None


def names(text: str, makers: tuple[str, ...]) -> str:
    """Return the first of these words that stands in a text as a whole, or nothing.

    Neither case nor what stands between the parts of a name matters: "GPT 4o" is "gpt-4o".
    """
    pattern = _pattern(makers)
    found = pattern.search(unicodedata.normalize("NFKC", text)) if pattern else None
    return found[0] if found else ""


@lru_cache(maxsize=256)
def _pattern(makers: tuple[str, ...]) -> re.Pattern[str] | None:
    words = [_any_gap(maker) for maker in makers if not is_blank(maker)]
    if not words:
        return None
    return re.compile(rf"(?<!\w)(?:{'|'.join(words)})(?!\w)", re.IGNORECASE)


def _any_gap(maker: str) -> str:
    parts = re.split(r"[\s_:-]+", unicodedata.normalize("NFKC", maker).strip())
    return r"[\s_:-]?".join(re.escape(part) for part in parts if part)


def _plain(text: str) -> str:
    """Return a text without what makes no difference to a reader: how blanks are written."""
    return " ".join(unicodedata.normalize("NFC", text).split())
