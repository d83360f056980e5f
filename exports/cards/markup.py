"""Markup: texts of people and of models, written into Markdown so that they stay texts."""

import re
from collections.abc import Callable

from jinja2 import Environment, PackageLoader, StrictUndefined, Template, select_autoescape

# What begins a heading, a list or a quotation in Markdown where a line begins with it.
_BEGINS = re.compile(r"^(\d*)([#>+=~.)-])")


def plain(text: str) -> str:
    """Write a line of text as such: in one line, without markup."""
    line = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;")
    return "".join(f"\\{sign}" if sign in "\\`*_[]|" else sign for sign in line)


def quoted(text: str) -> str:
    """Write what somebody said as a quotation, line by line, without markup."""
    lines = (_BEGINS.sub(r"\1\\\2", plain(line)) for line in text.split("\n"))
    return "  \n".join(f"> {line}" for line in lines)  # two blanks keep the break


def template(name: str, **filters: Callable[..., object]) -> Template:
    """Return a card's template, in which texts are written by `plain` and by these filters."""
    environment = Environment(
        loader=PackageLoader("exports"),
        autoescape=select_autoescape(),  # of pages; this is none
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"plain": plain, **filters}
    return environment.get_template(name)
