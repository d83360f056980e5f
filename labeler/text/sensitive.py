"""Sensitive content: what may be hard to read, of which kind and how much.

It is written as "hate:1 violence:3", kinds in the order of the alphabet and each once, and as
nothing where there is none. The words are short and general on purpose: a label should say what
somebody needs in order to choose, and describe nothing.
"""

import enum
import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import TypeAlias

from labeler.said import say


class Category(enum.StrEnum):
    """What kind of thing it is."""

    violence = "violence"
    """Injury, killing, weapons used on people."""
    sexual = "sexual"
    """Sex, also where it is wanted."""
    self_harm = "self_harm"
    """Suicide, self-injury, eating disorders."""
    hate = "hate"
    """Contempt for people for what they are."""
    abuse = "abuse"
    """Abuse of those who cannot defend themselves, children among them."""
    shock = "shock"
    """What disgusts: bodies, filth, cruelty to animals."""
    other = "other"
    """Anything else that may be hard to read."""


class Level(enum.IntEnum):
    """How much of it there is."""

    mentioned = 1
    """It is named."""
    described = 2
    """It is told."""
    graphic = 3
    """It is told in detail."""


SEVERE = Level.described
"""From this level on, what is read counts as exposure."""
LONGEST = 200
"""How long what somebody writes of it may be."""

Levels: TypeAlias = Mapping[Category, int]
"""How much of each kind; what is not there has none."""

NOT_WRITTEN = say("Please write it like this: violence:2 hate:1")
NO_SUCH_CATEGORY = say("There is no such kind of content: %(name)s.")
NO_SUCH_LEVEL = say("The level is a number from 0 to 3.")
_AROUND = re.compile(r"\s*[:=]\s*")
_PART = re.compile(r"([a-z_]+):(\d)", re.ASCII)
_ANY_SEVERE = re.compile(f"[{SEVERE:d}-{max(Level):d}]")


class Unknown(ValueError):
    """What was written is no kind of content, or no level of it; it may name the kind."""

    def __init__(self, reason: str, name: str = "") -> None:
        super().__init__(reason)
        self.reason, self.name = reason, name


def check(given: Mapping[str, object]) -> str:
    """Return levels by name as they are written here; 0 is none. Raises Unknown."""
    found: dict[Category, int] = {}
    for name, level in given.items():
        if name not in Category.__members__:
            raise Unknown(say(NO_SUCH_CATEGORY, name=name[:50]))
        if isinstance(level, bool) or not isinstance(level, int) or not 0 <= level <= max(Level):
            raise Unknown(NO_SUCH_LEVEL, name)
        found[Category(name)] = level
    return written(found)


def read(text: str) -> dict[str, int]:
    """Read what a person wrote, such as "violence: 3, hate: 1"; raises Unknown."""
    found: dict[str, int] = {}
    for part in _AROUND.sub(":", text.lower()).replace(",", " ").split():
        if (matched := _PART.fullmatch(part)) is None:
            raise Unknown(NOT_WRITTEN)
        found[matched[1]] = max(int(matched[2]), found.get(matched[1], 0))
    return found


def written(levels: Levels) -> str:
    """Write levels down in their one way."""
    return " ".join(f"{name}:{levels[name]}" for name in sorted(levels) if levels[name] > 0)


@lru_cache(maxsize=4096)
def levels(text: str) -> Levels:
    """Return the levels that are written down."""
    parts = (part.split(":") for part in text.split())
    return MappingProxyType({Category(name): int(level) for name, level in parts})


@lru_cache(maxsize=4096)
def joined(one: str, other: str) -> str:
    """Return the higher level of each kind."""
    both = levels(one), levels(other)
    return written({name: max(each.get(name, 0) for each in both) for name in Category})


def covers(chosen: str, content: str) -> bool:
    """Say whether somebody who chose up to these levels may be given the content."""
    most = levels(chosen)
    return all(most.get(name, 0) >= level for name, level in levels(content).items())


def is_severe(content: str) -> bool:
    """Say whether reading it counts as exposure."""
    return _ANY_SEVERE.search(content) is not None
