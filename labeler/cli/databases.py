"""The database: making it, and bringing it to the version that this program knows."""

from pathlib import Path

import click
from alembic.runtime.migration import MigrationContext

from labeler import config
from labeler.cli import installation
from labeler.database import Database


@click.group()
def db() -> None:
    """Make the database, or bring it up to date."""


@db.command()
def upgrade() -> None:
    """Bring the database to this program's version.

    Makes it if there is none. All of it happens in one transaction: if a step fails, nothing has
    changed.
    """
    settings = config.load()
    with installation.opened(settings) as database:
        _make_folder(database)
        before = _version(database)
        applied = database.upgrade()
        after = _version(database)
    if not applied:
        click.echo(f"The database is at version {after} already.")
    else:
        click.echo(f"The database went from version {before or 'none'} to {after}.")


@db.command()
def version() -> None:
    """Print the database's version.

    Exits with 2 if the program needs another one.
    """
    with installation.opened(config.load()) as database:
        installation.require_file(database)
        click.echo(_version(database) or "none")
        database.require_current()


def _version(database: Database) -> str | None:
    with database.reading() as session:
        return MigrationContext.configure(session.connection()).get_current_revision()


def _make_folder(database: Database) -> None:
    if database.is_sqlite and database.url.database:
        Path(database.url.database).parent.mkdir(parents=True, exist_ok=True)
