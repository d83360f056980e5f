"""Damage such as a failing disk does, for tests of who notices."""

import sqlite3
from contextlib import closing
from pathlib import Path


def scribble(path: Path, index: str) -> None:
    """Overwrite the first page of an index of an SQLite database that nobody has open."""
    with closing(sqlite3.connect(path)) as database:
        (size,) = database.execute("PRAGMA page_size").fetchone()
        sought = "SELECT rootpage FROM sqlite_master WHERE name = ?"
        (page,) = database.execute(sought, [index]).fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)


def flip(path: Path, offset: int) -> None:
    """Alter one byte of a file."""
    with path.open("r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ 1]))
