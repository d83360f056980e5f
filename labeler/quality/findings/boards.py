"""Boards: the models of a project in order, of all votes and of one language or category alone."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from labeler import said
from labeler.quality.findings import floors, models, styles
from labeler.quality.findings.duels import Duels
from labeler.quality.findings.estimates import Finding
from labeler.quality.findings.floors import ANY, Cell
from labeler.quality.records import Compared
from labeler.quality.texts import Looks
from labeler.said import say
from labeler.stats import connectivity

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
    yield Board("", "", board(duels, looks) | _left_out(counted, cells, compared))
    languages, categories = compared.language[duels.item], compared.category[duels.item]
    for cell in cells:
        of_language = (languages == cell.language) | (cell.language == ANY)
        of_category = (categories == cell.category) | (cell.category == ANY)
        votes = duels.those(np.flatnonzero(of_language & of_category))
        yield Board(*_named(cell, compared), board(votes, looks))


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
        "pairs": models.pairs(duels) if parts else [],
    }


def _parts(duels: Duels) -> list[Duels]:
    """Return the votes on models that can be compared with each other, most votes first."""
    if len(duels.names) < 2:
        return []
    met = models.counted(duels).any(axis=2)
    groups = [np.isin(duels.left, each) for each in connectivity.parts(met)]
    groups.sort(key=np.count_nonzero, reverse=True)
    return [duels.those(each) for each in groups]


def _part(duels: Duels, looks: Looks) -> Finding:
    """Return the models in order, each with its strength once the look of answers is set apart."""
    part, fair = models.found(duels), styles.controlled(duels, looks)
    for row in part["models"]:
        row["styled"] = fair["models"].get(row["model"])
    return part | {"styles": fair["effects"], "votes_with_styles": fair["n"]}


def _left_out(counted: floors.Tally, cells: list[Cell], compared: Compared) -> Finding:
    """Return the languages and categories that have votes and no board."""
    shown = set(cells)
    languages, categories = np.unique(counted.language), np.unique(counted.category)
    return {
        "languages_left_out": sorted(
            compared.languages[each] for each in languages if Cell(int(each), ANY) not in shown
        ) if len(languages) > 1 else [],
        "categories_left_out": sorted(
            compared.categories[each]
            for each in categories
            if each != ANY and Cell(ANY, int(each)) not in shown
        ),
    }


def _named(cell: Cell, compared: Compared) -> tuple[str, str]:
    language = "" if cell.language == ANY else compared.languages[cell.language]
    return language, "" if cell.category == ANY else compared.categories[cell.category]
