"""The commands: thin functions that read what was typed, call a verb, commit and print."""

import gc
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType
from typing import Any

import click
from sqlalchemy.exc import DBAPIError, OperationalError

import labeler
from labeler.cli import refusals
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


MODULES: Mapping[str, Sequence[str]] = MappingProxyType(
    {
        "backup": ("backups",),
        "batch": ("batches", "generating"),
        "call": ("calling",),
        "db": ("databases",),
        "demo": ("demonstration",),
        "endpoint": ("endpoints",),
        "leaderboard": ("standings",),
        "ledger": ("ledgers",),
        "migrate": ("migrating",),
        "pay": ("pay", "corrections"),
        "person": ("people", "keeping"),
        "plan": ("plans",),
        "project": ("projects",),
        "refresh": ("refreshing",),
        "restore": ("backups",),
        "retention": ("keeping",),
        "secret": ("serving",),
        "serve": ("serving",),
        "token": ("tokens",),
        "verify": ("verification",),
        "wages": ("wages",),
        "work": ("working",),
    }
)
"""Where each of our commands is, and what else has commands of its group."""


class Commands(click.Group):
    """Our commands, and those that other packages register as `labeler.commands`.

    Each is imported when it is asked for: all together take three times as long to start.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *MODULES, *_registered()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in MODULES:
            return _own(cmd_name)
        other = _registered().get(cmd_name)
        return super().get_command(ctx, cmd_name) if other is None else other.load()

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


def _own(name: str) -> click.Command:
    first, *further = (import_module(f"{__name__}.{each}") for each in MODULES[name])
    command: click.Group = getattr(first, name)
    for module in further:
        for each in module.COMMANDS:
            command.add_command(each)
    return command


def _registered() -> dict[str, EntryPoint]:
    return {found.name: found for found in entry_points(group="labeler.commands")}


@click.group(cls=Commands, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(labeler.__version__, message="%(prog)s %(version)s")
def main() -> None:
    """Collect people's judgments on the answers of language models."""
    gc.set_threshold(50_000)  # commands read many things and keep few: looking often costs a tenth
