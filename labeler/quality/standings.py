"""Standings: what a leaderboard tells programs, field by field, as JSON and as tables.

The shape is described in `docs/leaderboard.md`; fields are added to it, and none goes or changes.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from labeler import said
from labeler.quality.leaderboards import Leaderboard
from labeler.text import cells


def _sentence(kept: Any) -> Any:
    return str(said.joined(kept)) if isinstance(kept, Mapping) else kept


Sentence = Annotated[str, BeforeValidator(_sentence)]


class Shape(BaseModel):
    """Exactly these fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Estimate(Shape):
    """A number with its 95 % interval, and how many votes it rests on."""

    value: float | None
    low: float | None
    high: float | None
    n: int


class Styled(Shape):
    """A model's strength with the look of answers set apart."""

    place_from: int
    place_to: int
    chance: Estimate


class Standing(Shape):
    """One model: its strength, the places that it may have, and what was said of it."""

    model: str
    place_from: int = Field(description="The best place that the interval allows.")
    place_to: int
    chance: Estimate = Field(description="Of being chosen over an average model, ties aside.")
    log_odds: Estimate = Field(description="The same as log-odds; those of a part add up to 0.")
    styled: Styled | None = Field(description="Null where too little tells of it.")
    wins: int
    losses: int
    ties: int = Field(description="About the same; both bad is not among them.")
    both_bad: int
    without_ties: Estimate = Field(description="Wins of wins and losses.")
    with_ties: Estimate = Field(description="Wins and half of ties and both bad, of all votes.")
    votes_to_be_passed: int | None = Field(
        description="So many votes fewer, and the next model would come before this one; null "
        "where no few votes do it or nobody asked: it is of the first ten places."
    )


class Overtaking(Shape):
    """So many votes fewer, and this model would come first."""

    votes: int
    model: str


class Style(Estimate):
    """How often the answer with one standard deviation more of something is chosen."""

    name: str


class Part(Shape):
    """Models that votes compare with each other, from the strongest.

    Places hold inside a part, and say nothing of models in another one.
    """

    why: Sentence | None = Field(None, description="Why they have no order, if they have none.")
    names: list[str] = Field([], description="The models, where they have no order.")
    votes: int = 0
    people: int = 0
    models: list[Standing]
    first: Overtaking | None = None
    side: Estimate | None = Field(
        None, description="How often A is chosen of two equally good answers; it is set apart."
    )
    styles: list[Style] = []
    votes_with_styles: int = 0
    notes: list[Sentence] = []


class Pair(Shape):
    """What was said of answers of two models."""

    one: str
    other: str
    wins: int = Field(description="How often the first one was better.")
    losses: int
    ties: int
    both_bad: int


class Standings(Shape):
    """Who is ahead in a project, as of a moment."""

    project: str
    language: str | None = Field(description="Null: all languages together.")
    category: str | None = Field(description="Null: all categories together.")
    as_of: datetime
    judgments: int
    votes: int = Field(description="One for each two answers that a judgment compares.")
    people: int
    left_out: int = Field(description="Votes on an answer whose model has no name.")
    why: Sentence | None = Field(description="Why there is no order, if there is none.")
    notes: list[Sentence]
    parts: list[Part]
    pairs: list[Pair]
    languages_not_shown: list[str] = Field(
        [], description="Too few votes or people tell of them alone; said of the whole only."
    )
    categories_not_shown: list[str] = []


def told(slug: str, board: Leaderboard) -> Standings:
    """Return what is told of a leaderboard."""
    return Standings(
        project=slug,
        language=board.language or None,
        category=board.category or None,
        as_of=board.made_at,
        **board.data,
    )


HEADER = (
    *("part", "place_from", "place_to", "model", "chance", "chance_low", "chance_high"),
    *("log_odds", "log_odds_low", "log_odds_high", "styled_place_from", "styled_place_to"),
    *("styled_chance", "styled_chance_low", "styled_chance_high"),
    *("wins", "losses", "ties", "both_bad", "votes_to_be_passed"),
)
PAIRS = ("one", "other", "wins", "losses", "ties", "both_bad")

Cell = str | int | float | None


def table(standings: Standings) -> Iterator[Sequence[Cell]]:
    """Yield the lines of the table of models, its header first; parts count from 1."""
    yield HEADER
    for number, part in enumerate(standings.parts, 1):
        for row in part.models:
            yield [number, *_cells(row)]


def matrix(standings: Standings) -> Iterator[Sequence[Cell]]:
    """Yield a line for each two models that met, the header first."""
    yield PAIRS
    for pair in standings.pairs:
        yield [getattr(pair, name) for name in PAIRS]


def csv_of(lines: Iterable[Sequence[Cell]]) -> str:
    """Write lines as CSV, harmless in a spreadsheet."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerows([_harmless(cell) for cell in line] for line in lines)
    return written.getvalue()


def _harmless(cell: Cell) -> Cell:
    return cells.harmless(cell) if isinstance(cell, str) else cell


def _cells(row: Standing) -> list[Cell]:
    styled = row.styled
    places = [styled.place_from, styled.place_to] if styled else [None, None]
    return [
        *(row.place_from, row.place_to, row.model),
        *_interval(row.chance),
        *_interval(row.log_odds),
        *(*places, *_interval(styled.chance if styled else None)),
        *(row.wins, row.losses, row.ties, row.both_bad, row.votes_to_be_passed),
    ]


def _interval(found: Estimate | None) -> list[Cell]:
    return [found.value, found.low, found.high] if found else [None, None, None]
