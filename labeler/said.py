"""What rules say to people: English for programs, with its parts kept for other languages.

The doors that programs use, the logs and the commands read it as the text that it is. A page says
the same in its reader's language, from the parts.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Self

Values = Mapping[str, object]
NOTHING: Values = MappingProxyType({})


class Said(str):
    """English that remembers its template, its plural with the number that chooses, its values."""

    __slots__ = ("number", "plural", "template", "values")

    template: str
    plural: str
    number: int
    values: Values

    def __new__(
        cls, template: str, plural: str = "", number: int = 1, values: Values = NOTHING
    ) -> Self:
        said = super().__new__(cls, filled(template if number == 1 else plural, values))
        said.template, said.plural, said.number = template, plural, number
        said.values = values
        return said


def say(text: str, /, **values: object) -> Said:
    """Say `text`, with values where it reads %(name)s.

    Numbers are written with their thousands apart; what is a name and no number, such as the line
    of a file, is given as text. Without values nothing is put in, so that a text can be said now
    and filled in later, and a percent sign is one.
    """
    if isinstance(text, Said):
        return Said(text.template, text.plural, text.number, values) if values else text
    return Said(text, values=values)


def say_number(one: str, many: str, number: int, /, **values: object) -> Said:
    """Say how many there are, which %(num)s stands for."""
    return Said(one, many, number, {"num": number, **values})


def parts(text: str) -> dict[str, Any]:
    """Return what a database keeps of a sentence, in JSON; its values are numbers and texts."""
    said = say(text)
    kept = {"template": said.template, "values": dict(said.values)}
    return kept | ({"plural": said.plural, "number": said.number} if said.plural else {})


def joined(kept: Mapping[str, Any]) -> Said:
    """Return the sentence that `parts` was made of."""
    return Said(kept["template"], kept.get("plural", ""), kept.get("number", 1), kept["values"])


def filled(template: str, values: Values) -> str:
    """Put values into a template, numbers as English writes them."""
    english = {name: _english(value) for name, value in values.items()}
    return template % english if values else template


def _english(value: object) -> object:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return f"{value:,}" if is_number else value
