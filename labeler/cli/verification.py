"""Verification: every promise that the data keeps, looked at one by one."""

from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import TypeAlias

import click
from sqlalchemy.orm import Session

from labeler import audit, config
from labeler.cli import installation

Check: TypeAlias = Callable[[Session, Path], Iterable[str]]
"""Yields a sentence for each fault, given a reading session and the data folder."""

OWN = "judgments, slots, gold, pay, the ledger and the chain of events"


@click.command()
def verify() -> None:
    """Check every invariant of the data.

    Looks at judgments, slots, gold, pay, the ledger and the chain of events, and at what other
    packages check, such as releases. Changes nothing. Exits with 1 naming the first fault.
    """
    settings = config.load()
    with installation.connected(settings) as database:
        for name, check in _checks():
            with database.reading() as session:
                fault = next(iter(check(session, settings.data)), None)
            if fault is not None:
                raise click.ClickException(f"{name}: {fault}")
            click.echo(f"Sound: {name}.")


def _checks() -> Iterator[tuple[str, Check]]:
    yield OWN, lambda session, _folder: audit.faults(session)
    for found in sorted(entry_points(group="labeler.checks"), key=lambda found: found.name):
        yield found.name, found.load()
