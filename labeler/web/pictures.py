"""Pictures that the server draws as SVG, for pages without scripts and for files.

Places across are percentages, so that a picture is as wide as its page and its words keep their
size. Colours stand in it for where there is no stylesheet; a page's own go before them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

NAME = 38
"""Characters of a name that are written, so that it fits on a telephone."""
STEP, FOOT = 44, 24
INK, GREY, PAPER = "#211d18", "#867d6f", "#faf7f0"
_WHOLE = Markup(
    '<svg xmlns="http://www.w3.org/2000/svg" class="plot" width="{width}" height="{height}" '
    'font-family="sans-serif" font-size="14" role="img" aria-label="{says}">{parts}</svg>'
)
_LINE = Markup(
    '<line class="{name}" x1="{x1:.1f}%" y1="{y1}" x2="{x2:.1f}%" y2="{y2}" stroke="{colour}" '
    'stroke-width="{width}"{more}/>'
)
_WORDS = Markup(
    '<text class="{name}" x="{x}%" y="{y}" text-anchor="{anchor}" fill="{ink}">{words}</text>'
)
_ROUND = Markup(' stroke-linecap="round"')


@dataclass(frozen=True)
class Mark:
    """A share on its interval; what is told beside the main thing is drawn smaller, and hollow."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Row:
    """What is drawn on one line: its name, and one mark or two."""

    name: str
    marks: Sequence[Mark]


def shares(rows: Sequence[Row], ends: Sequence[str], says: str, *, width: str = "100%") -> Markup:
    """Draw shares below each other, from 0 to 1; `ends` are the words at 0, at a half and at 1."""
    height = STEP * len(rows) + FOOT
    parts = [*_axis(height, ends), *(each for at, row in enumerate(rows) for each in _row(at, row))]
    return _WHOLE.format(width=width, height=height, says=says, parts=Markup("").join(parts))


def _axis(height: int, ends: Sequence[str]) -> Iterator[Markup]:
    for at, anchor, words in zip((0, 50, 100), ("start", "middle", "end"), ends, strict=True):
        yield _text("at", at, height - 6, words, anchor)


def _row(at: int, row: Row) -> Iterator[Markup]:
    """Draw the name, the line of all shares with its middle, and the marks on it and below it."""
    top = STEP * at
    name = "".join(each for each in row.name if each.isprintable())
    yield _text("of", 0, top + 16, name if len(name) <= NAME else f"{name[: NAME - 1]}…")
    thin = {"colour": GREY, "width": 0.5, "more": ""}
    yield _LINE.format(name="g", x1=0, y1=top + 28, x2=100, y2=top + 28, **thin)
    yield _LINE.format(name="md", x1=50, y1=top + 21, x2=50, y2=top + 42, **thin)
    first, *others = row.marks
    yield _line("iv", first.low, first.high, top + 28, GREY, 3)
    yield _line("pt", first.value, first.value, top + 28, INK, 10)
    for mark in others:
        yield _line("iv2", mark.low, mark.high, top + 37, GREY, 1.5)
        yield _line("pt2", mark.value, mark.value, top + 37, INK, 6)
        yield _line("pt3", mark.value, mark.value, top + 37, PAPER, 3)


def _line(name: str, low: float, high: float, y: int, colour: str, width: float) -> Markup:
    given = {"name": name, "colour": colour, "width": width, "more": _ROUND}
    return _LINE.format(x1=100 * low, x2=100 * high, y1=y, y2=y, **given)


def _text(name: str, x: int, y: int, words: str, anchor: str = "start") -> Markup:
    return _WORDS.format(name=name, x=x, y=y, words=words, anchor=anchor, ink=INK)
