"""How an answer looks, apart from what it says: counts that a ranking can set apart.

Counted line by line in one pass, for `labeler.stats.ranking` may ask it of a million answers; a
parser of Markdown takes many times as long and seldom counts otherwise.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

_FENCE = re.compile(r" {0,3}(`{3,}(?=[^`]*$)|~{3,})")
_HEADER = re.compile(r" {0,3}#{1,6}(?:[ \t]|$)")
_ITEM = re.compile(r"[ \t]*(?:[-*+]|[0-9]{1,9}[.)])[ \t]+\S")
_BOLD = re.compile(r"\*\*(?=\S)[^*]+\*\*|\b__(?=\S)[^_]+__\b")


class Style(NamedTuple):
    """Characters, headers, list items and bold passages of a text in Markdown."""

    length: int
    headers: int
    lists: int
    bold: int


def style(text: str) -> Style:
    """Count what may please before a word is read; what stands in a block of code is only long.

    Length is in characters, for not every language parts its words. Headers are those with #.
    """
    lines = list(_prose(text))
    return Style(
        length=len(text),
        headers=sum(_HEADER.match(line) is not None for line in lines),
        lists=sum(_ITEM.match(line) is not None for line in lines),
        bold=sum(len(_BOLD.findall(line)) for line in lines),
    )


def _prose(text: str) -> Iterator[str]:
    """Yield the lines outside fenced blocks of code."""
    fence = ""
    for line in text.splitlines():
        mark = _FENCE.match(line)
        if fence:
            closes = (
                mark is not None and mark[1].startswith(fence) and not line[mark.end() :].strip()
            )
            fence = "" if closes else fence
        elif mark:
            fence = mark[1]
        else:
            yield line
