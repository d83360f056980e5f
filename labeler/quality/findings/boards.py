"""Boards: the models of a project in order, of all votes and of one language or category alone."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from labeler import said
from labeler.quality.findings import floors, models, styles
from labeler.quality.findings.duels import Duels
from labeler.quality.findings.estimates import Finding
from labeler.quality.findings.floors import ANY, Cell
from labeler.quality.records import Array, Compared
from labeler.quality.texts import Looks
from labeler.said import say

TOO_FEW = say("It takes votes on answers of two models that have names.")
MANY_ANSWERS = say("Of more than two answers, the best one has beaten each of the others.")


class Board(NamedTuple):
    """A leaderboard: of which language and category, empty for all, and what it says."""

    language: str
    category: str
    data: Finding


def found(duels: Duels, compared: Compared, looks: Looks) -> Iterator[Board]:
    """Yield the board of the whole, then those of its parts that enough people tell of."""
    counted = floors.tally(duels, compared)
    cells = floors.shown(counted)
    yield Board("", "", board(duels, looks) | _not_shown(counted, cells, compared))
    for cell in cells:
        votes = duels.those(np.flatnonzero(_belongs(cell, duels.item, compared)))
        unnamed = duels.unnamed[_belongs(cell, duels.unnamed, compared)]
        yield Board(*_named(cell, compared), board(replace(votes, unnamed=unnamed), looks))


def board(duels: Duels, looks: Looks) -> Finding:
    """Return who is ahead: in parts, where no vote compares some models with the others."""
    parts = [_part(each, looks) for each in _parts(duels)]
    return {
        "judgments": len(np.unique(duels.vote)),
        "votes": len(duels.outcome),
        "people": duels.people,
        "left_out": len(duels.unnamed),
        "why": None if parts else said.parts(TOO_FEW),
        "notes": [said.parts(MANY_ANSWERS)] if duels.has_several else [],
        "parts": parts,
        "pairs": models.pairs(duels),
    }


def _belongs(cell: Cell, items: Array, compared: Compared) -> Array:
    """Return which of these comparisons belong to a cell."""
    of_language = (compared.language[items] == cell.language) | (cell.language == ANY)
    of_category = (compared.category[items] == cell.category) | (cell.category == ANY)
    return np.asarray(of_language & of_category)


def _parts(duels: Duels) -> list[Duels]:
    """Return the votes on models that can be compared with each other, most votes first."""
    if len(duels.names) < 2:
        return []
    groups = models.groups(duels)
    if len(groups) == 1:
        return [duels]
    parts = [duels.those(np.isin(duels.left, each)) for each in groups]
    return sorted(parts, key=lambda each: -len(each.outcome))


def _part(duels: Duels, looks: Looks) -> Finding:
    """Return the models in order, each with its strength once the look of answers is set apart."""
    part, fair = models.found(duels), styles.controlled(duels, looks)
    for row in part["models"]:
        row["styled"] = fair["models"].get(row["model"])
    return part | {"styles": fair["effects"], "votes_with_styles": fair["n"]}


def _not_shown(counted: floors.Tally, cells: Sequence[Cell], compared: Compared) -> Finding:
    """Return the languages and categories that have votes and no board of their own."""
    languages = {int(each) for each in counted.language} - {each.language for each in cells}
    categories = {int(each) for each in counted.category} - {each.category for each in cells}
    parted = len(np.unique(counted.language)) > 1, len(np.unique(counted.category)) > 1
    return {
        "languages_not_shown": sorted(compared.languages[each] for each in languages if parted[0]),
        "categories_not_shown": sorted(
            compared.categories[each] for each in categories - {ANY} if parted[1]
        ),
    }


def _named(cell: Cell, compared: Compared) -> tuple[str, str]:
    language = "" if cell.language == ANY else compared.languages[cell.language]
    return language, "" if cell.category == ANY else compared.categories[cell.category]
