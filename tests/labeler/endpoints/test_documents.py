"""docs/endpoints.md: each file that it shows is a profile, and each command is there."""

import re
import shlex

import click
import pytest

from labeler.cli import main
from labeler.endpoints import hosts, profiles
from labeler.endpoints.profiles import OutputUse, Place, Profile, Provider
from tests.house.source import ROOT

GUIDE = (ROOT / "docs" / "endpoints.md").read_text("utf-8")
SECTIONS = [part for part in re.split(r"^### ", GUIDE, flags=re.MULTILINE)[1:] if "```toml" in part]
TITLES = [part.partition("\n")[0] for part in SECTIONS]


def shown(section: str) -> Profile:
    (text,) = re.findall(r"^```toml\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    return profiles.parse(text)


@pytest.mark.parametrize("section", SECTIONS, ids=TITLES)
def test_what_it_shows_is_a_profile_that_its_text_lets_through(section: str) -> None:
    profile = shown(section)
    said = re.search(r"[Aa]llow\s+`([^`]+)`", section)
    assert said
    assert hosts.allows(hosts.read(said[1]), profile.target.host, profile.target.port)
    assert profile.target.entry in section


def test_it_shows_every_kind_of_server() -> None:
    kinds = [shown(section).provider for section in SECTIONS]
    assert sorted(kinds, key=lambda kind: kind.value) == sorted(Provider, key=lambda k: k.value)


def test_it_tells_every_field_and_every_word_for_it() -> None:
    for name, model in Profile.model_fields.items():
        assert f"`{name}`" in GUIDE, name
        for inner in getattr(model.annotation, "model_fields", {}):
            assert f"`{inner}`" in GUIDE, inner
    for word in (*Provider, *Place, *OutputUse):
        assert f"`{word.value}`" in GUIDE, word


def test_its_commands_are_there() -> None:
    shell = re.findall(r"^ *```sh\n(.*?)^ *```", GUIDE, re.MULTILINE | re.DOTALL)
    lines = [line.strip() for block in shell for line in block.splitlines()]
    inline = re.findall(r"`(labeler [^`]+)`", GUIDE)
    commands = [line for line in (*lines, *inline) if line.startswith("labeler ")]
    assert len(commands) > 6
    for line in commands:
        command: click.Command | None = main
        words = shlex.split(line)[1:]
        while words and isinstance(command, click.Group):
            command = command.get_command(click.Context(command), words.pop(0))
        assert command is not None, line
        options = {name for parameter in command.params for name in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= options, line
