"""Releases on the command line: cut one, cut one again, check one, list them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from sqlalchemy.orm import Session

from exports import releases, selection
from exports.releases import Cut, Release
from labeler import config
from labeler.cli import installation, migrating
from labeler.database import Database
from labeler.people import accounts, memberships
from labeler.people.accounts import Person
from labeler.people.memberships import Role
from labeler.work import projects
from labeler.work.drafts import ProjectDraft
from labeler.work.migrated.storing import Moved
from labeler.work.projects import Project, ProjectState

FOLDER = click.Path(path_type=Path)
out = click.option(
    "--out", required=True, type=FOLDER, metavar="DIR", help="A folder that is not there yet."
)


@click.group()
def release() -> None:
    """Turn judgments into datasets."""


@release.command()
@click.argument("slug", metavar="PROJECT")
@out
@click.option(
    "--min-judgments",
    type=int,
    help="Fewest judgments on a comparison; as many as the project asks for if left out.",
)
@click.option(
    "--min-margin",
    type=int,
    default=1,
    show_default=True,
    help="Votes by which the better answer must be ahead of the other.",
)
@click.option(
    "--min-agreement",
    type=float,
    default=0.0,
    show_default=True,
    help="Least share of all votes that the better answer must have, from 0 to 1.",
)
@click.option(
    "--language",
    "languages",
    multiple=True,
    metavar="TAG",
    help="Take only this language; may come several times.",
)
@click.option(
    "--test-share",
    type=float,
    default=0.1,
    show_default=True,
    help="Share of prompts kept for testing, from 0 to 1.",
)
@click.option(
    "--licence",
    default="other",
    show_default=True,
    metavar="ID",
    help="Short name of the dataset's licence, such as cc-by-4.0.",
)
@installation.acts
def cut(slug: str, out: Path, languages: Sequence[str], actor: str | None, **rules: Any) -> None:
    """Cut a release: pairs for preference training, in Parquet and JSON lines.

    In DIR it comes with a dataset card and a manifest, so that datasets.load_dataset reads it.
    While nothing has happened since the last release and the rules are the same, it is that one
    again, byte for byte.
    """
    criteria = selection.read_criteria(rules | {"languages": languages or None})

    def plan(session: Session) -> Cut:
        by = installation.acting(session, slug, actor)
        project = projects.find(session, slug, by=by, role=Role.owner)
        return releases.plan(session, project, criteria)

    with installation.connected(config.load()) as database:
        planned = installation.written(database, plan)
        _show(_write(database, planned, out, actor), out)


@release.command()
@click.argument("slug", metavar="PROJECT")
@click.argument("number", type=int)
@out
@installation.acts
def again(slug: str, number: int, out: Path, actor: str | None) -> None:
    """Write a release again as it was, whatever has been judged since."""
    with installation.connected(config.load()) as database:
        with database.reading() as session:
            by = installation.acting(session, slug, actor)
            project = projects.find(session, slug, by=by, role=Role.owner)
            planned = releases.cut_of(project, releases.find(session, project, number))
        _show(_write(database, planned, out, actor), out)


@release.command()
@click.argument("folder", metavar="DIR", type=click.Path(exists=True, path_type=Path))
def verify(folder: Path) -> None:
    """Check a release, anywhere; exits 1 naming what is wrong."""
    from exports import verification

    faults = verification.verify(folder)
    for fault in faults:
        click.echo(fault, err=True)
    if faults:
        raise click.ClickException(f"{folder} is not the release that was cut.")
    click.echo(f"{folder} is whole.")


@release.command()
@click.argument(
    "folder", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path)
)
@click.option("--project", "slug", metavar="PROJECT", help="Into which project.")
@click.option("--owner", metavar="EMAIL", help="Make a new project of it, for this person.")
@click.option("--skip-bad", is_flag=True, help="Leave out bad comparisons instead of everything.")
@click.option(
    "--as",
    "actor",
    metavar="EMAIL",
    help="Who does this; if left out, the project's first owner, or the first administrator.",
)
def load(
    folder: Path, slug: str | None, owner: str | None, skip_bad: bool, actor: str | None
) -> None:
    """Load a release: its comparisons, with all judgments and skips.

    It is verified first. Whoever judged comes under the pseudonym of the release, as somebody who
    cannot sign in and is paid nothing. A new project is paused, and its form fits what was said.
    """
    from exports import fitting, loading, verification

    if (slug is None) == (owner is None):
        raise click.UsageError("Say --project or --owner.")
    if faults := verification.verify(folder):
        told = "\n".join(faults)
        raise click.ClickException(f"{folder} is not a whole release:\n{told}")
    draft = fitting.draft(folder) if owner else None

    def store(session: Session) -> Moved:
        if slug is not None:
            by = installation.acting(session, slug, actor)
            project = projects.find(session, slug, by=by, role=Role.owner)
        else:
            assert draft is not None and owner is not None
            project, by = _made(session, draft, owner, actor)
        return loading.load(session, project, folder, by=by, skip_bad=skip_bad)

    with installation.connected(config.load()) as database:
        moved = installation.written(database, store)
    migrating.report(folder, moved, Path(f"{folder.name}.refused.jsonl"))


def _made(
    session: Session, draft: ProjectDraft, owner: str, actor: str | None
) -> tuple[Project, Person]:
    """Make a paused project for somebody; return it with who makes it."""
    owning = accounts.find(session, owner)
    by = accounts.find(session, actor) if actor else installation.first_admin(session) or owning
    project = projects.create(session, draft, by=by)
    if by is not owning:
        memberships.grant(session, project.id, owning, Role.owner, by=by)
        memberships.remove(session, project.id, by, by=by)
    projects.move(session, project, ProjectState.paused, by=by)
    return project, by


@release.command("list")
@click.argument("slug", metavar="PROJECT")
@installation.acts
def list_(slug: str, actor: str | None) -> None:
    """List the releases of a project: number, moment, pairs, folder."""
    with installation.reading() as session:
        by = installation.acting(session, slug, actor)
        project = projects.find(session, slug, by=by, role=Role.owner)
        for found in releases.of_project(session, project.id):
            moment = f"{found.cut_at:%Y-%m-%d %H:%M}"
            click.echo(f"{found.number}\t{moment}\t{found.rows}\t{found.folder}")


def _write(database: Database, planned: Cut, target: Path, actor: str | None) -> Release:
    from exports import cutting

    data = config.load().data
    with cutting.staged(planned, database.reading, target) as manifest:

        def record(session: Session) -> Release:
            by = installation.acting(session, planned.slug, actor)
            return releases.record(session, planned, manifest, target=target, data=data, by=by)

        return installation.written(database, record)


def _show(made: Release, out: Path) -> None:
    click.echo(
        f"Release {made.number} is in {out}: {made.rows:,} pairs; "
        f"comparisons left out: {made.left_out:,}."
    )
