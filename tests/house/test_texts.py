"""No template says anything outside `_()`: not in its text, not in what is read aloud."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jinja2 import Environment

from tests.house.source import PACKAGES, ROOT

TEMPLATES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.html"))
READ = {"alt", "aria-description", "aria-label", "placeholder", "title"}
# Names, keys and units that are alike in every language.
ALIKE = {"labeler", "UTC", "SHA-256", "Ctrl", "Enter", "Esc"}
CLASSES = re.compile(r"\{% block main_class %\}.*?\{% endblock %\}")
ATTRIBUTE = re.compile(r'[\w-]+="[^"]*"?')
"""Of a macro that writes a part of a tag."""
UNREAD = ("script", "style", "code", "svg", "kbd")
VOID = {"br", "col", "hr", "img", "input", "link", "meta", "path", "wbr"}


class _Texts(HTMLParser):
    """Collects what is read of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attrs if name in READ]
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        return

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            while self._open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if not set(UNREAD) & set(self._open):
            self.found.append(data)


def _words(path: Path) -> Iterator[str]:
    text = CLASSES.sub("", path.read_text("utf-8"))
    tokens = Environment(autoescape=True).lex(text)
    parser = _Texts()
    # What Jinja writes there is looked at on the page itself, in a language made up for that.
    parser.feed("".join(text if kind == "data" else "" for _, kind, text in tokens))
    parser.close()
    for text in (ATTRIBUTE.sub("", text) for text in parser.found):
        yield from (w for w in re.findall(r"[^\W\d_][\w-]*[^\W_]", text) if w not in ALIKE)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_word_is_wrapped(path: Path) -> None:
    assert list(_words(path)) == []


def test_there_are_templates() -> None:
    assert len(TEMPLATES) > 25
