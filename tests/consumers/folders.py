"""Where the files of a release are, and what is in them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SPLITS = ("train", "test")
MESSAGES_ONLY = ("openai", "llamafactory", "nemo")
"""Formats that come in JSON lines alone, in a folder of their own."""


def lines(release: Path, name: str, split: str) -> list[dict[str, Any]]:
    """Read a file of JSON lines."""
    path = lines_path(release, name, split)
    # Not splitlines: texts may hold other characters that it takes for the end of a line.
    return [json.loads(line) for line in path.read_text("utf-8").split("\n") if line]


def lines_path(release: Path, name: str, split: str) -> Path:
    """Return where the JSON lines of a format are."""
    if name in MESSAGES_ONLY:
        return release / name / f"{split}.jsonl"
    return release / "jsonl" / f"{name}-{split}.jsonl"


def pairs(release: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each pair of `dpo` with its split: what other formats have to agree with."""
    for split in SPLITS:
        for row in lines(release, "dpo", split):
            yield split, row
