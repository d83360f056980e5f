"""Formulas: finding them in Markdown, and turning LaTeX into MathML.

What stands between `$…$`, `$$…$$`, `\\(…\\)`, `\\[…\\]` or in a bare LaTeX environment is a formula
unless it reads as prose or money. Always true: every character of a source comes out escaped, and
the work is bounded, because a source is short and may define no commands of its own.
"""

import html
import re
from collections.abc import Iterator
from copy import copy
from itertools import groupby
from typing import NamedTuple
from xml.etree.ElementTree import Element, tostring

from latex2mathml.converter import convert_to_element
from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

LONGEST = 2000  # characters of one formula
DEEPEST = 60  # elements inside one another
_LINES = 40  # of one display formula
_SPACE = 3  # characters that stand for any space

_ENDS = {"$": re.compile(r"(?<!\\)\$"), "$$": re.compile(r"\$\$")}
_ENDS |= {"\\(": re.compile(r"\\\)"), "\\[": re.compile(r"\\\]")}
_CLOSES = {"$$": "$$", "\\[": "\\]"}
_AFTER = ("", ".", ",", ";", ":")
_OPENS = re.compile(r"\$\$|\\\[|\\begin\{((?:align|equation|gather|multline|eqnarray)\*?)\}")
_SIGN = re.compile(r"[\\^_=<>{}+]")
_WORDS = re.compile(r"[^\W\d_]{2,}")

# A definition can double itself at each step, and \sideset copies its last argument.
_COPIERS = re.compile(r"\\(?:def|newcommand|renewcommand|newenvironment|DeclareMathOperator)\b")
# Environments that the converter does not know, by the one that it knows and that looks the same.
_ENVIRONMENTS = {
    **dict.fromkeys(("aligned", "alignedat", "alignat", "eqnarray", "flalign"), "align*"),
    **dict.fromkeys(("gather", "gathered", "multline"), "matrix"),
    "dcases": "cases",
}
_ENVIRONMENT = re.compile(rf"\\(begin|end)\{{({'|'.join(_ENVIRONMENTS)})\*?\}}(?:\{{\d+\}})?")
# How many parts MathML wants; the converter lets some of an unfinished formula be missing.
_PARTS = {
    **dict.fromkeys(("mfrac", "mroot", "msub", "msup", "munder", "mover"), 2),
    **dict.fromkeys(("msubsup", "munderover"), 3),
}
_LABEL = re.compile(r"\\(?:label|eqref|ref)\{[^{}]*\}")


class MathML(NamedTuple):
    """A converted formula: its markup, not yet sanitised, and its width in characters, roughly."""

    markup: str
    width: int


def mathml(source: str, *, display: bool) -> MathML | None:
    """Convert LaTeX, or return None where it does not parse or is too large to try."""
    if len(source) > LONGEST or _COPIERS.search(source) or source.count(r"\sideset") > 1:
        return None
    try:
        root = convert_to_element(_known(source), display="block" if display else "inline")
        if _depth(root) > DEEPEST:
            return None
        return _written(root)
    except Exception:  # the converter raises what it likes: IndexError, StopIteration, its own
        return None


def _known(source: str) -> str:
    """Rewrite what the converter would draw wrongly."""
    source = _LABEL.sub("", source).replace(r"\not=", r"\neq ")
    if r"\\" in source and r"\begin" not in source:
        source = rf"\begin{{gathered}}{source}\end{{gathered}}"
    return _ENVIRONMENT.sub(lambda m: rf"\{m[1]}{{{_ENVIRONMENTS[m[2]]}}}", source)


def _depth(element: Element) -> int:
    return 1 + max(map(_depth, element), default=0)


def _written(root: Element) -> MathML | None:
    """Escape every text: the converter leaves entities in it, and copies the source as it is."""
    del root.attrib["xmlns"]
    width = 0
    for element in root.iter():
        if len(element) != _PARTS.get(element.tag, len(element)):
            return None
        element.text = html.unescape(element.text or "")
        width += _SPACE if element.tag == "mspace" else len(element.text)
    return MathML(tostring(root, encoding="unicode"), width)


def formulas(md: MarkdownIt) -> None:
    """Teach a parser formulas: tokens `math_inline` and `math_display`."""
    md.inline.ruler.before("escape", "math", _inline)
    ends = ["paragraph", "reference", "blockquote", "list"]
    md.block.ruler.before("fence", "math", _block, {"alt": ends})
    md.core.ruler.after("inline", "math", _lift)


