"""The colours of code: readable in both themes, and no class without one."""

import re

import pytest

from labeler.text import listings
from tests.colours import CODE, THEMES, contrast


@pytest.mark.parametrize("theme", THEMES)
def test_every_colour_can_be_read_on_its_ground(theme: str) -> None:
    tokens = THEMES[theme]
    names = set(re.findall(r"(?<![-\w])color: var\(--([\w-]+)\)", CODE))
    assert len(names) >= 5
    faint = {name for name in names if contrast(tokens[name], tokens["sunk"]) < 4.5}
    assert faint == set()


def test_colours_are_the_design_s_own() -> None:
    assert "#" not in re.sub(r"/\*.*?\*/", "", CODE)


def test_every_class_has_its_style_and_every_style_its_class() -> None:
    samples = {
        "python": "@d\nclass A:\n    def f(self): return 'x' or 1  # c\n",
        "html": '<p class="x">y</p>',
        "diff": "-a\n+b\n",
    }
    shown = "".join(listings.highlight(code, name) for name, code in samples.items())
    assert set(re.findall(r'"hl-(\w+)"', shown)) == set(re.findall(r"\.hl-(\w+)", CODE))


def test_it_is_small() -> None:
    assert len(CODE.encode()) <= 1536
