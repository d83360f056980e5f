"""The guide for those who train, docs/train.md: its blocks of code, by section, to be run."""

import re
from pathlib import Path
from typing import Any, NamedTuple

from tests.consumers.site import ROOT

GUIDE = ROOT / "docs" / "train.md"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ASSIGNED = re.compile(r"^(release|model|settings) = .*$", re.MULTILINE)


class Block(NamedTuple):
    """A block of code, and the language that it is in."""

    language: str
    code: str


def sections() -> dict[str, list[Block]]:
    """Return the blocks of each section, by its title; the first section has none."""
    _, *parts = re.split(r"^## ", GUIDE.read_text("utf-8"), flags=re.MULTILINE)
    return {part.partition("\n")[0]: [Block(*b) for b in _BLOCK.findall(part)] for part in parts}


def only(title: str, language: str) -> str:
    """Return the one block of a section that is in this language."""
    (found,) = [block.code for block in sections()[title] if block.language == language]
    return found


def run(titles: list[str], release: Path, model: Path, settings: dict[str, Any]) -> dict[str, Any]:
    """Run the Python of these sections one after the other; return the names that it made.

    What readers are to fill in, in the first section, is filled in.
    """
    given = {"release": str(release), "model": str(model), "settings": settings}
    known: dict[str, Any] = {"__name__": "guide"}
    for title in titles:
        for language, code in sections()[title]:
            if language == "python":
                filled = _ASSIGNED.sub(lambda line: f"{line[1]} = {given[line[1]]!r}", code)
                exec(compile(filled, f"{GUIDE.name}, {title}", "exec"), known)
    return known
