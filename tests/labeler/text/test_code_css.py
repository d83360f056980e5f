"""The colours of code: readable in both themes, and no class without one."""

import re
from pathlib import Path

import pytest

import labeler
from labeler.text import listings

STATIC = Path(labeler.__file__).parent / "static"
CODE = (STATIC / "code.css").read_text("utf-8")
LABELER = (STATIC / "labeler.css").read_text("utf-8")
LIGHT, DARK = LABELER.split("prefers-color-scheme: dark", 1)


def _token(css: str, name: str) -> str:
    found = re.search(rf"--{name}:\s*(#[0-9a-f]{{6}})\b", css)
    assert found is not None, name
    return found[1]


def _luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_counted_as_wcag_does() -> None:
    assert _contrast("#000000", "#ffffff") == pytest.approx(21)
    assert _contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_every_colour_can_be_read_on_its_ground(theme: str) -> None:
    names = set(re.findall(r"(?<![-\w])color: var\(--([\w-]+)\)", CODE))
    assert len(names) >= 5
    faint = {name for name in names if _contrast(_token(theme, name), _token(theme, "sunk")) < 4.5}
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
