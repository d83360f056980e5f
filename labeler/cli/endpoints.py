"""Endpoints: where models answer, added from files, looked at and tried."""

from pathlib import Path

import click
from sqlalchemy.orm import Session

from labeler import config
from labeler.cli import installation
from labeler.endpoints import calling, checking, hosts, keys, profiles, registry
from labeler.endpoints.faults import Fault
from labeler.endpoints.profiles import Profile
from labeler.endpoints.registry import Endpoint
from labeler.errors import Conflict, Invalid
from labeler.said import say

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def endpoint() -> None:
    """Say where models answer, and try them."""


@endpoint.command()
@click.argument("file", type=FILE)
@click.option("--replace", is_flag=True, help="Give a name that there is this profile from now on.")
def add(file: Path, replace: bool) -> None:
    """Add the endpoint that a TOML file describes.

    The key is not in the file: it names a variable of the environment (key_env) or a file
    (key_file), from which whoever asks the model reads it.
    """
    profile = _read(file)

    def keep(session: Session) -> tuple[int, bool]:
        by = installation.first_admin(session)
        before = registry.versions(session, profile.name)
        verb = registry.revise if replace and before else registry.add
        made = verb(session, profile, by=by)
        return made.version, made not in before

    version, is_new = installation.write(keep)
    click.echo(f"{profile.name} has version {version}{'' if is_new else ', as before'}.")
    if is_new:
        click.echo(f"Try it: labeler endpoint check {profile.name}", err=True)


@endpoint.command("list")
def list_() -> None:
    """List the endpoints that are in use."""
    with installation.reading() as session:
        for found in registry.current(session):
            profile = found.written
            words = (profile.provider.value, profile.model, profile.target.entry)
            click.echo("\t".join((found.name, *words, profile.place.value)))


@endpoint.command()
@click.argument("name")
def show(name: str) -> None:
    """Show an endpoint as it is now, and whether its key is found here."""
    with installation.reading() as session:
        found = registry.newest(session, name)
    for label, words in _told(found):
        click.echo(f"{label:<15}{words}")


@endpoint.command()
@click.argument("name")
def check(name: str) -> None:
    """Ask an endpoint one question, and say what is wrong.

    It costs what one short answer costs there.
    """
    settings = config.load()
    with installation.connected(settings) as database, database.reading() as session:
        profile = registry.newest(session, name).written
    outcome = calling.tried(profile, hosts.read(settings.endpoint_hosts))
    if isinstance(outcome, Fault):
        raise Conflict(checking.explain(profile, outcome))
    model = outcome.model_returned or profile.model
    click.echo(f"{name} answers: {model}, after {outcome.latency_ms / 1000:.1f} s.")
    if outcome.finish_reason not in ("stop", "length"):
        click.echo(f"The answer ended with {outcome.finish_reason}: it would be in no pair.")


@endpoint.command()
@click.argument("name")
def archive(name: str) -> None:
    """Ask nothing new of an endpoint; what was asked is still answered.

    `labeler endpoint add --replace` brings it back.
    """

    def keep(session: Session) -> bool:
        return registry.archive(session, name, by=installation.first_admin(session))

    is_new = installation.write(keep)
    click.echo(f"{name} is archived{'' if is_new else ', as before'}.")


def _read(file: Path) -> Profile:
    try:
        return profiles.parse(file.read_text("utf-8"))
    except ValueError:
        raise Invalid(say("%(file)s is not text in UTF-8.", file=str(file))) from None


def _told(endpoint: Endpoint) -> list[tuple[str, str]]:
    profile = endpoint.written
    limits, price = profile.limits, profile.price
    state = f"archived since {endpoint.archived_at:%Y-%m-%d}" if endpoint.archived_at else "in use"
    pace = f", {limits.per_minute} a minute" if limits.per_minute else ""
    cost = f"{price.input_per_million} in, {price.output_per_million} out"
    return [
        ("name", f"{endpoint.name}, version {endpoint.version}, {state}"),
        ("asked", f"{profile.model} at {profile.base_url} ({profile.provider.value})"),
        ("place", " ".join(filter(None, (profile.place.value, profile.region)))),
        ("key", _where_the_key_is(profile)),
        ("at once", f"{limits.concurrent}{pace}"),
        ("a million", f"{cost} ({price.currency})"),
        ("licence", profile.licence or "not said"),
        ("answers for", profile.output_use.value),
    ]


def _where_the_key_is(profile: Profile) -> str:
    place = profile.key_env or profile.key_file
    if place is None:
        return "none is needed"
    return f"in {place}, {'found' if keys.is_there(profile) else 'not found'} here"
