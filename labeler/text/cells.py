"""Cells: texts in files that people open in spreadsheets, which run what begins like a formula."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "|")
"""With what a cell begins that a spreadsheet may run."""


def runs(text: str) -> bool:
    """Say whether a spreadsheet may run a text."""
    return text.lstrip().startswith(_FORMULA) or text.startswith(("\t", "\r"))


def harmless(text: str) -> str:
    """Return a cell for a file that people open in spreadsheets, with a ' before a formula."""
    return f"'{text}" if runs(text) else text
