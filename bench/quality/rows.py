"""Rows of the table of quality: a claim, what it promises, and what was found."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """What was measured, what it should be, what it is, and whether that holds."""

    what: str
    target: str
    found: str
    holds: bool

    def __str__(self) -> str:
        word = "yes" if self.holds else "**no**"
        return f"| {self.what} | {self.target} | {self.found} | {word} |"
