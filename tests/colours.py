"""What the stylesheet says of colours: its rules, its tokens by theme; contrast as WCAG counts."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import labeler

STATIC = Path(labeler.__file__).parent / "static"
CODE = (STATIC / "code.css").read_text("utf-8")
LABELER = (STATIC / "labeler.css").read_text("utf-8")
# What makes the tokens; the system's own colours; paper, which has its own; what moves.
UNSEEN = ("tokens", "forced-colors", "print", "keyframes")


class Rule(NamedTuple):
    """One rule of the stylesheet, wherever it stands."""

    selector: str
    declarations: dict[str, str]


def _blocks(css: str) -> Iterator[tuple[str, str]]:
    """Yield what stands before each outermost brace, and what stands inside."""
    depth = begin = inside = 0
    for found in re.finditer(r"[{}]", css):
        at = found.start()
        if found[0] == "{":
            if depth == 0:
                prelude, inside = css[begin:at].strip(), at + 1
            depth += 1
        else:
            depth -= 1
            if depth == 0:
                yield prelude, css[inside:at]
                begin = at + 1


def _rules(css: str) -> Iterator[Rule]:
    for prelude, inside in _blocks(css):
        if prelude.startswith("@"):
            if not any(word in prelude for word in UNSEEN):
                yield from _rules(inside)
        else:
            lines = (line.partition(":") for line in inside.split(";") if ":" in line)
            yield Rule(prelude, {name.strip(): value.strip() for name, _, value in lines})


def rules() -> list[Rule]:
    """Return every rule that paints with tokens, code's too."""
    css = re.sub(r"/\*.*?\*/", "", LABELER + CODE, flags=re.DOTALL)
    return list(_rules(re.sub(r"@(import|layer) [^{};]+;", "", css)))


def _theme(css: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6})\b", css))


_LIGHT, _DARK = LABELER.partition("@media print")[0].split("prefers-color-scheme: dark", 1)
THEMES = {"light": _theme(_LIGHT), "dark": _theme(_LIGHT) | _theme(_DARK)}


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast of two colours as WCAG 2.2 defines it, from 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)
