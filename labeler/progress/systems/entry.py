"""What the register says of one automated system, in words, numbers and names of code."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from labeler.said import Said
from labeler.work.projects import Project

Value: TypeAlias = int | float | str | None


@dataclass(frozen=True)
class Parameter:
    """A number that a system goes by, as it is at this moment; None where none is set."""

    words: Said
    value: Value
    is_share: bool = False
    """Whether it is a part of one, to be written as a percentage."""


@dataclass(frozen=True)
class System:
    """A program that looks at people or their work by itself, and what comes of it."""

    name: str
    """What links and records call it, for ever."""
    title: Said
    purpose: Said
    reads: Sequence[Said]
    """The data that it looks at; nothing else."""
    weight: Said
    """What counts for more, and what for less."""
    parameters: Sequence[Parameter]
    effect: Said
    """All that it does."""
    decides: Said
    """Which person has the say afterwards."""
    since: date
    """Since when labeler has it."""
    modules: Sequence[str]
    """Where it is in the code."""
    makes: Sequence[str] = ()
    """Kinds of events, transfers, reviews, payouts' holds and signals that it makes by itself."""


Entry: TypeAlias = Callable[[Project | None], System]
"""Reads a system from the running constants and, if one is given, a project's settings."""


def one_in(chance: float) -> int:
    """Return how seldom something of this chance is: once in so many."""
    return round(1 / chance)
