"""Uploads: files that were sent here, on disk for as long as they are read, or for a day."""

import hashlib
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import IO

from labeler import clock
from labeler.errors import NotFound
from labeler.said import say

BLOCK = 2**20
_GONE = say("That file is here no longer. Please send it again.")
_LAID = re.compile(r"[0-9a-f]{64}(\.[a-z]{1,8}){1,2}")
LONGEST = timedelta(days=1)
"""How long an upload may lie before it is what a killed process has left."""


@contextmanager
def kept(stream: IO[bytes], folder: Path, kind: str) -> Iterator[Path]:
    """Keep what comes in as a file whose name ends in `kind`; it is gone afterwards."""
    folder.mkdir(parents=True, exist_ok=True)
    _clear(folder)
    with tempfile.NamedTemporaryFile(dir=folder, suffix=kind) as file:
        shutil.copyfileobj(stream, file, BLOCK)
        file.flush()
        yield Path(file.name)


def lay(stream: IO[bytes], folder: Path, kind: str) -> str:
    """Keep what comes in for a day, so that it can be looked at before it is used.

    Returns the name of the file, which ends in `kind`: of the same content, the same.
    """
    with kept(stream, folder, kind) as path:
        with path.open("rb") as file:
            name = hashlib.file_digest(file, "sha256").hexdigest() + kind
        target = folder / name
        target.unlink(missing_ok=True)  # its day begins anew
        target.hardlink_to(path)
    return name


def laid(folder: Path, name: str) -> Path:
    """Return a file that was laid down here; raises NotFound when its day is over."""
    path = folder / name
    if not _LAID.fullmatch(name) or not path.is_file():
        raise NotFound(_GONE, fields={"kept": _GONE})
    return path


def _clear(folder: Path) -> None:
    oldest = (clock.now() - LONGEST).timestamp()
    for file in folder.iterdir():
        try:
            if file.stat().st_mtime < oldest:
                file.unlink()
        except FileNotFoundError:  # its own request was faster
            continue