def _inline(state: StateInline, silent: bool) -> bool:
    start = state.pos
    opening = next((o for o in ("$$", "$", "\\(", "\\[") if state.src.startswith(o, start)), None)
    if opening is None:
        return False
    begin = start + len(opening)
    end = _ENDS[opening].search(state.src, begin, min(state.posMax, begin + LONGEST))
    if end is None or not _is_formula(opening, state.src[begin : end.start()]):
        return False
    if opening == "$" and not _is_enclosed(state.src, start, end.start()):
        return False
    if not silent:
        kind = "math_inline" if opening in ("$", "\\(") else "math_display"
        token = state.push(kind, "math", 0)
        token.content, token.info = state.src[begin : end.start()], state.src[start : end.end()]
    state.pos = end.end()
    return True


def _is_formula(opening: str, body: str) -> bool:
    """Tell a formula from money, from words, and from brackets that Markdown escapes."""
    if not body.strip() or "`" in body:
        return False
    if _SIGN.search(body):
        return True
    padded = body != body.strip()
    return not (" " in body.strip() and _WORDS.search(body)) and (opening != "\\[" or padded)


def _is_enclosed(src: str, start: int, end: int) -> bool:
    """Tell whether single dollars embrace their text, as in `$x$`: `$5 and $6` do not."""
    before, after = src[start - 1 : start], src[end + 1 : end + 2]
    body = src[start + 1 : end]
    if before == "$" or (before.isascii() and before.isalnum()):
        return False
    if after.isdigit() or after == "{" or (after.isalnum() and body[-1] in "/-:.,@=+("):
        return False
    return body == body.strip() or re.search(r"\\[a-zA-Z]", body) is not None


def _block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    if state.is_code_block(start):
        return False
    opening = _OPENS.match(_line(state, start))
    found = opening and _display(state, start, min(end, start + _LINES), opening)
    if not found:
        return False
    last, token = found
    if not silent:
        token.level, token.map = state.level, [start, last + 1]
        state.tokens.append(token)
        state.line = last + 1
    return True


def _line(state: StateBlock, number: int) -> str:
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]]


def _display(
    state: StateBlock, start: int, end: int, opening: re.Match[str]
) -> tuple[int, Token] | None:
    """Read lines up to the one that closes the formula; only punctuation may follow there."""
    closing = rf"\end{{{opening[1]}}}" if opening[1] else _CLOSES[opening[0]]
    written = ""
    for number in range(start, end):
        line = _line(state, number)
        if line and state.sCount[number] < state.blkIndent:
            return None
        searched = opening.end() if number == start else 0
        if (at := line.find(closing, searched)) >= 0:
            body = f"{written}{line[:at]}"[opening.end() :]
            after = line[at + len(closing) :].strip()
            if after not in _AFTER or not _is_formula(opening[0], body):
                return None
            source = f"{written}{line}"
            content = source if opening[1] else body.strip() + after
            token = Token("math_display", "math", 0, content=content, info=source, block=True)
            return number, token
        written += f"{line}\n"
    return None


def _lift(state: StateCore) -> None:
    """Take display formulas out of their paragraphs: a box that scrolls cannot stand in one."""
    lifted: list[Token] = []
    tokens = iter(state.tokens)
    for token in tokens:
        if token.type == "inline" and lifted[-1].type == "paragraph_open" and _displays(token):
            lifted.extend(_split(lifted.pop(), token, next(tokens)))
        else:
            lifted.append(token)
    state.tokens = lifted


def _displays(inline: Token) -> bool:
    return any(_stands_alone(child) for child in inline.children or ())


def _stands_alone(child: Token) -> bool:
    return child.type == "math_display" and child.level == 0


def _split(opening: Token, inline: Token, closing: Token) -> Iterator[Token]:
    for alone, group in groupby(inline.children or (), key=_stands_alone):
        children = list(group)
        if alone:
            for child in children:
                child.block = True
            yield from children
        elif any(child.content.strip() or child.nesting for child in children):
            part = copy(inline)
            part.children = _trimmed(children)
            yield from (copy(opening), part, copy(closing))


def _trimmed(children: list[Token]) -> list[Token]:
    """Drop the line breaks that parted a text from the formula beside it."""
    breaks = [child.type in ("softbreak", "hardbreak") for child in children]
    return children[breaks[0] : len(children) - breaks[-1]]
