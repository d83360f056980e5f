"""Wage references on a terminal: loaded from a file, listed with their sources."""

from pathlib import Path

import click
from sqlalchemy.orm import Session

from labeler import clock
from labeler.cli import installation
from labeler.errors import Invalid
from labeler.pay import money
from labeler.pay import wages as references
from labeler.pay.wages import Loaded
from labeler.people import accounts

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def wages() -> None:
    """Load and list what work pays at least, or ought to, by place."""


@wages.command()
@click.argument("file", type=FILE, required=False)
@click.option("--as", "actor", metavar="EMAIL", help="Who does this, for the record.")
def load(file: Path | None, actor: str | None) -> None:
    """Load wage references from a CSV file; without one, those that come with labeler.

    All of it or nothing. What is there already stays; a newer figure has a ref_id of its own.
    """
    text = references.shipped() if file is None else _read(file)

    def add(session: Session) -> Loaded:
        by = accounts.find(session, actor) if actor else None
        return references.load(session, text, by=by)

    loaded = installation.write(add)
    click.echo(f"{loaded.new} references are new; {loaded.known} were here before.")


@wages.command("list")
@click.argument("country", required=False)
def list_(country: str | None) -> None:
    """List wage references with their sources; of one place, by its code such as KE."""
    today = clock.now().date()
    with installation.reading() as session:
        found = references.every(session)
    for each in found:
        if country and each.country != country.strip().upper():
            continue
        hour = money.text(each.hour_minor, each.currency)
        age = "stale" if each.is_stale(today) else "current"
        place = f"{each.country} {each.region}".strip()
        words = (place, each.kind.value, f"{hour} an hour", age, each.confidence.value)
        click.echo("\t".join((each.ref_id, *words, each.source_title)))
    if country and not any(each.country == country.strip().upper() for each in found):
        click.echo("No reference found.")


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except ValueError:
        raise Invalid(f"{file} is not text in UTF-8.") from None
