"""Code listings: colouring by Pygments, with few classes and bounded work.

Only languages whose lexers stay quick on hostile text are coloured (each was tried with long runs
of every kind of character; Scala's, for one, takes exponential time on an open string).
"""

import re
from html import escape
from itertools import groupby

from pygments.lexers import get_lexer_by_name
from pygments.token import (
    Comment,
    Generic,
    Keyword,
    Literal,
    Name,
    Operator,
    _TokenType,
    is_token_subtype,
)

LONGEST = 8000  # characters of the listings of one text, as far as they are coloured

_LANGUAGES = {
    name: language
    for language, names in {
        "bash": "bash sh shell zsh",
        "c": "c",
        "cpp": "cpp c++ cc",
        "csharp": "csharp c# cs",
        "css": "css",
        "dart": "dart",
        "diff": "diff patch",
        "docker": "docker dockerfile",
        "elixir": "elixir",
        "gdscript": "gdscript",
        "go": "go golang",
        "graphql": "graphql",
        "haskell": "haskell hs",
        "html": "html",
        "java": "java",
        "javascript": "javascript js jsx",
        "json": "json",
        "julia": "julia",
        "kotlin": "kotlin kt",
        "lua": "lua",
        "matlab": "matlab",
        "objective-c": "objective-c objc",
        "perl": "perl",
        "php": "php",
        "powershell": "powershell ps1",
        "python": "python py python3",
        "r": "r",
        "ruby": "ruby rb",
        "rust": "rust rs",
        "solidity": "solidity",
        "sql": "sql",
        "swift": "swift",
        "tex": "tex latex",
        "toml": "toml",
        "typescript": "typescript ts tsx",
        "xml": "xml svg",
        "yaml": "yaml yml",
    }.items()
    for name in names.split()
}
# The few kinds that we colour, by Pygments' own short names.
_KINDS = {
    Comment: "c",
    Keyword: "k",
    Operator.Word: "k",
    Literal.String: "s",
    Literal.Number: "m",
    Name.Function: "nf",
    Name.Class: "nc",
    Name.Tag: "nt",
    Name.Attribute: "na",
    Name.Decorator: "nd",
    Generic.Deleted: "gd",
    Generic.Inserted: "gi",
}
# Where lexers go quadratic: long runs without punctuation, and very long lines.
_HARD = re.compile(r"[\w\s]{300}|[^\n]{1000}")


def language(info: str) -> str | None:
    """Name the language after a fence, or None for one that we do not colour."""
    first = info.split(maxsplit=1)[:1]
    return _LANGUAGES.get(first[0].lower()) if first else None


def highlight(code: str, name: str | None) -> str:
    """Return the code as HTML, in spans of class `hl-…` where `name` is a language of ours."""
    if name is None or len(code) > LONGEST or _HARD.search(code):
        return escape(code)
    lexer = get_lexer_by_name(name, stripnl=False, ensurenl=False)
    kinds = ((_kind(token), text) for token, text in lexer.get_tokens(code))
    runs = groupby(kinds, key=lambda pair: pair[0])
    return "".join(_span(kind, "".join(text for _, text in run)) for kind, run in runs)


def _kind(token: _TokenType) -> str:
    return next((kind for held, kind in _KINDS.items() if is_token_subtype(token, held)), "")


def _span(kind: str, text: str) -> str:
    return f'<span class="hl-{kind}">{escape(text)}</span>' if kind else escape(text)
