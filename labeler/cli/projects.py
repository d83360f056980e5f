"""Projects: made from a file, listed, moved from state to state, and given people."""

import tomllib
from pathlib import Path
from typing import Any

import click
import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler.cli import installation, people
from labeler.errors import Invalid, NotFound
from labeler.people import accounts, memberships, sign_ins
from labeler.people.accounts import Person
from labeler.people.memberships import Role
from labeler.work import projects
from labeler.work.projects import Project, ProjectDraft, ProjectState

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def project() -> None:
    """Make projects, pause them, invite people."""


@project.command()
@click.argument("file", type=FILE)
@click.option(
    "--owner", metavar="EMAIL", help="Whose project it becomes; if left out, of who does this."
)
@click.option(
    "--as",
    "actor",
    metavar="EMAIL",
    help="Who does this; if left out, the first administrator.",
)
def create(file: Path, owner: str | None, actor: str | None) -> None:
    """Make a project as a TOML file describes it."""
    draft = projects.read_draft(_read_toml(file))
    with installation.writing() as session:
        owning = accounts.find(session, owner) if owner else None
        by = accounts.find(session, actor) if actor else installation.first_admin(session) or owning
        if by is None:
            raise NotFound("There is no administrator yet; --as says who does this.")
        made = _create_for(session, draft, owning or by, by=by)
        session.commit()
    click.echo(f"Made the project {made.slug}: {made.title}")


@project.command("list")
def list_() -> None:
    """List every project with its state."""
    with installation.reading() as session:
        for found in session.scalars(sa.select(Project).order_by(Project.slug)):
            click.echo(f"{found.slug}\t{found.state.value}\t{found.title}")


@project.command()
@click.argument("slug")
@installation.acts
def pause(slug: str, actor: str | None) -> None:
    """Give out no work for now; what was begun may be finished."""
    _move(slug, ProjectState.paused, actor)


@project.command()
@click.argument("slug")
@installation.acts
def resume(slug: str, actor: str | None) -> None:
    """Give out work again."""
    _move(slug, ProjectState.active, actor)


@project.command()
@click.argument("slug")
@installation.acts
def close(slug: str, actor: str | None) -> None:
    """Give out no work any more; begun work may still be handed in."""
    _move(slug, ProjectState.closed, actor)


@project.command()
@click.argument("slug")
@click.argument("email")
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    default=Role.annotator.value,
    show_default=True,
    help="What they do in the project.",
)
@installation.acts
def invite(slug: str, email: str, name: str, role: str, actor: str | None) -> None:
    """Give a person a role and print a link that signs them in once.

    An account is made if there is none; the name of one that is there stays.
    """
    with installation.writing() as session:
        by = installation.acting(session, slug, actor)
        found = projects.find(session, slug, by=by, role=Role.owner)
        invited = accounts.find_or_create(session, email, name, by=by)
        memberships.invite(session, found.id, invited, Role(role), by=by)
        secret = sign_ins.make_link(session, invited, by=by)
        session.commit()
    click.echo(f"{invited.name} <{invited.email}> is {role} of {slug}.")
    people.show_link(secret)


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except ValueError as error:
        raise Invalid(f"{file} is not a TOML file: {error}") from None


def _create_for(session: Session, draft: ProjectDraft, owner: Person, *, by: Person) -> Project:
    made = projects.create(session, draft, by=by)
    if by is not owner:
        memberships.grant(session, made.id, owner, Role.owner, by=by)
        memberships.remove(session, made.id, by, by=by)
    return made


def _move(slug: str, state: ProjectState, actor: str | None) -> None:
    with installation.writing() as session:
        by = installation.acting(session, slug, actor)
        projects.move(session, projects.find(session, slug, by=by, role=Role.owner), state, by=by)
        session.commit()
    click.echo(f"{slug} is {state.value}.")
