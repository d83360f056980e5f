"""The report: tables and targets as Markdown, and their place in the documentation."""

import re
from pathlib import Path

from bench.figures import Found, Table

PAGE = Path(__file__).parent.parent / "docs" / "performance.md"
BEGIN, END = "<!-- figures: written by `make bench` -->", "<!-- end of figures -->"
TARGETS = ("target", "where", "measured", "should be", "")


def text(found: Found, machine: str, command: str) -> str:
    """Return all that was found, the targets first."""
    targets = Table("Targets", TARGETS, [each.cells() for each in found.verdicts])
    shown = [targets, *found.tables]
    made = f"Made by `{command}`."
    return "\n\n".join([made, machine, *(str(each) for each in shown if each.rows)])


def write(report: str, page: Path = PAGE, begin: str = BEGIN) -> None:
    """Put the report in its place on the page."""
    before = page.read_text("utf-8")
    place = re.compile(f"{re.escape(begin)}.*{re.escape(END)}", re.DOTALL)
    assert place.search(before), "The page has no place for figures."
    page.write_text(place.sub(lambda _: f"{begin}\n\n{report}\n\n{END}", before), "utf-8")
