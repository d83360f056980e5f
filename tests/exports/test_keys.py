"""The keys of an installation: made once, changed in order, kept from others, published."""

import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from exports.proof import envelopes, keys
from exports.proof.envelopes import Signer
from labeler.errors import Invalid
from tests.conftest import StoppedClock

CURRENT = "import sys; from pathlib import Path; from exports.proof import keys; \
print(keys.current(Path(sys.argv[1])).fingerprint)"


def found(data: Path) -> list[str]:
    return list(keys.faults(None, data))  # type: ignore[arg-type]  # it asks no database


def test_the_first_key_is_made_when_it_is_needed_and_stays(
    tmp_path: Path, frozen: StoppedClock
) -> None:
    assert keys.listed(tmp_path) == ()
    first = keys.current(tmp_path / "data")
    frozen.forward(days=1)
    again = keys.current(tmp_path / "data")
    assert first.fingerprint == again.fingerprint
    assert envelopes.is_signed_by(again.seal("text/plain", b"words"), first.public_key)
    [key] = keys.listed(tmp_path / "data")
    assert (key.number, key.public_key, key.introduced_by) == (1, first.public_key, None)
    assert f"{key.made_at:%F}" == "2026-11-23"
    assert found(tmp_path / "data") == found(tmp_path) == []


def test_nobody_else_reads_them(tmp_path: Path) -> None:
    keys.current(tmp_path)
    keys.rotate(tmp_path)
    folder = tmp_path / keys.FOLDER
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    (folder / "2.json").chmod(0o640)
    assert found(tmp_path) == [f"{folder / '2.json'} can be read by others: chmod 600"]


def test_a_key_is_not_shown_by_accident(tmp_path: Path) -> None:
    signer = keys.current(tmp_path)
    secret = signer.private_key.splitlines()[1]
    shown = [repr(signer), str(keys.listed(tmp_path)), keys.text(keys.listed(tmp_path)).decode()]
    assert not any(secret in words for words in shown)


def test_two_processes_at_once_make_one(tmp_path: Path) -> None:
    started = [
        subprocess.Popen([sys.executable, "-c", CURRENT, tmp_path], stdout=subprocess.PIPE)
        for _ in range(4)
    ]
    said = [process.communicate()[0] for process in started]
    assert {process.returncode for process in started} == {0}
    assert len(set(said)) == 1
    assert len(said[0].strip()) == 64


