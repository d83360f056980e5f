"""What every command shares: help, refusals in words, and commands from other packages."""

import re
import subprocess

import click
import pytest

from labeler.cli import main
from tests.labeler.cli.conftest import Terminal
from tests.labeler.cli.processes import LABELER, environment

COMMANDS = (
    "batch db demo person plan project refresh release secret serve token verify work"
).split()


def test_help_names_every_command_and_the_first_steps(terminal: Terminal) -> None:
    said = terminal.good("--help")
    lines = said.splitlines()
    assert [
        name for name in COMMANDS if not any(line.startswith(f"  {name} ") for line in lines)
    ] == []
    assert "labeler person create EMAIL NAME --admin" in said
    assert "LABELER_CONFIG" in said


def test_no_line_about_a_command_is_cut_short(terminal: Terminal) -> None:
    assert re.findall(r"^  \w+ .*\.\.\.$", terminal.good("--help"), re.MULTILINE) == []


def test_the_commands_of_another_package_are_its_own() -> None:
    release = main.get_command(click.Context(main), "release")
    assert release is not None
    assert release.callback is not None
    assert release.callback.__module__ == "exports.cli"


def test_version(terminal: Terminal) -> None:
    assert terminal.good("--version") == "labeler 0.1.0\n"


def test_an_unknown_setting_is_named(terminal: Terminal) -> None:
    said = terminal.refused(2, "project", "list", colour="blue", threads="many")
    assert "LABELER_COLOUR: This name is not known here." in said
    assert "LABELER_THREADS" in said


def test_a_database_that_cannot_be_reached_is_told_in_words(terminal: Terminal) -> None:
    nowhere = "postgresql+psycopg://nobody@127.0.0.1:1/nothing"
    said = terminal.refused(1, "project", "list", database_url=nowhere)
    assert said.startswith("Error: The database cannot be used: ")


@pytest.mark.parametrize("command", [["project", "list"], ["verify"], ["person", "link", "a@b.c"]])
def test_no_command_begins_an_empty_database_by_the_way(
    terminal: Terminal, command: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("empty") / "labeler.db"
    said = terminal.refused(2, *command, database_url=f"sqlite:///{file}")
    assert f"There is no database at {file}: `labeler db upgrade` makes one." in said
    assert not file.exists()


@pytest.mark.parametrize(
    ("group", "command"), [("batch", "generate"), ("pay", "correct"), ("person", "erase")]
)
def test_a_group_has_all_its_commands_in_a_program_that_did_nothing_else(
    group: str, command: str
) -> None:
    asked = [LABELER, group, command, "--help"]
    told = subprocess.run(asked, env=environment(), capture_output=True, text=True)
    assert (told.returncode, told.stderr) == (0, "")
