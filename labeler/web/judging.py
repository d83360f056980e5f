"""What the questions of a form look like: their words, and what the partials of each kind read."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from flask import Flask

from labeler.said import say
from labeler.text import languages, markdown
from labeler.web import scale
from labeler.work.questions import Questions, marks
from labeler.work.questions.criteria import Criterion
from labeler.work.questions.flags import Flag

FLAG_WORDS = {
    Flag.harmful: say("Could harm somebody"),
    Flag.personal_data: say("Shows personal data"),
    Flag.wrong_language: say("Is in the wrong language"),
    Flag.reveals_maker: say("Reveals its maker"),
    Flag.broken: say("Is broken"),
}

BLANK_MARKS = 3
"""How many empty rows there are for marks."""
_MARK = re.compile(r"marks\.\d{1,2}\.(quote|comment)")


@dataclass(frozen=True)
class Text:
    """A piece of material, rendered, with the language and direction that it is written in."""

    html: str
    lang: str
    dir: str
    role: str = ""
    letter: str = ""
    source: str = ""
    """As it was written, for those who edit it."""

    @classmethod
    def of(cls, source: str, language: str, *, role: str = "", letter: str = "") -> Self:
        """Render what somebody wrote."""
        direction = languages.direction(language)
        return cls(markdown.render(source), language, direction, role, letter, source)


def init_app(app: Flask) -> None:
    """Let every template name what was said."""
    app.jinja_env.filters["as_options"] = _options
    app.jinja_env.globals.update(
        finding=scale.finding,
        step_names=scale.step_names,
        point_words=point_words,
        flag_words={flag.value: words for flag, words in FLAG_WORDS.items()},
    )


def shown(asked: Questions, filled: Mapping[str, str], faults: Mapping[str, str]) -> dict[str, Any]:
    """Return what the partials of all kinds need: the questions by kind, and what is filled in."""
    return {
        "asked": {question.kind: question for question in asked},
        "filled": filled,
        "faults": faults,
        "mark_rows": _mark_rows(filled),
    }


def _mark_rows(filled: Mapping[str, str]) -> int:
    """Return how many rows for marks there are: those that are filled in, and some more."""
    rows = [int(name.split(".")[1]) for name in filled if _MARK.fullmatch(name)]
    return min(marks.MOST, max(rows, default=-1) + 1 + BLANK_MARKS)


def _options(words: Iterable[str]) -> list[tuple[str, str]]:
    return [(word, word) for word in words]


def point_words(criterion: Criterion) -> list[str]:
    """Name each of a criterion's points; those between two named ends are numbers."""
    if len(criterion.words) == criterion.points:
        return list(criterion.words)
    numbers = [str(number) for number in range(1, criterion.points + 1)]
    if len(criterion.words) == 2:
        numbers[0], numbers[-1] = criterion.words
    return numbers
