"""What is kept of people, and for how long: reports, copies, erasure."""

import os
from collections.abc import Sequence
from pathlib import Path

import click
from sqlalchemy.orm import Session

from labeler import config
from labeler.cli import installation
from labeler.config import Settings
from labeler.database import Database
from labeler.errors import Conflict
from labeler.people import accounts
from labeler.people.accounts import Person
from labeler.privacy import copies, erasure, identities, replay
from labeler.privacy import retention as rules
from labeler.privacy.identities import KeptIdentity
from labeler.privacy.replay import Erased
from labeler.privacy.retention import Periods

BY_WHOM = click.option(
    "--as", "actor", metavar="EMAIL", required=True, help="Who does this; an administrator."
)
NEW_FILE = click.Path(dir_okay=False, path_type=Path)


@click.group(invoke_without_command=True)
@click.pass_context
def retention(ctx: click.Context) -> None:
    """Tell what is kept no longer, and let it go.

    Without a further word: how many rows would go now, of which tables. Nothing is changed. How
    long every table stays, and why, is in docs/retention.md; the settings LABELER_KEEP_… change
    the periods.
    """
    if ctx.invoked_subcommand is not None:
        return
    with installation.reading() as session:
        for rule, number in rules.report(session, _periods(config.load())):
            click.echo(f"{rule.table}: {number:,} would be {rule.does}")


@retention.command()
def apply() -> None:
    """Let go what is kept no longer; `labeler serve` does so by itself.

    Step by step: to stop it does no harm, and to do it again changes nothing.
    """
    settings = config.load()
    with installation.connected(settings) as database:
        for table, number in let_go(database, settings).items():
            click.echo(f"{table}: {number:,}")


@click.command()
@click.argument("email")
@click.option("--out", "-o", "file", type=NEW_FILE, required=True, metavar="FILE")
@BY_WHOM
def data(email: str, file: Path, actor: str) -> None:
    """Write all that is held of a person to a zip archive, as they can do themselves.

    For who asks in writing. FILE must not be there yet. That it was done is put on record.
    """

    def note(session: Session) -> Person:
        whose, by = accounts.find_any(session, email), accounts.find(session, actor)
        copies.note(session, whose, by=by)
        return whose

    if file.exists():
        raise Conflict(f"There is something at {file} already. Choose another place.")
    with installation.connected(config.load()) as database:
        whose = installation.written(database, note)
        with open(file, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as out:
            out.writelines(copies.pieces(database.reading, whose, copies.readme(whose)))
    click.echo(f"{file}: what is held of {whose.name}; {file.stat().st_size:,} bytes.")


@click.command()
@click.argument("email")
@click.option("--reason", required=True, help="How they asked for it; it is put on record.")
@BY_WHOM
def erase(email: str, reason: str, actor: str) -> None:
    """Forget a person who asked for it: what told who they are is destroyed.

    What they judged and earned stays, under a number. Who was paid stays known to administrators
    for as long as accounts are kept. Refused while money of theirs is not paid out, a decision
    about them is open, or nobody else owns a project of theirs.
    """
    settings = config.load()

    def forget(session: Session) -> int:
        whose, by = accounts.find_any(session, email), accounts.find(session, actor)
        years = settings.keep_accounts_years
        erasure.erase(session, whose, reason=reason, years=years, by=by)
        return whose.id

    with installation.connected(settings) as database:
        number = installation.written(database, forget)
        write_down(database, settings)
    click.echo(f"Erased. What has to stay is kept under the number {number}.")


@click.command()
@click.argument("number", type=int)
@click.option("--reason", required=True, help="What for; it is put on record.")
@BY_WHOM
def identity(number: int, reason: str, actor: str) -> None:
    """Tell who a number was: of somebody who was paid, and has been erased."""

    def read(session: Session) -> KeptIdentity:
        by = accounts.find(session, actor)
        return identities.read(session, number, reason, by=by)

    kept = installation.write(read)
    click.echo(f"{kept.name}; kept until {kept.until:%Y-%m-%d}. {kept.reason}")


def let_go(database: Database, settings: Settings) -> dict[str, int]:
    """Let go what is kept no longer, and even out the list of erasures; return rows by table."""
    erase_again(database, settings, list(replay.read(settings.erasures)))
    write_down(database, settings)
    periods, gone = _periods(settings), dict[str, int]()
    with database.reading() as session:  # to look makes nobody wait
        if not any(number for _, number in rules.report(session, periods)):
            return gone
    with database.writing() as session:
        for rule, number in rules.apply(session, periods):
            session.commit()
            gone[rule.table] = gone.get(rule.table, 0) + number
    return gone


def erase_again(database: Database, settings: Settings, known: Sequence[Erased]) -> None:
    """Erase again whom a backup brought back."""
    with database.reading() as session:
        if not any(replay.is_back(session, one) for one in known):
            return
    with database.writing() as session:
        for number in replay.replay(session, known, years=settings.keep_accounts_years):
            session.commit()
            click.echo(f"Erased again: number {number}.")


def write_down(database: Database, settings: Settings) -> None:
    """Write down beside the database who was erased in it."""
    with database.reading() as session:
        replay.note(session, settings.erasures)


def _periods(settings: Settings) -> Periods:
    return Periods(sign_ins_days=settings.keep_sign_ins_days, beats_days=settings.keep_beats_days)


COMMANDS = (data, erase, identity)
"""What is done for one person, among the commands of `labeler person`."""
