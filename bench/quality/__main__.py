"""Measure the statistics: `python -m bench.quality`, or a part such as `… consensus`."""

import argparse
import importlib
import os
import platform
import shlex
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from bench import machine, report
from bench.quality.rows import Row

PARTS = ("agreement", "consensus", "adaptive", "planning", "ranking", "boards", "signals")
"""Modules with `measure(seed) -> list[Row]`; one that is not there yet is left out."""
PAGE = Path(__file__).parents[2] / "docs" / "quality.md"
BEGIN = "<!-- figures: written by `make bench-quality` -->"
HEADS = "| what | should be | is | holds |\n| --- | --- | --- | --- |"


def main(arguments: Sequence[str]) -> None:
    """Measure, and print what was found; with --write put it into the documentation too."""
    options = _parser().parse_args(arguments)
    tables = [_table(part, options.seed) for part in options.parts or present()]
    facts = "\n".join(f"- {each}" for each in _facts(options.seed))
    made = f"Made by `{shlex.join(['python', '-m', 'bench.quality', *arguments])}`."
    told = "\n\n".join([made, facts, *tables])
    print(told)
    if options.write:
        report.write(told, PAGE, BEGIN)


def present() -> list[str]:
    """Return the parts that are there."""
    return [part for part in PARTS if find_spec(f"bench.quality.{part}")]


def table(part: str, rows: Sequence[Row]) -> str:
    """Return what a part found, in Markdown."""
    return "\n".join([f"### {part.capitalize()}", "", HEADS, *map(str, rows)])


def _table(part: str, seed: int) -> str:
    began = time.monotonic()
    rows = importlib.import_module(f"bench.quality.{part}").measure(seed)
    print(f"{part}: took {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    return table(part, rows)


def _facts(seed: int) -> Iterator[str]:
    yield f"Measured on {datetime.now(UTC):%Y-%m-%d}; seeds from {seed} on"
    yield f"{os.cpu_count()} cores ({machine.processor()}), {machine.memory_gb():.0f} GB of memory"
    yield f"Python {platform.python_version()}, numpy {version('numpy')}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m bench.quality", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--seed", type=int, default=0, help="of the first data set")
    parser.add_argument("--write", action="store_true", help=f"write into {PAGE.name}")
    return parser


if __name__ == "__main__":
    main(sys.argv[1:])
