"""Whether votes can rank models at all: who is connected to whom by wins in both directions.

Strengths that fit the votes best exist, and are unique, exactly if for every division of the
models into two groups some model of each has beaten some model of the other: the graph of wins is
strongly connected. A new project never is. Ford (1957), Solution of a ranking problem from binary
comparisons; Hunter (2004), MM algorithms for generalized Bradley-Terry models, assumption 1.
"""

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

_Array: TypeAlias = NDArray[Any]

Kind = Literal["disconnected", "unbeaten", "winless"]

_WORDS: dict[Kind, str] = {
    "disconnected": "no vote compares these with each other: %s",
    "unbeaten": "these never lost to any other: %s",
    "winless": "these never won against any other: %s",
}


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why votes alone give some models no finite or no comparable strength.

    `groups` are numbers of models. "disconnected": no vote compares one group with another.
    "unbeaten", "winless": each group by itself never lost to, or never won against, the rest.
    """

    kind: Kind
    groups: tuple[tuple[int, ...], ...]

    def __str__(self) -> str:
        return _WORDS[self.kind] % "; ".join(map(_named, self.groups))


def _named(group: tuple[int, ...]) -> str:
    return ("models " if len(group) > 1 else "model ") + ", ".join(map(str, group))


class Incomparable(ValueError):
    """These votes cannot rank these models; `doubts` say which and why."""

    def __init__(self, doubts: tuple[Doubt, ...]) -> None:
        super().__init__(". ".join(map(str, doubts)))
        self.doubts = doubts


def doubts(beaten: _Array) -> tuple[Doubt, ...]:
    """Return what keeps models from being ranked; nothing if the graph is strongly connected.

    `beaten` is models x models: whether row won against column at least once. A tie that counts
    as half a win is one in either direction.
    """
    together = _groups(beaten | beaten.T)
    found = [Doubt("disconnected", together)] if len(together) > 1 else []
    found += _one_way("unbeaten", beaten.T)
    found += _one_way("winless", beaten)
    return tuple(found)


def parts(met: _Array) -> tuple[tuple[int, ...], ...]:
    """Return which models can be compared with which: the groups that votes connect.

    `met` is models x models: whether row and column were ever compared, in one place or both.
    """
    return _groups(met | met.T)


def _one_way(kind: Kind, beaten: _Array) -> list[Doubt]:
    """Find groups that are compared with others and never come before any of them."""
    groups = [group for group in _groups(beaten) if _never(beaten, group)]
    return [Doubt(kind, tuple(groups))] if groups else []


def _never(beaten: _Array, group: tuple[int, ...]) -> bool:
    inside = np.zeros(len(beaten), dtype=bool)
    inside[list(group)] = True
    return bool(beaten[~inside][:, inside].any() and not beaten[inside][:, ~inside].any())


def _groups(edges: _Array) -> tuple[tuple[int, ...], ...]:
    """Return the strongly connected components, in the order of their first models."""
    reach = _reach(edges)
    mutual = reach & reach.T
    return tuple(dict.fromkeys(tuple(np.flatnonzero(row).tolist()) for row in mutual))


def _reach(edges: _Array) -> _Array:
    """Return which model leads to which over any number of edges, itself included."""
    reach = edges.astype(bool) | np.eye(len(edges), dtype=bool)
    for middle in range(len(reach)):  # Warshall's algorithm
        reach |= np.outer(reach[:, middle], reach[middle])
    return reach
