"""Calling: models are asked apart from the server."""

import os
from collections.abc import Callable
from typing import TypeVar

import click
from sqlalchemy.orm import Session

from labeler import config
from labeler.cli import installation
from labeler.config import Settings
from labeler.database import Database
from labeler.endpoints import hosts
from labeler.endpoints.calling import Caller, Place

Result = TypeVar("Result")


@click.command()
@click.option("--once", is_flag=True, help="Ask what is due, and end.")
@click.option(
    "--linger",
    metavar="SECONDS",
    type=click.FloatRange(min=0),
    help="End when nothing was due for so long.",
)
@click.option("--attached", is_flag=True, help="End when the program that started this does.")
def call(once: bool, linger: float | None, attached: bool) -> None:
    """Ask models what batches and chats wait for.

    `labeler serve` sees to it by itself unless LABELER_CALL_S is 0. Any number of these may run:
    together they keep to the limits of each endpoint, and no answer is paid for twice. What one was
    asking when it was killed is asked again after half a minute. Stop it with Ctrl+C or SIGTERM.
    """
    settings = config.load()
    parent = os.getppid()
    with installation.connected(settings) as database, installation.stoppable():
        caller = Caller(place(database, settings))
        if not once and linger is None:
            click.echo("Waiting for calls. Stop it with Ctrl+C.", err=True)
        caller.run(
            0 if once else linger,
            is_wanted=lambda: not attached or os.getppid() == parent,
        )


def place(database: Database, settings: Settings) -> Place:
    """Return what a caller may use on an installation."""

    def write(step: Callable[[Session], Result]) -> Result:
        return installation.written(database, step)

    return Place(database.reading, write, hosts.read(settings.endpoint_hosts))
