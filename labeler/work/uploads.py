"""Uploads: files that were sent here, on disk for as long as they are read."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import IO

from labeler import clock

BLOCK = 2**20
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


def _clear(folder: Path) -> None:
    oldest = (clock.now() - LONGEST).timestamp()
    for file in folder.iterdir():
        try:
            if file.stat().st_mtime < oldest:
                file.unlink()
        except FileNotFoundError:  # its own request was faster
            continue
