"""Projects: made from a file, listed, moved from state to state, and given people."""

import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click
import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler.cli import installation, people
from labeler.errors import Invalid, NotFound
from labeler.people import accounts, memberships, sign_ins
from labeler.people.accounts import Person
from labeler.people.memberships import Membership, Role
from labeler.work import drafts, projects
from labeler.work.drafts import ProjectDraft
from labeler.work.projects import Project, ProjectState

Command = TypeVar("Command", bound=Callable[..., Any])
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def _placing(command: Command) -> Command:
    """Add the options that say what a person judges."""
    groups = click.option(
        "--cohort", "cohorts", metavar="NAME", multiple=True, help="A group of theirs; repeat it."
    )
    tags = click.option(
        "--language",
        "languages",
        metavar="TAG",
        multiple=True,
        help="A language that they judge in; repeat it. pt also means pt-BR.",
    )
    where = click.option("--place", "where", metavar="CODE", help="Where they work, such as KE.")
    return tags(groups(where(command)))


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
    draft = drafts.read(_read_toml(file))

    def make(session: Session) -> Project:
        owning = accounts.find(session, owner) if owner else None
        by = accounts.find(session, actor) if actor else installation.first_admin(session) or owning
        if by is None:
            raise NotFound("There is no administrator yet; --as says who does this.")
        return create_for(session, draft, owning or by, by=by)

    made = installation.write(make)
    click.echo(f"Made the project {made.slug}: {made.title}")


@project.command()
@click.argument("slug")
@click.argument("file", type=FILE)
@installation.acts
def ask(slug: str, file: Path, actor: str | None) -> None:
    """Ask what the table [rubric] of a TOML file says, from now on.

    What was judged, and what is open, keeps the form that it was given.
    """
    draft = drafts.read_rubric(_read_toml(file).get("rubric", {}))

    def change(session: Session) -> tuple[int, bool]:
        by = installation.acting(session, slug, actor)
        found = projects.find(session, slug, by=by, role=Role.owner)
        is_new = projects.ask(session, found, draft, by=by)
        return found.rubric_number, is_new

    number, is_new = installation.write(change)
    click.echo(f"{slug} asks by form {number}{'' if is_new else ', as before'}.")


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
@_placing
@installation.acts
def invite(
    slug: str,
    email: str,
    name: str,
    role: str,
    languages: Sequence[str],
    cohorts: Sequence[str],
    where: str | None,
    actor: str | None,
) -> None:
    """Give a person a role and print a link that signs them in once.

    An account is made if there is none; the name of one that is there stays.
    """
    placement = memberships.read_placement(_said(languages, cohorts, where))

    def add(session: Session) -> tuple[Person, str]:
        by = installation.acting(session, slug, actor)
        found = projects.find(session, slug, by=by, role=Role.owner)
        invited = accounts.find_or_create(session, email, name, by=by)
        memberships.invite(session, found.id, invited, Role(role), by=by)
        memberships.place(session, found.id, invited, placement, by=by)
        return invited, sign_ins.make_link(session, invited, by=by)

    invited, secret = installation.write(add)
    click.echo(f"{invited.name} <{invited.email}> is {role} of {slug}.")
    people.show_link(secret)


@project.command()
@click.argument("slug")
@click.argument("email")
@_placing
@click.option("--any-language", is_flag=True, help="They judge in every language.")
@click.option("--no-cohort", is_flag=True, help="They belong to no group.")
@click.option("--no-place", is_flag=True, help="They are paid by the rate for everywhere.")
@installation.acts
def place(
    slug: str,
    email: str,
    languages: Sequence[str],
    cohorts: Sequence[str],
    any_language: bool,
    no_cohort: bool,
    where: str | None,
    no_place: bool,
    actor: str | None,
) -> None:
    """Say what a person judges, languages and groups, and where they work.

    What is left out stays as it is. It holds for what they are given from now on.
    """
    if (any_language and languages) or (no_cohort and cohorts) or (no_place and where):
        raise click.UsageError(
            "--any-language, --no-cohort and --no-place go without what they undo."
        )
    said = _said(languages, cohorts, "" if no_place else where)
    said |= {"languages": []} if any_language else {}
    said |= {"cohorts": []} if no_cohort else {}
    placement = memberships.read_placement(said)

    def put(session: Session) -> tuple[Person, Membership]:
        by = installation.acting(session, slug, actor)
        found = projects.find(session, slug, by=by, role=Role.owner)
        person = accounts.find(session, email)
        memberships.place(session, found.id, person, placement, by=by)
        return person, memberships.part_of(session, found.id, person.id)

    person, part = installation.write(put)
    works = f"; works in {part.place}" if part.place else ""
    click.echo(
        f"{person.name} judges {' '.join(part.languages) or 'every language'}; "
        f"groups: {' '.join(part.cohorts) or 'none'}{works}."
    )


def _said(languages: Sequence[str], cohorts: Sequence[str], where: str | None) -> dict[str, Any]:
    given = {"languages": list(languages), "cohorts": list(cohorts)}
    said: dict[str, Any] = {name: words for name, words in given.items() if words}
    return said if where is None else said | {"place": where}


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except ValueError as error:
        raise Invalid(f"{file} is not a TOML file: {error}") from None


def create_for(session: Session, draft: ProjectDraft, owner: Person, *, by: Person) -> Project:
    """Make a project that somebody else owns, or whoever makes it."""
    made = projects.create(session, draft, by=by)
    if by is not owner:
        memberships.grant(session, made.id, owner, Role.owner, by=by)
        memberships.remove(session, made.id, by, by=by)
    return made


def _move(slug: str, state: ProjectState, actor: str | None) -> None:
    def move(session: Session) -> None:
        by = installation.acting(session, slug, actor)
        projects.move(session, projects.find(session, slug, by=by, role=Role.owner), state, by=by)

    installation.write(move)
    click.echo(f"{slug} is {state.value}.")
