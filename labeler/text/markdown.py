"""Markdown of models and of people as HTML that is safe on our pages.

An answer is hostile text. Always true of what `render` returns: it holds nothing that
`labeler.text.allowlist` does not name, it loads nothing, and making it takes under a second:
what is too long or too entangled is shown as it was written instead.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from html import escape
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from labeler.text import allowlist, listings, maths

LONGEST = 60_000  # characters; parsing takes up to 10 µs for each
# How many of each sign one text may hold: each may begin a link, bold words, code or a block.
_MOST = {"[": 3_000, "<": 5_000, "*": 5_000, "_": 5_000, "`": 6_000, "\n": 4_000}
_CELLS = 10_000  # of all tables of one text
_NESTING = 20  # blocks inside one another
_FORMULAS = 10_000  # characters of LaTeX in one text
_FORMULA = 20  # characters more that each formula counts as
_NARROW = 30  # characters of a formula that surely fit beside text on a phone


class Words(NamedTuple):
    """What is said of parts of an answer, in the reader's language."""

    table: str = "Table"
    formula: str = "Formula"
    code: str = "Code"
    image: str = "image"


ENGLISH = Words()


def render(text: str, words: Words = ENGLISH) -> str:
    """Return Markdown as sanitised HTML, ready to be marked as safe.

    Nothing is kept: a usual answer takes half a millisecond.
    """
    text = _sound(text)
    if _is_heavy(text):
        return _as_written(text)
    env: EnvType = {"words": words, "code": listings.LONGEST, "formulas": _FORMULAS}
    tokens = _PARSER.parse(text, env)
    # Deeper than this the parser leaves text out.
    if any(token.level >= _NESTING - 1 for token in tokens):
        return _as_written(text)
    return allowlist.clean(_PARSER.renderer.render(tokens, _PARSER.options, env))


def plain(text: str, limit: int = 160) -> str:
    """Return the beginning of a text on one line of at most `limit` characters, without markup.

    This is text, not HTML: it has still to be escaped.
    """
    head = _sound(text[: 6 * limit])
    shown = head if _is_heavy(head) else " ".join(_shown(_PARSER.parse(head)))
    line = " ".join("".join(map(_on_a_line, shown)).split())
    return line if len(line) <= limit else f"{_cut(line, limit - 1)}…"


def _sound(text: str) -> str:
    """Replace lone surrogates and NUL, which no page can carry."""
    return re.sub("[\ud800-\udfff\0]", "\ufffd", text)


def _is_heavy(text: str) -> bool:
    many = any(text.count(sign) > most for sign, most in _MOST.items())
    return len(text) > LONGEST or many or _cells(text) > _CELLS


def _cells(text: str) -> int:
    """Count the cells that tables could have: rows as wide as the rule above them."""
    cells = columns = 0
    for line in text.splitlines():
        if not line.strip():
            columns = 0
        elif "-" in line and not line.strip("|:- \t>"):
            columns = line.count("|") + 1
        cells += columns
    return cells


def _as_written(text: str) -> str:
    """Show a text as it is, with its lines and their indents.

    In one element: a browser takes long over ten thousand of them, or over one that finds out for
    each of its lines which way it runs.
    """
    lines = escape(text.strip("\n"))
    indented = re.sub(r"(?m)^[ \t]+", lambda indent: "\xa0" * len(indent[0]), lines)
    return allowlist.clean(f'<div class="lines">{indented}</div>\n')


def _shown(tokens: Sequence[Token]) -> Iterator[str]:
    """Yield what one reads of a text, without addresses and marks."""
    for token in tokens:
        if token.type == "image" or token.children:
            yield "".join(_shown(token.children or ()))
        elif token.type in ("softbreak", "hardbreak"):
            yield " "
        else:
            yield token.content


def _on_a_line(character: str) -> str:
    """Drop what would reach beyond an excerpt: a change of direction, a control character."""
    if character.isspace():
        return " "
    joins = character in "\u200c\u200d"
    return character if joins or unicodedata.category(character) not in ("Cc", "Cf") else ""


def _cut(line: str, length: int) -> str:
    """Cut at the end of a word, or inside a very long one between two characters one sees."""
    head, space, _ = line[: length + 1].rpartition(" ")
    if space and len(head) > length // 2:
        return head
    while length > 1 and unicodedata.category(line[length])[0] in "MC":
        length -= 1
    return line[:length]


