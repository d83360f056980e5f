"""Dates: texts that loaders of JSON lines take for moments, where all of a column are such texts.

They turn the whole column into times, and what was written in it is lost.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec

LOOKED_AT = 100
"""Rows of a file after which every column has been met."""
_DATE = re.compile(
    r"\d{4}-\d\d-\d\d([ T]\d\d(:?\d\d(:?\d\d(\.\d+)?)?)?(Z|[+-]\d\d(:?\d\d)?)?)?", re.ASCII
)


def is_one(text: str) -> bool:
    """Tell whether a text looks like a date."""
    return _DATE.fullmatch(text) is not None


@lru_cache(maxsize=2**10)
def marked(name: str) -> str:
    """Return a name that nobody takes for a date: in quotes, if it looks like one."""
    return f'"{name}"' if is_one(name) else name


class Watch:
    """Watches for columns in which every text looks like a date; one within another is its own."""

    def __init__(self) -> None:
        self.first: dict[str, str] = {}
        self.cleared: set[str] = set()
        self._seen = 0

    def see(self, line: bytes) -> None:
        """Look at the texts of a row in JSON."""
        if self._seen >= LOOKED_AT and not self.first:
            return
        self._seen += 1
        for name, text in _leaves("", msgspec.json.decode(line)):
            if name in self.cleared:
                continue
            if is_one(text):
                self.first.setdefault(name, text)
            else:
                self.cleared.add(name)
                self.first.pop(name, None)


def _leaves(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """Yield the texts in a value, each with the column that it is in."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from _leaves(f"{name}.{key}" if name else key, part)
    elif isinstance(value, Sequence):
        for part in value:
            yield from _leaves(name, part)
