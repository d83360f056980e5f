"""The demo: a site with a small project to look at, made at once and kept in one folder.

It takes no settings from outside, so that it never touches another installation.
"""

import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import click

from labeler import config
from labeler import demo as content
from labeler.cli import installation, refreshing, rehearsal, serving
from labeler.config import PREFIX, Settings
from labeler.demo import answering, players
from labeler.errors import Invalid
from labeler.people import accounts, secrets, sign_ins

PORT, ENDPOINT_PORT = "port", "endpoint-port"
FIRST_PORT = 8000
FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command()
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    help="Where the site listens, on this machine alone; as before, at first 8000.",
)
@click.option(
    "--data",
    type=FOLDER,
    default=Path("labeler-demo"),
    show_default=True,
    help="Folder for the demo's database, key and release.",
)
@click.option("--no-serve", is_flag=True, help="Make everything, but do not serve.")
@click.pass_context
def demo(ctx: click.Context, port: int | None, data: Path, no_serve: bool) -> None:
    """Make a small site with a project to look at, and serve it.

    The project is made up, and so are its people: an owner, a reviewer, two annotators for whom
    work is left, and twelve simulated annotators who have judged part of it. In a second project
    people chat with two small programs that follow rules and are served beside the site. Prints a
    link for each of the four. Run it again to go on with what is there.
    """
    port = port or _port_before(data, PORT) or FIRST_PORT
    if not no_serve:
        _require_free(port)
    data.mkdir(parents=True, exist_ok=True)
    listening = None if no_serve else _listen(data)
    variables = _variables(data.absolute(), port)
    settings = config.load(variables)
    _set_up(settings, variables["LABELER_ENDPOINT_HOSTS"])
    with _environment(variables):
        _cut_release(ctx, settings.data / "release")
    _show_links(settings)
    if listening:
        answering.start(listening)
        serving.become_gunicorn(settings, _without_settings(os.environ) | variables)


def _listen(data: Path) -> socket.socket:
    """Take the port where the chat's answers came from before, or a free one if it is taken."""
    try:
        listening = answering.listen(_port_before(data, ENDPOINT_PORT) or 0)
    except OSError:
        listening = answering.listen(0)
    _note_port(data, ENDPOINT_PORT, listening.getsockname()[1])
    return listening


def _variables(data: Path, port: int) -> dict[str, str]:
    _note_port(data, PORT, port)
    address = f"127.0.0.1:{port}"
    return {
        "LABELER_DATA": str(data),
        "LABELER_SECRET_KEY": _secret_key(data / "secret-key"),
        "LABELER_BIND": address,
        "LABELER_PUBLIC_URL": f"http://{address}",
        "LABELER_LOG_LEVEL": "warning",
        "LABELER_ENDPOINT_HOSTS": f"{answering.HOST}:{_endpoint_port(data)}",
    }


def _endpoint_port(data: Path) -> int:
    """Return where the chat's answers come from; a port that is free by now if nobody said yet."""
    port = _port_before(data, ENDPOINT_PORT)
    if port is None:
        with answering.listen(0) as free:
            port = int(free.getsockname()[1])
        _note_port(data, ENDPOINT_PORT, port)
    return port


def _port_before(data: Path, name: str) -> int | None:
    """Return the port that the demo was last given: it may be served there at this moment."""
    try:
        return int((data / name).read_text())
    except (OSError, ValueError):
        return None


def _note_port(data: Path, name: str, port: int) -> None:
    (data / name).write_text(f"{port}\n")


def _secret_key(path: Path) -> str:
    if not path.exists():
        with open(path, "x", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(secrets.new())
    return path.read_text()


def _set_up(settings: Settings, host: str) -> None:
    with installation.opened(settings) as database:
        database.upgrade()
        with database.writing() as session:
            if rehearsal.is_over(session):
                rehearsal.open_chat(session, host)
                session.commit()
                click.echo(f"The demo in {settings.data} goes on.")
                return
            click.echo("Making the demo: twelve simulated annotators are at work.")
            project_id = rehearsal.play(session).id
            rehearsal.open_chat(session, host)
            session.commit()  # all of it at once: a demo that was interrupted begins anew
        refreshing.refresh_project(database, project_id)
    click.echo(f"The demo is in {settings.data}.")


def _cut_release(ctx: click.Context, folder: Path) -> None:
    """Cut the demo's release, if the command for it is installed and there is none yet."""
    if folder.exists():
        click.echo(f"Its release is in {folder}.")
        return
    commands = ctx.find_root().command
    assert isinstance(commands, click.Group)
    if "release" in commands.list_commands(ctx):
        arguments = ["release", "cut", content.project()["slug"], "--out", str(folder)]
        commands.main(arguments, prog_name="labeler", standalone_mode=False)


def _show_links(settings: Settings) -> None:
    with installation.opened(settings) as database, database.writing() as session:
        made = {
            player.name: sign_ins.make_link(session, accounts.find(session, player.email), by=None)
            for player in players.PLAYERS
        }
        session.commit()
    click.echo("Each of these links signs in once; run this again for new ones.")
    for name, secret in made.items():
        click.echo(f"  {name:<22}{settings.link(secret)}")


def _require_free(port: int) -> None:
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind(("127.0.0.1", port))
        except OSError as error:
            raise Invalid(
                f"Nothing can listen on port {port}: {error.strerror}.",
                fields={"--port": "Choose another one, such as 8001."},
            ) from None


def _without_settings(environ: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if not name.startswith(PREFIX)}


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Let commands that are run inside find the demo's settings and no others."""
    before = dict(os.environ)
    for name in before.keys() - _without_settings(before).keys():
        del os.environ[name]
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
