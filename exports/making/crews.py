"""Crews: who does the work of a release. One process alone, or many that share a folder."""

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class Crew(Protocol):
    """Does the same with each of several things."""

    is_here: bool
    """Whether it is this process, which can tell of every step."""

    def map(self, function: Callable[[Item], Result], items: Iterable[Item], /) -> Iterator[Result]:
        """Yield the results in the order of the things."""


class Alone:
    """This process does everything, one after the other."""

    is_here = True

    def map(self, function: Callable[[Item], Result], items: Iterable[Item], /) -> Iterator[Result]:
        """Yield the results in the order of the things."""
        return map(function, items)
