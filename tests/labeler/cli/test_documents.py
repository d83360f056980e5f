"""The documentation of commands and settings says what the program says."""

from tests.labeler.cli import documents

REFRESH = "run `python -m tests.labeler.cli.documents`"


def test_every_command_is_documented_once() -> None:
    shown = documents.shown(documents.COMMANDS.read_text("utf-8"))
    assert sorted(shown) == sorted(documents.commands())


def test_help_is_what_the_commands_say() -> None:
    text = documents.COMMANDS.read_text("utf-8")
    assert text == documents.help_refreshed(text), REFRESH


def test_every_setting_is_documented_as_it_is() -> None:
    text = documents.SETTINGS.read_text("utf-8")
    assert text == documents.settings_refreshed(text), REFRESH
