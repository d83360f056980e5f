"""`labeler endpoint`: added from a file, shown without its key, tried, and put away."""

from pathlib import Path

import pytest

from tests import stubs
from tests.dialects import Turn
from tests.labeler.cli.conftest import Terminal
from tests.stubs import Server

TOML = """
name = "mistral-large"
provider = "mistral"
base_url = "{url}"
model = "mistral-large-latest"
key_env = "MODEL_SERVER_KEY"
place = "on_premises"
region = "FR"
licence = "mistral-terms"

[limits]
concurrent = 3
per_minute = 60

[price]
currency = "EUR"
input_per_million = "1.80"
output_per_million = "5.40"
"""


@pytest.fixture
def file(model_server: Server, tmp_path: Path) -> Path:
    file = tmp_path / "mistral.toml"
    file.write_text(TOML.format(url=model_server.base_url("mistral")))
    return file


def test_an_endpoint_is_added_once_and_replaced(terminal: Terminal, file: Path) -> None:
    assert "mistral-large has version 1." in terminal.good("endpoint", "add", file)
    assert "already an endpoint" in terminal.refused(1, "endpoint", "add", file)
    assert "as before" in terminal.good("endpoint", "add", file, "--replace")
    file.write_text(file.read_text().replace("per_minute = 60", "per_minute = 30"))
    assert "has version 2." in terminal.good("endpoint", "add", file, "--replace")
    listed = terminal.good("endpoint", "list").split("\t")
    assert listed[:3] == ["mistral-large", "mistral", "mistral-large-latest"]
    terminal.good("endpoint", "archive", "mistral-large")
    assert terminal.good("endpoint", "list") == ""
    assert "archived since" in terminal.good("endpoint", "show", "mistral-large")


def test_a_file_that_cannot_be_used_says_where(terminal: Terminal, file: Path) -> None:
    file.write_text(file.read_text().replace('"on_premises"', '"moon"') + "\nkey = 'sk-1'\n")
    said = terminal.refused(2, "endpoint", "add", file)
    assert "place" in said
    assert "sk-1" not in said


def test_it_is_shown_whether_there_is_a_key_and_never_which(
    terminal: Terminal, file: Path, model_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal.good("endpoint", "add", file)
    shown = terminal.good("endpoint", "show", "mistral-large")
    assert f"in {stubs.KEY_ENV}, found here" in shown
    assert model_server.key not in shown
    monkeypatch.delenv(stubs.KEY_ENV)
    assert "not found here" in terminal.good("endpoint", "show", "mistral-large")
    assert "no endpoint called other" in terminal.refused(1, "endpoint", "show", "other")


def test_to_check_one_is_one_call_and_a_sentence(
    terminal: Terminal, file: Path, model_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal.good("endpoint", "add", file)
    check = ("endpoint", "check", "mistral-large")
    assert "not on the list of hosts" in terminal.refused(1, *check)
    terminal.settings["LABELER_ENDPOINT_HOSTS"] = model_server.host
    said = terminal.good(*check)
    assert said.startswith("mistral-large answers: mistral-large-latest-001, after ")
    assert len(model_server.asked) == 1
    monkeypatch.setenv(stubs.KEY_ENV, "sk-a-wrong-one-123456")
    refused = terminal.refused(1, *check)
    assert "did not accept the key" in refused
    assert "sk-a-wrong" not in refused
    monkeypatch.delenv(stubs.KEY_ENV)
    assert stubs.KEY_ENV in terminal.refused(1, *check)
    monkeypatch.setenv(stubs.KEY_ENV, model_server.key)
    model_server.next(Turn(finish="content_filter"))
    assert "content_filter" in terminal.good(*check)


def test_a_list_of_hosts_that_cannot_be_read_is_refused(terminal: Terminal) -> None:
    said = terminal.refused(2, "endpoint", "check", "x", endpoint_hosts="http://somewhere/")
    assert "LABELER_ENDPOINT_HOSTS" in said
