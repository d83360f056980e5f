"""Batches: files of comparisons, loaded whole or not at all."""

import gzip
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click
from sqlalchemy.orm import Session

from labeler import config
from labeler.cli import installation
from labeler.database import Database
from labeler.errors import Invalid, Refusal
from labeler.people.memberships import Role
from labeler.work import batches, layouts, projects
from labeler.work.batches import Progress
from labeler.work.layouts import Layout, Refused

LONGEST_TEXT = 1_000_000
"""Bytes of a refused row that are worth handing back."""
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def batch() -> None:
    """Load files of comparisons."""


@batch.command()
@click.argument("slug", metavar="PROJECT")
@click.argument("files", metavar="FILE…", nargs=-1, required=True, type=FILE)
@click.option(
    "--layout",
    type=click.Choice([layout.value for layout in Layout]),
    default=Layout.auto.value,
    show_default=True,
    help="What the rows look like.",
)
@click.option("--language", metavar="TAG", help="Language of rows that name none, such as sw.")
@click.option(
    "--known-answers",
    is_flag=True,
    help="Make gold of the answers that a layout with chosen and rejected knows.",
)
@click.option("--skip-bad", is_flag=True, help="Leave out bad rows instead of the whole file.")
@click.option(
    "--refused",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where rows left out are written, with reasons; if left out, beside each file.",
)
@installation.acts
def load(slug: str, files: Sequence[Path], actor: str | None, **reading: Any) -> None:
    """Load files of comparisons, each whole or not at all.

    Takes .jsonl, .jsonl.gz, .csv and .parquet. A file that was loaded before is not loaded again.
    What is wrong with one file does not keep the others out; the exit code tells of it.
    """
