"""Bars: how far a command is, on the terminal of whoever waits for it, and nowhere else."""

import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from labeler.jobs import Progress

WIDTH = 24
EVERY_S = 0.1
"""How often a line is written at most: some tell of every row."""
_TO_THE_END = "\x1b[K"


@contextmanager
def bar() -> Iterator[Progress]:
    """Yield what is told how far it is, and shows it on standard error if that is a terminal.

    When the block ends the line is empty again.
    """
    out = sys.stderr
    if not out.isatty():
        yield _nowhere
        return

    last, until = "", 0.0

    def show(done: int, total: int, words: str, /) -> None:
        nonlocal last, until
        if words == last and time.monotonic() < until:
            return
        last, until = words, time.monotonic() + EVERY_S
        line = _line(done, total, words)[: shutil.get_terminal_size().columns - 1]
        out.write(f"\r{line}{_TO_THE_END}")
        out.flush()

    try:
        yield show
    finally:
        out.write(f"\r{_TO_THE_END}")
        out.flush()


def _line(done: int, total: int, words: str) -> str:
    if not total:
        return f"{words} {done:,}" if done else words
    share = min(done / total, 1)
    full = round(share * WIDTH)
    return f"[{'#' * full}{'.' * (WIDTH - full)}] {share:4.0%}  {words} {done:,} of {total:,}"


def _nowhere(_done: int, _total: int, _words: str, /) -> None:
    return
