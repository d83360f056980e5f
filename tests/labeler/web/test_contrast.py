"""Every pair of colours that the stylesheet puts together can be told apart, in both themes.

Text needs 4.5:1 on its ground (WCAG 2.2, 1.4.3). What shows where a control is, what it is set to,
and what has the focus needs 3:1 (1.4.11, 2.4.7). Where a rule names no ground, its colour has to do
on every ground on which it may stand, so that no pair depends on which page it is used on.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from tests.colours import THEMES, Rule, contrast, rules

TEXT, SHAPE = 4.5, 3.0
PLAIN = {"paper", "sheet", "sunk"}
"""Grounds of pages and their parts."""
GROUNDS = PLAIN | {"accent-tint", "error-tint"}
"""Grounds on which text of any colour may stand."""
ORNAMENTS = {"line", "band"}
"""Hairlines and tracks: nothing is known by them alone."""
HOLES = {".plot .pt3"}
"""What makes a ring of a dot of ink is seen on the ink alone."""
SERIES = {"c1", "c2", "c3", "c4"}
"""Used by the figures of charts.js, which stand on the page itself."""
PAINTED = re.compile(r"(border|outline|stroke|fill|accent-color|text-decoration)(-[\w-]+)?$")
CONTROL = re.compile(
    r"\.(btn|cap|check|chip|grip|input|place|stop__dot)\b(?!__)|\b(input|select)\b"
)
SHAPES = re.compile(r"::(before|after|-webkit-progress-value|-moz-progress-bar)$")
STATE = re.compile(r":(active|focus|hover)\b")
RULES = rules()


class Pair(NamedTuple):
    """A colour, what it stands on, and how well it has to be seen there."""

    colour: str
    ground: str
    least: float


def named(value: str) -> set[str]:
    """Return the tokens that a value may come to, by way of other variables too."""
    found = set()
    for name in re.findall(r"var\(--([\w-]+)", value):
        if name in THEMES["light"]:
            found.add(name)
        else:
            given = [rule.declarations.get(f"--{name}", "") for rule in RULES]
            found |= {token for each in given for token in named(each)}
    return found


def ground_of(rule: Rule) -> set[str]:
    """Return what a rule paints behind its text."""
    values = [rule.declarations.get(name, "") for name in ("background", "background-color")]
    return named(" ".join(values))


def behind(rule: Rule) -> set[str]:
    """Return the ground of a rule: its own, else that of what it is a state or a part of."""
    at_rest = STATE.sub("", rule.selector)
    around = {rule.selector, at_rest, at_rest.split()[0]}
    own = [ground_of(other) for other in RULES if other.selector in around]
    return ground_of(rule) or set().union(*own) or GROUNDS


def painted(rule: Rule) -> set[str]:
    """Return the tokens of a rule's edges, marks and lines."""
    return named(" ".join(v for name, v in rule.declarations.items() if PAINTED.match(name)))


def pairs() -> Iterator[Pair]:
    for rule in RULES:
        grounds = ground_of(rule)
        for colour in named(rule.declarations.get("color", "")):
            yield from (Pair(colour, ground, TEXT) for ground in behind(rule))
        if "color" not in rule.declarations and not SHAPES.search(rule.selector):
            yield from (Pair("ink", ground, TEXT) for ground in grounds)
        # What is filled is seen by its filling, on whatever page it stands.
        around = {"ink"} if rule.selector in HOLES else PLAIN
        for shape in (painted(rule) - ORNAMENTS) | (grounds - GROUNDS):
            yield from (Pair(shape, ground, SHAPE) for ground in around)
    yield from (Pair(colour, "paper", SHAPE) for colour in SERIES)


@pytest.mark.parametrize("theme", THEMES)
def test_every_pair_can_be_told_apart(theme: str) -> None:
    tokens, found = THEMES[theme], set(pairs())
    assert len(found) > 80
    assert {name for name, *_ in found} > {"ink", "ink-2", "ink-3", "accent", "a", "b", "rule"}
    seen = {pair: contrast(tokens[pair.colour], tokens[pair.ground]) for pair in found}
    assert {pair: ratio for pair, ratio in seen.items() if ratio < pair.least} == {}


def test_no_control_is_known_by_a_hairline_alone() -> None:
    found = [rule.selector for rule in RULES if painted(rule) & ORNAMENTS]
    assert len(found) > 10
    off = "disabled"
    assert [one for one in found if CONTROL.search(one) and off not in one] == []


def test_no_colour_is_one_that_no_theme_knows() -> None:
    written = re.compile(r"#(?!0000\b|0007\b)[0-9a-f]{3,8}\b|\b(rgb|hsl|lab|lch|oklch)a?\(")
    values = [(rule.selector, value) for rule in RULES for value in rule.declarations.values()]
    assert [(selector, value) for selector, value in values if written.search(value)] == []


def test_nothing_is_read_through_something_else() -> None:
    shares = {(rule.selector, rule.declarations.get("opacity", "1")) for rule in RULES}
    assert [selector for selector, share in shares if share not in ("0", "1")] == []


def test_contrast_is_counted_as_wcag_does() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
