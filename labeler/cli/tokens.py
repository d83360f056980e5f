"""Tokens: what a program shows to the JSON API in a person's name."""

from collections.abc import Sequence

import click
from sqlalchemy.orm import Session

from labeler.cli import installation
from labeler.people import accounts, tokens
from labeler.people.tokens import Scope


@click.group()
def token() -> None:
    """Make tokens for the JSON API."""


@token.command()
@click.argument("email")
@click.option("--label", default="", help="What it is for, in a few words.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice([scope.value for scope in Scope]),
    help="What it may be used for; repeat for several. All of them if left out.",
)
def create(email: str, label: str, scopes: Sequence[str]) -> None:
    """Make a token for a person and print it, for this once."""
    wanted = [Scope(scope) for scope in scopes] or list(Scope)

    def make(session: Session) -> str:
        person = accounts.find(session, email)
        return tokens.create(session, person, label=label, scopes=wanted)

    click.echo(installation.write(make))
    click.echo("Keep it: it is not shown again.", err=True)