def _listing(token: Token, env: EnvType) -> str:
    """Write code on lines of its own."""
    code, name = token.content, listings.language(token.info)
    if len(code) > env["code"]:
        name = None
    env["code"] -= len(code) if name else 0
    kind = f' class="language-{name}"' if name else ""
    inner = f'<code dir="ltr"{kind}>{listings.highlight(code, name)}</code>'
    return f'<pre dir="ltr" {_named(env["words"].code)}>{inner}</pre>\n'


def _code_inline(token: Token, _env: EnvType) -> str:
    return _code(token.content)


def _image(token: Token, env: EnvType) -> str:
    """Name an image instead of loading it, which would tell a stranger who reads what."""
    alt = "".join(_shown(token.children or ())).strip()
    word = env["words"].image
    return escape(f"[{word}: {alt}]" if alt else f"[{word}]")


def _table_open(_token: Token, env: EnvType) -> str:
    return f'<div class="scroll" {_named(env["words"].table)}><table>\n'


def _table_close(_token: Token, _env: EnvType) -> str:
    return "</table></div>\n"


def _math_inline(token: Token, env: EnvType) -> str:
    """Write a formula between words, in a box that scrolls if it may be wider than a phone."""
    formula = _formula(token, env)
    if formula is None:
        return _code(token.info)
    if formula.width <= _NARROW:
        return formula.markup
    return f'<span class="scroll" {_named(env["words"].formula)}>{formula.markup}</span>'


def _math_display(token: Token, env: EnvType) -> str:
    """Write a formula on lines of its own, or between words where nothing else may stand."""
    if not token.block:
        return _math_inline(token, env)
    formula = _formula(token, env)
    if formula is None:
        return f"<p>{_code(token.info)}</p>\n"
    return f'<div class="scroll" {_named(env["words"].formula)}>{formula.markup}</div>\n'


def _named(word: str) -> str:
    """Write the attributes of a box that takes the focus so that one can scroll it."""
    return f'tabindex="0" role="group" aria-label="{escape(word)}"'


def _code(text: str) -> str:
    return f'<code dir="ltr">{escape(text)}</code>'


def _formula(token: Token, env: EnvType) -> maths.MathML | None:
    env["formulas"] -= len(token.content) + _FORMULA
    if env["formulas"] < 0:
        return None
    return maths.mathml(token.content, display=token.block)


def _rank_headings(state: StateCore) -> None:
    """Let the headings of a text begin at h3, below those of the page, and leave out no level."""
    headings = [t for t in state.tokens if t.type in ("heading_open", "heading_close")]
    ranks = sorted({token.tag for token in headings})
    for token in headings:
        token.tag = f"h{min(3 + ranks.index(token.tag), 6)}"


def _dress_cells(state: StateCore) -> None:
    """Say what heads a column, and align without style, which our pages do not allow."""
    for number, token in enumerate(state.tokens):
        if token.type in ("th_open", "td_open") and "style" in token.attrs:
            token.attrSet("align", str(token.attrs.pop("style")).removeprefix("text-align:"))
        if token.type == "th_open" and state.tokens[number + 1].content:
            token.attrSet("scope", "col")
        elif token.type == "th_open":  # an empty cell heads nothing
            token.tag = state.tokens[number + 2].tag = "td"


_WRITERS: dict[str, Callable[[Token, EnvType], str]] = {
    "fence": _listing,
    "code_block": _listing,
    "code_inline": _code_inline,
    "image": _image,
    "table_open": _table_open,
    "table_close": _table_close,
    "math_inline": _math_inline,
    "math_display": _math_display,
}


def _parser() -> MarkdownIt:
    options = {"html": False, "breaks": True, "maxNesting": _NESTING, "xhtmlOut": False}
    md = MarkdownIt("commonmark", options)
    md.enable(["table", "strikethrough"])
    md.use(maths.formulas)
    md.core.ruler.push("headings", _rank_headings)
    md.core.ruler.push("cells", _dress_cells)
    for kind, write in _WRITERS.items():
        md.add_render_rule(kind, _rule(write))
    return md


def _rule(write: Callable[[Token, EnvType], str]) -> Callable[..., str]:
    def rule(
        _self: RendererHTML,
        tokens: Sequence[Token],
        idx: int,
        _options: OptionsDict,
        env: EnvType,
    ) -> str:
        return write(tokens[idx], env)

    return rule


_PARSER = _parser()
