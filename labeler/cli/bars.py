"""Bars: how far a command is, on the terminal of whoever waits for it, and nowhere else."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from labeler.jobs import Progress

WIDTH = 24
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

    def show(done: int, total: int, words: str, /) -> None:
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
