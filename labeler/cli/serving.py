"""Serving: what has to be in order before gunicorn takes the place of the command."""

import importlib.util
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

import click

import labeler
from labeler import config
from labeler.cli import installation
from labeler.config import Settings
from labeler.errors import Invalid
from labeler.people import secrets

GRACEFUL_S = 20
KEPT_S = 75
"""How long a connection waits for its next request: longer than proxies keep theirs (nginx 60 s),
so that none of them sends a judgment into one that is being closed."""


@click.command()
def secret() -> None:
    """Print a new key for LABELER_SECRET_KEY.

    Keep it, and give it to every process that serves the same site. With another key everybody
    is signed out.
    """
    click.echo(secrets.new())


@click.command()
def serve() -> None:
    """Serve the pages and the JSON API with gunicorn.

    Needs LABELER_SECRET_KEY and a current database. LABELER_BIND says where to listen,
    LABELER_THREADS and LABELER_WORKERS how much to do at once, LABELER_PUBLIC_URL where people
    reach the site.
    """
    settings = config.load()
    require_servable(settings)
    become_gunicorn(settings, os.environ)


def require_servable(settings: Settings) -> None:
    """Raise Invalid for what would make a server useless or unsafe."""
    if settings.secret_key is None:
        raise Invalid(
            "labeler does not serve without a secret key.",
            fields={
                "LABELER_SECRET_KEY": "Missing. `labeler secret` prints one: "
                'export LABELER_SECRET_KEY="$(labeler secret)"'
            },
        )
    if settings.work_s:
        from labeler import bells  # it brings Huey, which few commands need

        bells.require(settings.bell)
    with installation.connected(settings) as database:
        if database.is_sqlite and settings.workers > 1:
            raise Invalid(
                "SQLite is served by one process.",
                fields={"LABELER_WORKERS": "Set 1, or use PostgreSQL; threads may be many."},
            )


def become_gunicorn(settings: Settings, environ: Mapping[str, str]) -> NoReturn:
    """Replace this process by gunicorn, so that nothing which a command loaded stays in memory."""
    click.echo(f"labeler is at {settings.public_url} (it listens on {settings.bind}).")
    click.echo("Stop it with Ctrl+C.")
    sys.stdout.flush()
    os.execve(sys.executable, _gunicorn(settings), environ)  # noqa: S606  no shell is meant


def _gunicorn(settings: Settings) -> list[str]:
    return [
        sys.executable,
        "-m",
        "gunicorn",
        "--worker-class=gthread",
        f"--workers={settings.workers}",
        f"--threads={settings.threads}",
        f"--bind={settings.bind}",
        f"--graceful-timeout={GRACEFUL_S}",
        f"--keep-alive={KEPT_S}",
        f"--log-level={settings.log_level}",
        "--config=python:labeler.background",
        "--no-control-socket",
        *_application(),
    ]


def _application() -> list[str]:
    if importlib.util.find_spec("labeler.wsgi") is not None:
        return ["labeler.wsgi:app"]
    # In a checkout it lies beside the package. Another working directory would do as well,
    # but would change what relative paths in the settings mean.
    checkout = Path(labeler.__file__).parent.parent
    return [f"--pythonpath={checkout}", "wsgi:app"]
