"""The rows that a load left out, written down with reasons, so that they can be mended and tried
again."""

import gzip
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, cast

from labeler.work.layouts import Refused

LONGEST = 1_000_000
"""Bytes of a row that are worth handing back."""


def keep(folder: Path, batch_id: int, source: Path, refused: Sequence[Refused]) -> None:
    """Write a batch's refused rows to where `kept` finds them, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = _home(folder, batch_id).with_suffix(".part")
    try:
        write(unfinished, source, refused)
        unfinished.replace(_home(folder, batch_id))
    finally:
        unfinished.unlink(missing_ok=True)


def kept(folder: Path, batch_id: int) -> Path | None:
    """Return the file of a batch's refused rows, if there is one here."""
    path = _home(folder, batch_id)
    return path if path.is_file() else None


def _home(folder: Path, batch_id: int) -> Path:
    return folder / f"{batch_id}.jsonl"


def write(path: Path, source: Path, refused: Sequence[Refused]) -> None:
    """Write each refused row of `source` as a line of JSON: line, field, reason, and its text.

    The text is there where a row is a line of the source, and not beyond all bounds.
    """
    rows = sorted(refused, key=lambda row: row.line)
    texts = _texts(source, [row.line for row in rows])
    with path.open("w", encoding="utf-8") as file:
        for row, text in zip(rows, texts, strict=True):
            said = {"line": row.line, "field": row.field, "reason": row.reason}
            file.write(json.dumps(said if text is None else {**said, "text": text}) + "\n")


def _texts(source: Path, numbers: Sequence[int]) -> Iterator[str | None]:
    name = source.name.lower()
    if not name.endswith((".jsonl", ".jsonl.gz")):
        yield from (None for _ in numbers)
        return
    packed = name.endswith(".gz")
    with gzip.open(source) if packed else source.open("rb") as stream:
        lines = enumerate(_lines(cast(BinaryIO, stream)), start=1)
        for wanted in numbers:
            yield next(text for number, text in lines if number == wanted)


def _lines(stream: BinaryIO) -> Iterator[str | None]:
    while line := stream.readline(LONGEST):
        text = line.decode("utf-8", "replace").rstrip("\r\n")
        whole = len(line) < LONGEST or line.endswith(b"\n")
        while line and not line.endswith(b"\n"):
            line = stream.readline(LONGEST)
        yield text if whole else None
