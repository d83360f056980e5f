"""Real files of pairs, which lie beside the checkout and are not part of it."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2].parent / "shared" / "data"


@dataclass(frozen=True)
class RealFile:
    """A file: how many of its rows are pairs, and how a row says which answers they are."""

    name: str
    rows: int
    read: Callable[[dict[str, Any]], tuple[str, str]]
    written_by: tuple[str, str] = ("", "")
    """The models of the two answers that `read` returns."""
    bad_line: int | None = None
    folder: Path = FOLDER

    @property
    def slug(self) -> str:
        """What its project is called."""
        return re.sub("[^a-z0-9]+", "-", self.path.stem)

    @property
    def path(self) -> Path:
        return self.folder / self.name

    def head(self, folder: Path, lines: int) -> "RealFile":
        """Write the first lines of it into a folder, as a file that is read in the same way."""
        short = replace(self, folder=folder, rows=lines - (self.bad_line is not None))
        with self.path.open("rb") as file:
            short.path.write_bytes(b"".join(islice(file, lines)))
        return short

    def pairs(self) -> Iterator[tuple[str, str]]:
        """Yield the answers of each pair, the one that passes for the better first."""
        with self.path.open(encoding="utf-8") as file:
            for line in file:
                better, other = self.read(json.loads(line))
                if better != other:
                    yield better, other

    def models(self) -> dict[str, str]:
        """Return the model of every answer."""
        pairs = (zip(pair, self.written_by, strict=True) for pair in self.pairs())
        return {answer: model for pair in pairs for answer, model in pair}


MODELS = ("gpt-4o-2024-05-13", "mistral-large-2402")
SIDES = ("chosen", "rejected")


def _native(row: dict[str, Any]) -> tuple[str, str]:
    by_model = {response["model"]: response["text"] for response in row["responses"]}
    return by_model[MODELS[0]], by_model[MODELS[1]]


def _transcripts(row: dict[str, Any]) -> tuple[str, str]:
    chosen, rejected = (row[side].rpartition("\n\nAssistant:")[2].strip() for side in SIDES)
    return chosen, rejected


def _messages(row: dict[str, Any]) -> tuple[str, str]:
    chosen, rejected = (row[side][-1]["content"] for side in SIDES)
    return chosen, rejected


FILES = (
    RealFile("mistral-large_vs_gpt-4o.jsonl", 804, _native, MODELS, bad_line=263),
    RealFile("hh-layout.jsonl", 300, _transcripts),
    RealFile("ultrafeedback-layout.jsonl", 200, _messages),
)
