"""The commands: thin functions that read what was typed, call a verb, commit and print."""

import gc
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import click
from sqlalchemy.exc import DBAPIError, OperationalError

import labeler
from labeler.cli import corrections, generating, refusals
from labeler.cli.backups import backup, restore
from labeler.cli.batches import batch
from labeler.cli.calling import call
from labeler.cli.databases import db
from labeler.cli.demonstration import demo
from labeler.cli.endpoints import endpoint
from labeler.cli.keeping import retention
from labeler.cli.ledgers import ledger
from labeler.cli.migrating import migrate
from labeler.cli.pay import pay
from labeler.cli.people import person
from labeler.cli.plans import plan
from labeler.cli.projects import project
from labeler.cli.refreshing import refresh
from labeler.cli.serving import secret, serve
from labeler.cli.standings import leaderboard
from labeler.cli.tokens import token
from labeler.cli.verification import verify
from labeler.cli.wages import wages
from labeler.cli.working import work
from labeler.errors import Refusal

EPILOG = """\b
To have something to look at:
  labeler demo
\b
First steps:
  export LABELER_SECRET_KEY=$(labeler secret)      keep it: it signs cookies
  labeler db upgrade                               makes the database
  labeler person create EMAIL NAME --admin         prints your sign-in link
  labeler project create FILE.toml --owner EMAIL
  labeler batch load PROJECT FILE...
  labeler serve

Settings are LABELER_* variables, or stand in a TOML file that LABELER_CONFIG names.
"""


class Commands(click.Group):
    """Our commands, and those that other packages register as `labeler.commands`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *_registered()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        own = super().get_command(ctx, cmd_name)
        other = _registered().get(cmd_name)
        return other.load() if own is None and other is not None else own

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except Refusal as refusal:
            raise refusals.ending(refusal) from None
        except DBAPIError as error:
            if not (isinstance(error, OperationalError) or error.connection_invalidated):
                raise
            raise click.ClickException(
                f"The database cannot be used: {error.orig}\n"
                "What was not finished does not count; the same command may be run again."
            ) from None


def _registered() -> dict[str, EntryPoint]:
    return {found.name: found for found in entry_points(group="labeler.commands")}


@click.group(cls=Commands, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(labeler.__version__, message="%(prog)s %(version)s")
def main() -> None:
    """Collect people's judgments on the answers of language models."""
    gc.set_threshold(50_000)  # commands read many things and keep few: looking often costs a tenth


for _command in (
    *(
        backup,
        batch,
        call,
        db,
        demo,
        endpoint,
        leaderboard,
        ledger,
        migrate,
        pay,
        person,
        plan,
        project,
        refresh,
        restore,
        retention,
        secret,
        serve,
        token,
    ),
    verify,
    wages,
    work,
):
    main.add_command(_command)
for _command in corrections.COMMANDS:
    pay.add_command(_command)
for _command in generating.COMMANDS:
    batch.add_command(_command)
