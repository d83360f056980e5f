"""People: accounts, and the links that sign them in."""

import click
from sqlalchemy.orm import Session

from labeler import config
from labeler.cli import installation
from labeler.people import accounts, sign_ins
from labeler.people.accounts import Person

AS_WHOM = click.option("--as", "actor", metavar="EMAIL", help="Who does this, for the record.")


@click.group()
def person() -> None:
    """Make accounts, and links to sign in."""


@person.command()
@click.argument("email")
@click.argument("name")
@click.option("--admin", "is_admin", is_flag=True, help="May do everything in every project.")
@AS_WHOM
def create(email: str, name: str, is_admin: bool, actor: str | None) -> None:
    """Add a person and print a link that signs them in once."""

    def add(session: Session) -> tuple[Person, str]:
        by = _actor(session, actor)
        made = accounts.create(session, email, name, by=by, is_admin=is_admin)
        return made, sign_ins.make_link(session, made, by=by)

    made, secret = installation.write(add)
    click.echo(f"{made.name} <{made.email}> is here now.")
    show_link(secret)


@person.command()
@click.argument("email")
@AS_WHOM
def link(email: str, actor: str | None) -> None:
    """Print a new link that signs a person in once."""

    def make(session: Session) -> str:
        person = accounts.find(session, email)
        return sign_ins.make_link(session, person, by=_actor(session, actor))

    show_link(installation.write(make))


def show_link(secret: str) -> None:
    """Print a sign-in link and how long it works."""
    click.echo(f"This link signs in once, within {sign_ins.LINK_LASTS.days} days:")
    click.echo(config.load().link(secret))


def _actor(session: Session, email: str | None) -> Person | None:
    return accounts.find(session, email) if email else None