def test_threads_that_rotate_at_once_take_turns(tmp_path: Path) -> None:
    keys.current(tmp_path)
    threads = [threading.Thread(target=keys.rotate, args=(tmp_path,)) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [key.number for key in keys.listed(tmp_path)] == [1, 2, 3, 4, 5, 6]
    assert found(tmp_path) == []


def test_a_new_key_is_signed_by_the_old_one_which_is_forgotten(tmp_path: Path) -> None:
    first = keys.current(tmp_path)
    secret = first.private_key.splitlines()[1]
    made = keys.rotate(tmp_path)
    assert made == keys.listed(tmp_path)[-1]
    assert keys.current(tmp_path).fingerprint == made.fingerprint != first.fingerprint
    assert made.introduced_by is not None
    assert envelopes.is_signed_by(made.introduced_by, first.public_key)
    assert json.loads(made.introduced_by.said)["public_key"] == made.public_key
    assert not any(
        secret.encode() in path.read_bytes() for path in (tmp_path / keys.FOLDER).iterdir()
    )
    with pytest.raises(Invalid, match="no key yet"):
        keys.rotate(tmp_path / "elsewhere")


def test_a_change_that_was_cut_short_is_finished_by_the_next(tmp_path: Path) -> None:
    keys.current(tmp_path)
    path = tmp_path / keys.FOLDER / "1.json"
    before = path.read_bytes()
    keys.rotate(tmp_path)
    path.write_bytes(before)  # as if it had ended after the new key was there
    assert keys.current(tmp_path).fingerprint == keys.listed(tmp_path)[1].fingerprint
    assert found(tmp_path) == []
    keys.rotate(tmp_path)
    assert b"PRIVATE" not in path.read_bytes()


def test_damaged_keys_are_named_and_nothing_takes_their_place(tmp_path: Path) -> None:
    keys.current(tmp_path)
    keys.rotate(tmp_path)
    newest = tmp_path / keys.FOLDER / "2.json"
    whole = newest.read_bytes()
    newest.write_bytes(whole[:100])
    assert "2.json cannot be read" in found(tmp_path)[0]
    with pytest.raises(Invalid, match=r"2\.json cannot be read"):
        keys.current(tmp_path)
    said = json.loads(whole)
    newest.write_text(json.dumps({**said, "private_key": Signer.make().private_key}))
    newest.chmod(0o600)
    assert found(tmp_path) == ["The parts of key 2 do not belong together."]
    newest.write_text(json.dumps({**said, "private_key": None}))
    assert found(tmp_path) == ["Key 2 has no secret part here: put it back from a backup."]
    newest.write_bytes(whole)
    (tmp_path / keys.FOLDER / "1.json").unlink()
    assert "1.json cannot be read" in found(tmp_path)[0]


def published(data: Path) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(keys.text(keys.listed(data)))
    return said


def test_who_has_the_list_knows_every_key(tmp_path: Path) -> None:
    keys.current(tmp_path)
    for _ in range(2):
        keys.rotate(tmp_path)
    (tmp_path / "list.json").write_bytes(keys.text(keys.listed(tmp_path)))
    known = keys.read_trusted(tmp_path / "list.json")
    assert known == tuple(key.public_key for key in keys.listed(tmp_path))
    assert [key["number"] for key in published(tmp_path)["keys"]] == [1, 2, 3]


def test_a_list_with_a_key_of_somebody_else_is_refused(tmp_path: Path) -> None:
    keys.current(tmp_path)
    keys.rotate(tmp_path)
    keys.current(tmp_path / "thief")
    keys.rotate(tmp_path / "thief")
    ours, theirs = published(tmp_path), published(tmp_path / "thief")
    mixed = [
        {**ours, "keys": [ours["keys"][0], theirs["keys"][1]]},
        {**ours, "keys": [ours["keys"][0], {**theirs["keys"][0], "number": 2}]},
        {**ours, "keys": [ours["keys"][0], {**ours["keys"][1], "made_at": "2020-01-01T00:00:00Z"}]},
        {**ours, "keys": [{**ours["keys"][0], "fingerprint": "0" * 64}]},
        {**ours, "keys": ours["keys"][::-1]},
        {**ours, "keys": [{**ours["keys"][0], "public_key": "none"}]},
    ]
    for number, said in enumerate(mixed):
        file = tmp_path / f"{number}.json"
        file.write_text(json.dumps(said))
        with pytest.raises(Invalid, match=r"^.*\.json: key \d "):
            keys.read_trusted(file)


def test_a_key_is_read_from_pem_whatever_stands_before_it(tmp_path: Path) -> None:
    signer = Signer.make()
    (tmp_path / "key.pem").write_text(f"Key 1 of {{somebody}}\n{signer.public_key}\n")
    assert keys.read_trusted(tmp_path / "key.pem") == (signer.public_key,)


def test_what_is_no_key_is_refused(tmp_path: Path) -> None:
    other = ec.generate_private_key(ec.SECP256R1())
    pem = other.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    file = tmp_path / "key.pem"
    for text in (
        pem,
        b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
        b"",
        b"\xff",
    ):
        file.write_bytes(text)
        with pytest.raises(Invalid, match=r"key\.pem is"):
            keys.read_trusted(file)
    with pytest.raises(Invalid, match="missing"):
        keys.read_trusted(tmp_path / "missing.pem")
