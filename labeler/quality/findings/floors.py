"""Floors: of which languages and categories a leaderboard is shown, and of which it is not.

One is shown if enough votes by enough people tell of it, so that no number misleads and none tells
what a single person said. Where few people are behind what is left of a whole when all that is
shown is taken away from it, something more stays away.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from labeler.quality.findings.duels import Duels
from labeler.quality.records import Array, Compared

VOTES = 30
PEOPLE = 5
MOST = 200
"""Leaderboards of a project, at most: those with the most votes."""
MOST_NAMES = 50
"""Languages, and categories, at most."""
ANY = -1
"""Stands for all languages, or all categories."""


class Cell(NamedTuple):
    """A language and a category by number, or `ANY` of them."""

    language: int
    category: int


@dataclass(frozen=True, eq=False)
class Tally:
    """Aligned arrays, a place per language, category and person: how many votes there are.

    A category that is not told of alone is `ANY`.
    """

    language: Array
    category: Array
    person: Array
    votes: Array

    def of(self, cell: Cell) -> Array:
        """Return which of these belong to a cell."""
        language, category = cell
        there = np.ones(len(self.votes), dtype=bool)
        there &= (self.language == language) | (language == ANY)
        return np.asarray(there & ((self.category == category) | (category == ANY)))

    def size(self, which: Array) -> tuple[int, int]:
        """Return the votes and the people of some of these."""
        return int(self.votes[which].sum()), len(np.unique(self.person[which]))


def tally(duels: Duels, compared: Compared) -> Tally:
    """Count who voted how often on what."""
    language = compared.language[duels.item].astype(np.int64)
    category = compared.category[duels.item].astype(np.int64)
    category = np.where(np.isin(category, _most(category[category >= 0])), category, ANY)
    person = duels.person.astype(np.int64)
    sizes = np.array([category.max(initial=0) + 2, person.max(initial=0) + 1])
    key = (language * sizes[0] + category + 1) * sizes[1] + person
    found, votes = np.unique(key, return_counts=True)
    cell, who = np.divmod(found, sizes[1])
    return Tally(cell // sizes[0], cell % sizes[0] - 1, who, votes)


def shown(counted: Tally) -> list[Cell]:
    """Return the languages, the categories and the categories of languages that are shown."""
    chosen = set(_enough(counted))
    while True:
        chosen = {each for each in chosen if _parents(each) <= chosen | {Cell(ANY, ANY)}}
        telling = next(_telling(counted, chosen), None)
        if telling is None:
            return sorted(chosen)
        chosen.remove(telling)


def _most(numbers: Array) -> Array:
    """Return the numbers that are there most often."""
    found, times = np.unique(numbers, return_counts=True)
    return np.asarray(found[np.argsort(-times, kind="stable")][:MOST_NAMES])


def _enough(counted: Tally) -> Iterator[Cell]:
    """Yield the cells with enough votes and people that are not all there is."""
    whole, _ = counted.size(counted.of(Cell(ANY, ANY)))
    sized = [(counted.size(counted.of(each)), each) for each in _cells(counted)]
    sized.sort(key=lambda each: (-each[0][0], each[1]))
    for (votes, people), cell in sized[:MOST]:
        if votes >= VOTES and people >= PEOPLE and votes < whole:
            yield cell


def _cells(counted: Tally) -> list[Cell]:
    languages = _most(np.repeat(counted.language, counted.votes)).tolist()
    categories = np.unique(counted.category[counted.category >= 0]).tolist()
    both = np.unique(np.stack([counted.language, counted.category], axis=1), axis=0).tolist()
    return [
        *(Cell(each, ANY) for each in languages),
        *(Cell(ANY, each) for each in categories),
        *(Cell(*each) for each in both if each[0] in languages and each[1] != ANY),
    ]


def _parents(cell: Cell) -> set[Cell]:
    """Return the language and the category of a category of a language."""
    if ANY in cell:
        return set()
    return {Cell(cell.language, ANY), Cell(ANY, cell.category)}


def _telling(counted: Tally, chosen: set[Cell]) -> Iterator[Cell]:
    """Yield the smallest cells beside which what is left of their whole tells of few people."""
    for whole, parts in _wholes(chosen):
        left = counted.of(whole)
        for part in parts:
            left &= ~counted.of(part)
        _, people = counted.size(left)
        if 0 < people < PEOPLE:
            yield min(parts, key=lambda part: (counted.size(counted.of(part)), part))


def _wholes(chosen: set[Cell]) -> Iterator[tuple[Cell, Sequence[Cell]]]:
    """Yield what is shown together with its parts that are: by language, and by category."""
    ordered = sorted(chosen)
    for whole in (Cell(ANY, ANY), *ordered):
        if whole.language == ANY:
            same = [each for each in ordered if each.category == whole.category]
            if parts := [each for each in same if each.language != ANY]:
                yield whole, parts
        if whole.category == ANY:
            same = [each for each in ordered if each.language == whole.language]
            if parts := [each for each in same if each.category != ANY]:
                yield whole, parts
