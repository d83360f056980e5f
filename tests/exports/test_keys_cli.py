"""The key of an installation on the command line, and where strangers find it."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import sqlalchemy as sa

from exports.proof import keys
from labeler.events import Event
from tests.cast import Cast
from tests.labeler.cli.conftest import Terminal, settle
from tests.serving import lend_app
from tests.visits import Visit

ADDRESS = "/.well-known/labeler-keys.json"
SHOWN = re.compile(
    r"Key (?P<number>\d) of \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC, SHA-256 (?P<print>[0-9a-f]{64})\n"
    r"-----BEGIN PUBLIC KEY-----\n[\w+/=]+\n-----END PUBLIC KEY-----\n"
)


@pytest.fixture
def terminal(address: str, tmp_path: Path) -> Terminal:
    return Terminal({"LABELER_DATABASE_URL": address, "LABELER_DATA": str(tmp_path)})


@pytest.fixture
def people(terminal: Terminal) -> Cast:
    return settle(terminal)


def data(terminal: Terminal) -> Path:
    return Path(terminal.settings["LABELER_DATA"])


def test_the_key_is_shown_and_the_first_time_made(terminal: Terminal) -> None:
    said = terminal.good("release", "key")
    shown = SHOWN.fullmatch(said)
    assert shown is not None
    assert shown["number"] == "1"
    assert terminal.good("release", "key") == said
    [key] = keys.listed(data(terminal))
    assert shown["print"] == key.fingerprint


def test_openssl_reads_what_is_shown(terminal: Terminal, tmp_path: Path) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("there is no openssl here")
    said = terminal.good("release", "key")
    (tmp_path / "key.pem").write_text(said)
    assert keys.read_trusted(tmp_path / "key.pem")
    read = subprocess.run(
        [openssl, "pkey", "-pubin", "-in", tmp_path / "key.pem", "-noout", "-text"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert read.stdout.startswith("ED25519 Public-Key")


def test_a_new_key_is_put_down_to_whoever_made_it(terminal: Terminal, people: Cast) -> None:
    terminal.good("release", "key")
    shown = SHOWN.fullmatch(terminal.good("release", "key", "--new", "--as", "olga@example.org"))
    assert shown is not None
    assert shown["number"] == "2"
    with terminal.session() as session:
        [event] = session.scalars(sa.select(Event).where(Event.kind == "release_key.made"))
        assert event.person_id == people.olga.id
        assert event.data == {"number": 2, "fingerprint": shown["print"]}


def test_refused_is_who_is_not_known_and_a_change_of_nothing(
    terminal: Terminal, people: Cast
) -> None:
    assert "no key yet" in terminal.refused(2, "release", "key", "--new")
    terminal.good("release", "key")
    terminal.refused(1, "release", "key", "--new", "--as", "nobody@example.org")
    assert len(keys.listed(data(terminal))) == 1


def test_strangers_find_the_keys(address: str, tmp_path: Path) -> None:
    with lend_app(address, tmp_path, releases=True) as app:
        answer = Visit(app).get(ADDRESS)
        assert (answer.status_code, answer.mimetype) == (200, "application/json")
        assert answer.json == {"format": "labeler-keys-1", "keys": []}
        assert not (tmp_path / keys.FOLDER).exists(), "looking makes nothing"
        keys.current(tmp_path)
        keys.rotate(tmp_path)
        sent = Visit(app).get(ADDRESS).data
    assert b"PRIVATE" not in sent
    said = json.loads(sent)["keys"]
    assert [key["fingerprint"] for key in said] == [
        key.fingerprint for key in keys.listed(tmp_path)
    ]
    (tmp_path / "list.json").write_bytes(sent)
    assert len(keys.read_trusted(tmp_path / "list.json")) == 2
