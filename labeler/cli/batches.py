"""Batches: files of comparisons, each loaded whole or not at all, and arranged afterwards."""

import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click
from sqlalchemy.orm import Session

from labeler import config
from labeler.cli import installation, refusals
from labeler.database import Database
from labeler.errors import Conflict, Invalid
from labeler.people.memberships import Role
from labeler.work import arrangements, batches, leftovers, projects
from labeler.work.batches import Batch, Progress
from labeler.work.layouts import Layout

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
NEW_FILE = click.Path(dir_okay=False, path_type=Path)


@click.group()
def batch() -> None:
    """Load files of comparisons; say what goes first, and to whom."""


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
@click.option(
    "--language",
    metavar="TAG",
    help="Language of rows that name none, such as sw; if not said, the project's only one.",
)
@click.option(
    "--sensitive",
    "content",
    default="",
    metavar="LEVELS",
    help="What in all rows may be hard to read, such as violence:2,hate:1.",
)
@click.option(
    "--known-answers",
    is_flag=True,
    help="Make gold of what other layouts than labeler's own say was the better answer.",
)
@click.option(
    "--for-qualification",
    is_flag=True,
    help="Ask them before the work itself; every row needs a known answer.",
)
@click.option("--skip-bad", is_flag=True, help="Leave out bad rows instead of the whole file.")
@click.option(
    "--refused",
    type=NEW_FILE,
    metavar="FILE",
    help="Where --skip-bad writes the rows left out; if not said, NAME.refused.jsonl here.",
)
@installation.acts
@click.pass_context
def load(
    ctx: click.Context,
    slug: str,
    files: Sequence[Path],
    layout: str,
    language: str | None,
    content: str,
    known_answers: bool,
    for_qualification: bool,
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
        content=content,
        known_answers=known_answers,
        for_qualification=for_qualification,
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
                _report(file, progress, refused or Path(f"{file.name}.refused.jsonl"))
    ctx.exit(max(codes))


@batch.command("list")
@click.argument("slug", metavar="PROJECT")
@installation.acts
def list_(slug: str, actor: str | None) -> None:
    """List batches, newest first, and how each is arranged."""
    with installation.reading() as session:
        by = installation.acting(session, slug, actor)
        project = projects.find(session, slug, by=by, role=Role.owner)
        for found in batches.of_project(session, project.id):
            click.echo(_told(session, found))


@batch.command()
@click.argument("slug", metavar="PROJECT")
@click.argument("number", metavar="BATCH", type=click.IntRange(1, 2**63 - 1))
@click.option("--priority", type=int, help="Higher ones are given out first, then older ones.")
@click.option(
    "--cohort", "cohorts", metavar="NAME", multiple=True, help="A group that it is for; repeat it."
)
@click.option("--everybody", is_flag=True, help="It is for everybody, not for some groups only.")
@click.option(
    "--most-per-person", type=int, help="How many of its comparisons one person is given at most."
)
@click.option("--no-limit", is_flag=True, help="One person may be given all of them.")
@click.option("--judgments", type=int, help="How many are wanted on each comparison.")
@click.option(
    "--for-qualification/--for-work",
    "is_qualification",
    default=None,
    help="Whether they are asked before the work itself; all must be known answers.",
)
@installation.acts
def arrange(
    slug: str,
    number: int,
    priority: int | None,
    cohorts: Sequence[str],
    everybody: bool,
    most_per_person: int | None,
    no_limit: bool,
    judgments: int | None,
    is_qualification: bool | None,
    actor: str | None,
) -> None:
    """Say what goes first, whom it is for, how often it is judged.

    What is left out stays as it is. BATCH is a number that `labeler batch list` tells. All of it
    holds for what is given out from now on.
    """
    if (everybody and cohorts) or (no_limit and most_per_person is not None):
        raise click.UsageError("--everybody and --no-limit go without what they undo.")
    given: dict[str, Any] = {
        "priority": priority,
        "cohorts": list(cohorts) or None,
        "most_per_person": most_per_person,
        "judgments": judgments,
        "is_qualification": is_qualification,
    }
    said = {name: value for name, value in given.items() if value is not None}
    said |= {"cohorts": []} if everybody else {}
    said |= {"most_per_person": None} if no_limit else {}
    arrangement = arrangements.read(said)
    with installation.writing() as session:
        by = installation.acting(session, slug, actor)
        project = projects.find(session, slug, by=by, role=Role.owner)
        found = arrangements.find(session, project.id, number)
        for _ in arrangements.carry_out(session, found, arrangement, by=by):
            session.commit()
        click.echo(_told(session, found))


def _told(session: Session, found: Batch) -> str:
    """Write a batch in one line, with tabs between: number, file, arrangement."""
    wanted = arrangements.wanted(session, [found.id]).get(found.id, "-")
    arranged = (
        f"priority {found.priority}",
        f"for {' '.join(found.cohorts) or 'everybody'}",
        f"at most {found.most_per_person or 'all'} for one person",
        f"judgments {wanted}",
        *(["for qualification"] if found.is_qualification else []),
    )
    return "\t".join([str(found.id), found.name, *arranged])


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
