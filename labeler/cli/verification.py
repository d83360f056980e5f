"""Verification: every promise that the data keeps, looked at one by one."""

from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import TypeAlias

import click
from sqlalchemy.orm import Session

from labeler import audit, config, dumps, storage
from labeler.cli import installation
from labeler.config import Settings
from labeler.database import Database

Check: TypeAlias = Callable[[Session, Path], Iterable[str]]
"""Yields a sentence for each fault, given a reading session and the data folder."""

FILE = "the database's file"
OWN = "judgments, slots, gold, pay, the ledger and the chain of events"


@click.command()
def verify() -> None:
    """Check every invariant of the data.

    Looks at SQLite's file, at judgments, slots, gold, pay, the ledger and the chain of events, and
    at what other packages check, such as releases. Changes nothing. Exits with 1 naming the first
    fault.
    """
    settings = config.load()
    with installation.opened(settings) as database:
        installation.require_file(database)
        if database.is_sqlite:
            _run(database, settings, FILE, lambda session, _folder: storage.faults(session))
        database.require_current()
        check(database, settings)


def check(database: Database, settings: Settings) -> None:
    """Look at what the rows mean; raises click's exception naming the first fault."""
    for name, one in _checks():
        _run(database, settings, name, one)


def _run(database: Database, settings: Settings, name: str, check: Check) -> None:
    with database.reading() as session:
        dumps.unhurried(session)
        fault = next(iter(check(session, settings.data)), None)
    if fault is not None:
        raise click.ClickException(f"{name}: {fault}")
    click.echo(f"Sound: {name}.")


def _checks() -> Iterator[tuple[str, Check]]:
    yield OWN, lambda session, _folder: audit.faults(session)
    for found in sorted(entry_points(group="labeler.checks"), key=lambda found: found.name):
        yield found.name, found.load()
