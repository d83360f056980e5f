"""The description of the format names every column and every reason, and nothing else."""

import re
from pathlib import Path

from exports.pairs import Reason
from exports.rows import Row

TEXT = (Path(__file__).parents[2] / "docs" / "release-format.md").read_text("utf-8")


def named(heading: str) -> list[str]:
    """Return the names in the first column of the table below a heading."""
    section = TEXT.split(f"## {heading}\n")[1].split("\n## ")[0]
    cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return [name for cell in cells for name in re.findall(r"`(\w+)`", cell)]


def test_every_column() -> None:
    assert named("Rows") == list(Row.__annotations__)


def test_every_reason_in_the_order_that_is_asked() -> None:
    assert named("Which judgments count") == [reason.value for reason in Reason]
