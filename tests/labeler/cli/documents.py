"""What the documentation says of commands, settings and retention, kept true.

`python -m tests.labeler.cli.documents` writes into it what the program says now.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import click
from click.testing import CliRunner

from exports.kept import clearances, declarations, releases
from labeler.cli import main
from labeler.config import PREFIX, Settings
from labeler.privacy.declared import KEEPS

DOCS = Path(__file__).parents[3] / "docs"
COMMANDS = DOCS / "commands.md"
SETTINGS = DOCS / "settings.md"
HELP = re.compile(r"```text\n\$ (?P<command>labeler[a-z -]*) --help\n.*?\n```", re.DOTALL)
RETENTION = DOCS / "retention.md"
KEPT = re.compile(r"^\| `[a-z_]+` \|.*\n", re.MULTILINE)
ROW = re.compile(rf"^\| `{PREFIX}.*\n", re.MULTILINE)


def commands() -> list[str]:
    """Return every command and group as it is typed."""
    return ["labeler", *_below("labeler", main, click.Context(main))]


def shown(text: str) -> list[str]:
    """Return the commands whose help stands in the text."""
    return [found["command"] for found in HELP.finditer(text)]


def help_refreshed(text: str) -> str:
    """Return the text with every help in it as the program gives it."""
    return HELP.sub(lambda found: _block(found["command"]), text)


def settings_refreshed(text: str) -> str:
    """Return the text with the rows of its table as the program has them."""
    begin, *_ = (found.start() for found in ROW.finditer(text))
    rest = ROW.sub("", text)
    return rest[:begin] + "".join(_rows()) + rest[begin:]


def retention_refreshed(text: str) -> str:
    """Return the text with the rows of its table as they are declared."""
    begin, *_ = (found.start() for found in KEPT.finditer(text))
    rest = KEPT.sub("", text)
    return rest[:begin] + "".join(_kept()) + rest[begin:]


def _kept() -> Iterator[str]:
    for keep in (*KEEPS, releases.KEEP, declarations.KEEP, clearances.KEEP):
        said = keep._replace(table=f"`{keep.table}`")
        yield f"| {' | '.join(said)} |\n"


def _below(typed: str, command: click.Command, ctx: click.Context) -> Iterator[str]:
    if not isinstance(command, click.Group):
        return
    for name in command.list_commands(ctx):
        found = command.get_command(ctx, name)
        assert found is not None
        yield f"{typed} {name}"
        yield from _below(f"{typed} {name}", found, ctx)


def _block(command: str) -> str:
    arguments = [*command.split()[1:], "--help"]
    said = CliRunner().invoke(main, arguments, prog_name="labeler", terminal_width=80)
    lines = "\n".join(line.rstrip() for line in said.stdout.splitlines())
    return f"```text\n$ {command} --help\n{lines}\n```"


def _rows() -> Iterator[str]:
    for name, field in Settings.model_fields.items():
        default = "" if field.default is None else f"`{field.default}`"
        yield f"| `{PREFIX}{name.upper()}` | {default} | {field.description} |\n"


if __name__ == "__main__":
    COMMANDS.write_text(help_refreshed(COMMANDS.read_text("utf-8")), "utf-8")
    SETTINGS.write_text(settings_refreshed(SETTINGS.read_text("utf-8")), "utf-8")
    RETENTION.write_text(retention_refreshed(RETENTION.read_text("utf-8")), "utf-8")
