"""Backups: everything in one file while the server runs, and the way back into an empty place."""

from collections.abc import Iterator, Sequence
from importlib.metadata import entry_points
from itertools import chain
from pathlib import Path

import click
import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext
from sqlalchemy.orm import Session

import labeler
from labeler import backups, clock, config, dumps, storage
from labeler.backups import DATABASE, Backup, Manifest
from labeler.cli import installation, keeping, verification
from labeler.config import Settings
from labeler.database import Database
from labeler.errors import Conflict, Invalid
from labeler.privacy import replay
from labeler.privacy.replay import Erased

NEW_FILE = click.Path(dir_okay=False, path_type=Path)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
BESIDE = ("", "-wal", "-shm", "-journal")
"""What an SQLite database may have left where one is to be restored."""


@click.command()
@click.argument("file", type=NEW_FILE)
def backup(file: Path) -> None:
    """Write all that is kept here to one new file.

    Holds the database as it is at this moment, and of the data folder the releases and the keys
    that sign them, but neither settings nor the secret key. The server may run, and nobody waits.
    FILE must not be there yet; while it is written it takes twice the room. PostgreSQL is read by
    its own pg_dump.
    """
    settings, file = config.load(), file.absolute()
    with installation.opened(settings) as database, backups.staged(file) as folder:
        installation.require_file(database)
        copy = folder / DATABASE
        with database.reading() as session:
            dumps.hold(session)
            manifest, kept = _manifest(session), _kept(session, settings.data)
            dumps.write(session, copy, settings.pg_programs)
        if database.is_sqlite:
            _require_sound(copy)
        folders = chain.from_iterable(kept.values())
        backups.write(folder / "tar", manifest, copy, settings.data, folders)
        backups.place(folder / "tar", file)
    click.echo(f"{file}: {_told(manifest)}; {file.stat().st_size:,} bytes.")
    if kept:
        click.echo(f"Beside the database it holds: {', '.join(kept)}.", err=True)


@click.command()
@click.argument("file", type=FILE)
@click.option(
    "--erasures",
    type=FILE,
    help="Who was erased since, if the file is not in the data folder: erasures.jsonl.",
)
def restore(file: Path, erasures: Path | None) -> None:
    """Put back what a backup holds, where nothing is.

    Takes back database and releases to where the settings say. A database that has tables is
    refused. What is in FILE is checked before anything is put in its place. Whoever was erased
    after the backup was made is erased again. At the end all that `labeler verify` checks is
    checked. Exits with 1 naming the first fault.
    """
    settings = config.load()
    elsewhere = list(replay.read(erasures)) if erasures else []
    with backups.reading(file) as found, installation.opened(settings) as database:
        _require_fitting(database, found.manifest)
        found.require_whole()
        # Before anybody is back: whatever stops this, the next refresh finds them.
        replay.keep(settings.erasures, elsewhere)
        known = list(replay.read(settings.erasures))
        missing = found.missing(settings.data)
        if database.is_sqlite:
            _restore_sqlite(database, found, missing, settings)
        else:
            _restore_postgresql(database, found, missing, settings)
        click.echo(f"Restored: {_told(found.manifest)}.")
        _check(database, found.manifest, settings, known)


def _told(manifest: Manifest) -> str:
    counts = f"{manifest.judgments:,} judgments, {manifest.transfers:,} transfers"
    return f"{counts}, version {manifest.revision}, of {manifest.made_at:%F %T} UTC"


def _manifest(session: Session) -> Manifest:
    revision = MigrationContext.configure(session.connection()).get_current_revision()
    if revision is None:
        raise Invalid("The database has no tables yet: there is nothing to back up.")
    return Manifest(
        software=f"labeler {labeler.__version__}",
        made_at=clock.now(),
        backend=session.get_bind().dialect.name,
        revision=revision,
        judgments=_count(session, "judgments"),
        transfers=_count(session, "transfers"),
    )


def _count(session: Session, table: str) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(sa.table(table))) or 0


def _kept(session: Session, data: Path) -> dict[str, list[Path]]:
    """Return the folders that belong to a backup, by what they are."""
    keepers = sorted(entry_points(group="labeler.keepers"), key=lambda found: found.name)
    kept = {found.name: list(found.load()(session, data)) for found in keepers}
    return {name: folders for name, folders in kept.items() if folders}


def _require_sound(copy: Path) -> None:
    database = Database(f"sqlite:///{copy}")
    try:
        with database.reading() as session:
            fault = next(storage.faults(session), None)
    finally:
        database.close()
    if fault is not None:
        raise Conflict(f"The database is damaged: {fault}")


def _require_fitting(database: Database, manifest: Manifest) -> None:
    backend = "sqlite" if database.is_sqlite else "postgresql"
    if manifest.backend != backend:
        raise Invalid(f"The backup is of {manifest.backend}, the settings name {backend}.")
    if not database.knows(manifest.revision):
        raise Invalid(
            f"The backup is at version {manifest.revision}, which this program does not know: "
            f"it was made by {manifest.software}."
        )
    _require_empty(database)


def _require_empty(database: Database) -> None:
    for path in _beside(database):
        if path.exists():
            raise Conflict(f"There is something at {path} already: move it away first.")
    if not database.is_sqlite:
        with database.reading() as session:
            tables = sa.inspect(session.connection()).get_table_names()
        if tables:
            raise Conflict(
                f"The database {database.url.database} has tables already: make an empty one, and "
                "name it in the settings."
            )


def _beside(database: Database) -> Iterator[Path]:
    if database.is_sqlite:
        yield from (Path(f"{database.url.database}{ending}").absolute() for ending in BESIDE)


def _restore_sqlite(
    database: Database, found: Backup, missing: list[str], settings: Settings
) -> None:
    target = next(_beside(database))
    target.parent.mkdir(parents=True, exist_ok=True)
    with backups.staged(target) as folder:
        found.unpack(DATABASE, folder / DATABASE)
        _require_sound(folder / DATABASE)
        for name in missing:
            found.put_back(name, settings.data)
        backups.place(folder / DATABASE, target)


def _restore_postgresql(
    database: Database, found: Backup, missing: list[str], settings: Settings
) -> None:
    settings.data.mkdir(parents=True, exist_ok=True)
    with backups.staged(settings.data.absolute() / "restore") as folder:
        with database.reading() as session:
            dumps.require_programs(session, settings.pg_programs)
        found.unpack(DATABASE, folder / DATABASE)
        for name in missing:
            found.put_back(name, settings.data)
        with database.reading() as session:
            dumps.unhurried(session)
            dumps.restore(session, folder / DATABASE, settings.pg_programs)


def _check(
    database: Database, manifest: Manifest, settings: Settings, known: Sequence[Erased]
) -> None:
    if manifest.revision != database.newest():
        click.echo("It is of an older version: run `labeler db upgrade`, then `labeler verify`.")
        if known:
            click.echo("Then `labeler refresh`: it erases again who was erased since.")
        return
    keeping.erase_again(database, settings, known)
    verification.check(database, settings)
