"""Batches: files of comparisons, each loaded whole or not at all."""

import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import click

from labeler import config
from labeler.cli import installation, leftovers, refusals
from labeler.database import Database
from labeler.errors import Conflict, Invalid
from labeler.people.memberships import Role
from labeler.work import batches, projects
from labeler.work.batches import Progress
from labeler.work.layouts import Layout

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
NEW_FILE = click.Path(dir_okay=False, path_type=Path)


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
    help="How the rows are written.",
)
@click.option("--language", metavar="TAG", help="Language of rows that name none, such as sw.")
@click.option(
    "--known-answers",
    is_flag=True,
    help="Make gold of what a layout with chosen and rejected answers knows.",
)
@click.option("--skip-bad", is_flag=True, help="Leave out bad rows instead of the whole file.")
@click.option(
    "--refused",
    type=NEW_FILE,
    metavar="FILE",
    help="Where --skip-bad writes the rows left out; FILE.refused.jsonl if left out.",
)
@installation.acts
@click.pass_context
def load(
    ctx: click.Context,
    slug: str,
    files: Sequence[Path],
    layout: str,
    language: str | None,
    known_answers: bool,
    skip_bad: bool,
    refused: Path | None,
    actor: str | None,
) -> None:
    """Load files of comparisons, each whole or not at all.

    Takes .jsonl, .jsonl.gz, .csv and .parquet. A file that was loaded before is not loaded again.
    A file that cannot be loaded does not keep the next ones out; the exit code tells of it.
    """
    if refused and len(files) > 1:
        raise click.UsageError("--refused goes with a single file.")
    load_file = partial(
        batches.load_file,
        layout=Layout(layout),
        language=language,
        known_answers=known_answers,
        skip_bad=skip_bad,
    )
    codes = [0]
    with installation.connected(config.load()) as database:
        for file in files:
            try:
                progress = _load(database, slug, file, actor, load_file)
            except (Invalid, Conflict) as refusal:
                click.echo(f"{file}: {refusals.told(refusal)}", err=True)
                codes.append(refusals.ending(refusal).exit_code)
            else:
                _report(file, progress, refused or file.with_name(f"{file.name}.refused.jsonl"))
    ctx.exit(max(codes))


def _load(
    database: Database,
    slug: str,
    file: Path,
    actor: str | None,
    load_file: Callable[..., Iterator[Progress]],
) -> Progress:
    with database.reading() as still:
        by = installation.acting(still, slug, actor)
        project = projects.find(still, slug, by=by, role=Role.owner)
    with database.writing() as session:
        for progress in load_file(session, project, file, name=file.name, by=by):
            session.commit()
            _show(progress)
    return progress


def _show(progress: Progress) -> None:
    if sys.stderr.isatty():
        told = f"\r{progress.loaded:,} loaded, {len(progress.refused):,} left out"
        click.echo(told, nl=False, err=True)


def _report(file: Path, progress: Progress, leftovers_file: Path) -> None:
    if sys.stderr.isatty():
        click.echo(err=True)
    if not progress.refused:
        click.echo(f"{file}: {progress.loaded:,} loaded.")
        return
    leftovers.write(leftovers_file, file, progress.refused)
    left_out = f"{len(progress.refused):,} left out; {leftovers_file} says why."
    click.echo(f"{file}: {progress.loaded:,} loaded, {left_out}")
