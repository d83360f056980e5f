"""Keys on the command line: which one signs releases, and a new one in its place."""

import click
from sqlalchemy.orm import Session

from labeler import config, events
from labeler.cli import installation
from labeler.database import Database
from labeler.people import accounts


@click.command()
@click.option("--new", is_flag=True, help="Make a new key; the old one signs it, and nothing more.")
@click.option(
    "--as",
    "actor",
    metavar="EMAIL",
    help="Who makes a new key, for the record; if left out, the first administrator.",
)
def key(new: bool, actor: str | None) -> None:
    """Show the key that signs releases; the first time, make it.

    Prints when it was made, its fingerprint, and the public key in PEM, as OpenSSL reads it. After
    --new what the old key signed stays good: /.well-known/labeler-keys.json lists all keys, each
    signed by the one before it.
    """
    from exports.proof import keys

    data = config.load().data
    if new:
        with installation.connected(config.load()) as database:
            _rotate(database, actor)
    else:
        keys.current(data)
    made = keys.listed(data)[-1]
    click.echo(f"Key {made.number} of {made.made_at:%F %T} UTC, SHA-256 {made.fingerprint}")
    click.echo(made.public_key, nl=False)


def _rotate(database: Database, actor: str | None) -> None:
    from exports.proof import keys

    with database.reading() as session:
        by = accounts.find(session, actor) if actor else installation.first_admin(session)
        person_id = None if by is None else by.id
    made = keys.rotate(config.load().data)

    def record(session: Session) -> None:
        events.record(
            session,
            "release_key.made",
            person_id=person_id,
            number=made.number,
            fingerprint=made.fingerprint,
        )

    installation.written(database, record)
