"""Releases on the command line: cut one, cut one again, check one, list them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, get_args

import click
from sqlalchemy.orm import Session

from exports import orders, publishing
from exports.choosing import criteria
from exports.choosing.criteria import FORMATS, Aggregation
from exports.kept import releases
from exports.kept.releases import Cut, Release
from exports.keys_cli import key
from exports.making import clusters
from exports.making.crews import Alone, Crew
from labeler import config
from labeler.cli import bars, installation, migrating
from labeler.cli.projects import create_for
from labeler.database import Database
from labeler.people import accounts
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


release.add_command(key)


@release.command()
@click.argument("slug", metavar="PROJECT")
@out
@click.option(
    "--rules",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Rules in TOML; what is said here goes before them.",
)
@click.option(
    "--format",
    "formats",
    multiple=True,
    type=click.Choice(["all", *FORMATS]),
    help="What to write; may come several times. At first comparisons and dpo.",
)
@click.option(
    "--min-judgments",
    type=int,
    help="Fewest judgments on a comparison; as many as the project asks for if left out.",
)
@click.option(
    "--aggregation",
    type=click.Choice(get_args(Aggregation)),
    help="How judgments come to one answer: by votes (majority), or by a model of them.",
)
@click.option(
    "--min-margin", type=int, help="Votes by which the better answer must be ahead of the other."
)
@click.option(
    "--min-agreement",
    type=float,
    help="Least share of all votes that the better answer must have, from 0 to 1.",
)
@click.option(
    "--min-posterior",
    type=float,
    help="Least probability that the better answer is the better one, from 0 to 1.",
)
@click.option(
    "--language",
    "languages",
    multiple=True,
    metavar="TAG",
    help="Take only this language; may come several times.",
)
@click.option(
    "--batch", "batches", multiple=True, metavar="NAME", help="Take only this batch, or these."
)
@click.option("--since", metavar="DAY", help="Take only judgments from this day on, 2026-11-23.")
@click.option("--until", metavar="DAY", help="Take only judgments up to this day.")
@click.option("--max-tokens", type=int, help="Most tokens of a row, estimated.")
@click.option("--test-share", type=float, help="Share of prompts kept for testing, from 0 to 1.")
@click.option(
    "--licence", metavar="ID", help="Short name of the dataset's licence, such as cc-by-4.0."
)
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Let the workers of this scheduler of Dask make it, such as tcp://10.0.0.1:8786.",
)
@installation.acts
def cut(
    slug: str,
    out: Path,
    rules: Path | None,
    scheduler: str | None,
    actor: str | None,
    **said: Any,
) -> None:
    """Cut a release: datasets made of what was judged, in the formats asked for.

    In DIR they come with a dataset card and a manifest, so that datasets.load_dataset reads them.
    While nothing has happened since the last release and the rules are the same, it is that one
    again, byte for byte. docs/release-format.md names every rule that FILE may hold. How far it is
    stands on standard error, if that is a terminal.
    """
    given = criteria.read_toml(rules) if rules else {}
    given |= {name: value for name, value in said.items() if value not in (None, ())}
    if "all" in given.get("formats", ()):
        given["formats"] = FORMATS
    wanted = criteria.read(given)

    def plan(session: Session) -> Cut:
        by = installation.acting(session, slug, actor)
        project = projects.find(session, slug, by=by, role=Role.owner)
        return orders.plan(session, project, wanted)

    with installation.connected(config.load()) as database:
        planned = installation.written(database, plan)
        _show(_write(database, planned, out, actor, scheduler), out)


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
            found = releases.find(session, project, number)
            publishing.require_there(found)
            planned = releases.cut_of(project, found)
        _show(_write(database, planned, out, actor), out)


@release.command()
@click.argument("folder", metavar="DIR", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--key",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Keys that you trust: one in PEM, or a site's /.well-known/labeler-keys.json.",
)
def verify(folder: Path, key: Path | None) -> None:
    """Check a release, anywhere; exits 1 naming what is wrong."""
    from exports.checking import verification
    from exports.proof import keys

    faults = verification.verify(folder, keys.read_trusted(key) if key else None)
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
    from exports import fitting, loading
    from exports.checking import verification

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
    project = create_for(session, draft, owning, by=by)
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


@release.command()
@click.argument("slug", metavar="PROJECT")
@click.argument("number", type=int)
@installation.acts
def publish(slug: str, number: int, actor: str | None) -> None:
    """Tell everybody in the project of a release; its files are checked first."""
    data = config.load().data

    def step(session: Session) -> None:
        by, found = _found(session, slug, number, actor)
        publishing.publish(session, found, data=data, by=by)

    installation.write(step)
    click.echo(f"Release {number} of {slug} is published.")


@release.command()
@click.argument("slug", metavar="PROJECT")
@click.argument("number", type=int)
@click.option("--because", required=True, metavar="TEXT", help="Why, for everybody to read.")
@installation.acts
def withdraw(slug: str, number: int, because: str, actor: str | None) -> None:
    """Withdraw a release for ever: its files go, and a tombstone stands in their place.

    Copies that others have are out of reach. The number is never given again.
    """
    data = config.load().data

    def step(session: Session) -> Release:
        by, found = _found(session, slug, number, actor)
        publishing.withdraw(session, found, because, by=by)
        return found

    publishing.bury(installation.write(step), slug, data)
    click.echo(f"Release {number} of {slug} is withdrawn.")


@release.command()
@click.argument("before", metavar="DIR", type=click.Path(exists=True, path_type=Path))
@click.argument("after", metavar="DIR", type=click.Path(exists=True, path_type=Path))
def diff(before: Path, after: Path) -> None:
    """Say what became of each comparison from one release to another, by reason."""
    from exports.checking import diffs

    found = diffs.diff(before, after)
    for name, (old, new) in found.criteria.items():
        click.echo(f"{name}: {old} before, {new} after")
    for (old, new), count in sorted(found.changes.items()):
        examples = ", ".join(found.examples[old, new][:3])
        click.echo(f"{count}\t{old}\t{new}\t{examples}")
    click.echo(f"{found.unchanged}\tunchanged")


def _found(session: Session, slug: str, number: int, actor: str | None) -> tuple[Person, Release]:
    by = installation.acting(session, slug, actor)
    project = projects.find(session, slug, by=by, role=Role.owner)
    return by, releases.find(session, project, number)


def _write(
    database: Database,
    planned: Cut,
    target: Path,
    actor: str | None,
    scheduler: str | None = None,
) -> Release:
    from exports.making import cutting
    from exports.proof import keys

    settings = config.load()
    signer, data = keys.current(settings.data), settings.data
    with (
        _crew(scheduler) as crew,
        bars.bar() as progress,
        cutting.staged(
            planned,
            clusters.Reader(settings.database) if scheduler else database.reading,
            target,
            signer=signer,
            progress=progress,
            crew=crew,
        ) as whole,
    ):

        def record(session: Session) -> Release:
            by = installation.acting(session, planned.slug, actor)
            return releases.record(session, planned, whole, target=target, data=data, by=by)

        return installation.written(database, record)


@contextmanager
def _crew(scheduler: str | None) -> Iterator[Crew]:
    """Yield who does the work: the workers of a scheduler of Dask, or this process alone."""
    if scheduler is None:
        yield Alone()
        return
    with clusters.connect(scheduler) as client:
        yield clusters.Cluster(client)


def _show(made: Release, out: Path) -> None:
    click.echo(
        f"Release {made.number} is in {out}: {made.rows:,} comparisons with a better answer; "
        f"left out: {made.left_out:,}."
    )
