"""A signed release: whatever is changed is noticed, by us and by a stranger with OpenSSL."""

import json
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exports.checking import verification
from exports.files import archives, manifests
from exports.files.manifests import Manifest
from exports.proof import envelopes, signing
from exports.proof.envelopes import Signer
from tests.exports.conftest import Judged
from tests.exports.stories import contents, plan, write

PAGE = Path(__file__).parents[2] / "docs" / "verify-a-release.md"
OPENSSL = shutil.which("openssl")


@pytest.fixture(scope="module")
def key() -> Signer:
    return Signer.make()


@pytest.fixture
def folder(judged: Judged, tmp_path: Path, key: Signer) -> Path:
    """A release that was signed."""
    database, _, project = judged
    write(database, plan(database, project, test_share=0.3), tmp_path / "out")
    signing.attest(tmp_path / "out", manifests.read(tmp_path / "out"), key)
    return tmp_path / "out"


def faults(folder: Path, *trusted: str) -> list[str]:
    return list(signing.faults(folder, manifests.read(folder), trusted or None))


def flip(path: Path, place: float = 0.5, bits: int = 1) -> None:
    """Change one byte of a file."""
    before = path.read_bytes()
    at = int(place * len(before))
    path.write_bytes(before[:at] + bytes([before[at] ^ bits]) + before[at + 1 :])


def seal(folder: Path, change: Callable[[Manifest], Manifest]) -> None:
    """Write another manifest, with its right hash, as somebody with a purpose would."""
    manifests.write(folder, change(manifests.read(folder)))


def statement(folder: Path) -> dict[str, object]:
    said = envelopes.read((folder / signing.NAME).read_bytes()).said
    found: dict[str, object] = json.loads(said)
    return found


def test_what_was_signed_has_no_fault(folder: Path, key: Signer) -> None:
    assert faults(folder) == []
    assert faults(folder, Signer.make().public_key, key.public_key) == []
    assert verification.verify(folder) == []


def test_what_was_signed_is_in_the_archive(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "sent.zip").write_bytes(
        b"".join(archives.stream(folder, manifests.read(folder), "bread"))
    )
    with zipfile.ZipFile(tmp_path / "sent.zip") as archive:
        archive.extractall(tmp_path / "got")
    assert contents(tmp_path / "got" / "bread") == contents(folder)
    assert faults(tmp_path / "got" / "bread") == []


def test_the_statement_is_an_in_toto_statement_about_every_file(folder: Path) -> None:
    manifest = manifests.read(folder)
    said = statement(folder)
    assert set(said) == {"_type", "subject", "predicateType", "predicate"}
    assert said["_type"] == "https://in-toto.io/Statement/v1"
    there = {path.relative_to(folder).as_posix() for path in manifests.found(folder)}
    assert said["subject"] == [
        {"name": name, "digest": {"sha256": manifests.digest(folder / name)}}
        for name in ("MANIFEST.json", "MANIFEST.sha256", *(one.path for one in manifest.files))
    ]
    assert len(said["subject"]) == len(there) - 2
    written = json.loads((folder / "MANIFEST.json").read_text())
    assert said["predicate"] == {
        "project": "helpful",
        "release": 1,
        **{name: written[name] for name in ("format", "cut_at", "counts", "software")},
    }


def test_the_same_release_and_key_give_the_same_bytes(folder: Path, key: Signer) -> None:
    before = [(folder / name).read_bytes() for name in signing.BESIDE]
    signing.attest(folder, manifests.read(folder), Signer.read(key.private_key))
    assert [(folder / name).read_bytes() for name in signing.BESIDE] == before
    signing.attest(folder, manifests.read(folder), Signer.make())
    assert all((folder / name).read_bytes() not in before for name in signing.BESIDE)


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), place=st.floats(0, 1, exclude_max=True), bits=st.integers(1, 255))
def test_one_changed_byte_is_found(
    folder: Path, data: st.DataObject, place: float, bits: int
) -> None:
    names = [*signing.BESIDE, *(entry.path for entry in manifests.read(folder).files)]
    path = folder / data.draw(st.sampled_from(names))
    before = path.read_bytes()
    flip(path, place, bits)
    found = faults(folder)
    path.write_bytes(before)
    assert len(found) == 1
    assert path.relative_to(folder).as_posix() in found[0]


def test_another_writing_of_the_same_envelope_is_refused(folder: Path, key: Signer) -> None:
    """Nobody can hide anything in it, and no two files pass for the same attestation."""
    path = folder / signing.NAME
    said = json.loads(path.read_text())
    path.write_text(json.dumps(said))
    assert faults(folder) == ["attestation.dsse.json is not written as it was signed"]
    path.write_text(json.dumps({**said, "signatures": said["signatures"] * 2}, indent=1) + "\n")
    assert faults(folder) == ["attestation.dsse.json is no envelope with one signature"]
    path.write_text(json.dumps({**said, "comment": "trust me"}, indent=1) + "\n")
    assert faults(folder) == ["attestation.dsse.json is no envelope with one signature"]
    (folder / signing.PUBLIC_KEY).write_text(f"Ours!\n{key.public_key}")
    assert faults(folder) == ["public_key.pem is not written as it was"]


def test_who_signs_a_changed_release_anew_is_found_by_whoever_knows_the_key(
    folder: Path, key: Signer
) -> None:
    flip(folder / "README.md")
    seal(folder, lambda manifest: _listed_anew(folder, manifest))
    thief = Signer.make()
    signing.attest(folder, manifests.read(folder), thief)
    assert faults(folder) == []
    [fault] = faults(folder, key.public_key)
    assert fault == f"public_key.pem is not a key that you trust: {thief.fingerprint}"
    (folder / signing.PUBLIC_KEY).write_text(key.public_key)
    [fault] = faults(folder, key.public_key)
    assert "was not signed by public_key.pem" in fault


def _listed_anew(folder: Path, manifest: Manifest) -> Manifest:
    for name in (*signing.BESIDE, manifests.NAME, manifests.SEAL):
        (folder / name).unlink()
    rows = {folder / one.path: one.rows for one in manifest.files if one.rows is not None}
    files = manifests.entries(folder, list(manifests.found(folder)), rows)
    return manifest.model_copy(update={"files": files})


def test_a_manifest_that_says_something_else_is_found(folder: Path) -> None:
    seal(folder, lambda manifest: manifest.model_copy(update={"release": 2}))
    assert faults(folder) == [
        "MANIFEST.json is not the file that was signed",
        "MANIFEST.sha256 is not the file that was signed",
    ]


def test_files_that_were_not_signed_and_files_that_are_gone(folder: Path) -> None:
    (folder / "more.txt").write_text("more")
    shutil.copy(folder / "README.md", folder.parent / "README.md")

    def change(manifest: Manifest) -> Manifest:
        more = manifest.files[0].model_copy(update={"path": "more.txt"})
        kept = [one for one in manifest.files if one.path != "README.md"]
        return manifest.model_copy(update={"files": (*kept, more)})

    seal(folder, change)
    assert faults(folder)[2:] == [
        "more.txt was not signed",
        "README.md was signed and is not in MANIFEST.json",
    ]
    (folder / "more.txt").unlink()
    assert "more.txt was not signed" in faults(folder)
    for name in signing.BESIDE:
        (folder / name).rename(folder.parent / "aside")
        assert faults(folder) == [f"{name} is missing"]
        (folder.parent / "aside").rename(folder / name)


def test_what_the_key_signed_of_something_else_is_no_attestation(folder: Path, key: Signer) -> None:
    said = envelopes.read((folder / signing.NAME).read_bytes()).said
    path = folder / signing.NAME
    path.write_bytes(envelopes.text(key.seal("text/plain", said)))
    assert "says something else of the release" in faults(folder)[0]
    path.write_bytes(envelopes.text(key.seal(signing.PAYLOAD, b"[1, 2]")))
    assert faults(folder) == ["attestation.dsse.json holds no statement about files"]


def commands() -> str:
    """Return the commands of the page, as a script that ends where one fails."""
    blocks = re.findall(r"```sh\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert len(blocks) == 4
    return "set -euo pipefail\n" + "".join(blocks)


def follow_the_page(folder: Path) -> subprocess.CompletedProcess[str]:
    if OPENSSL is None:
        pytest.skip("there is no openssl here")
    version = subprocess.run([OPENSSL, "version"], capture_output=True, text=True, check=True)
    if int(re.findall(r"\d+", version.stdout)[0]) < 3:
        pytest.skip(f"this is {version.stdout.strip()}; the page asks for OpenSSL 3")
    return subprocess.run(
        ["bash", "-c", commands()], cwd=folder, capture_output=True, text=True, check=False
    )


def test_a_stranger_verifies_it_with_openssl_alone(folder: Path, key: Signer) -> None:
    done = follow_the_page(folder)
    assert done.returncode == 0, done.stderr
    first, last = done.stdout.splitlines()
    assert first == "Signature Verified Successfully"
    assert last.split()[0] == key.fingerprint


@pytest.mark.parametrize(
    "name", [*signing.BESIDE, "MANIFEST.json", "README.md", "jsonl/dpo-train.jsonl"]
)
def test_one_changed_byte_stops_the_stranger(folder: Path, name: str) -> None:
    flip(folder / name)
    assert follow_the_page(folder).returncode != 0


def test_the_stranger_notices_a_file_too_many_and_one_too_few(folder: Path) -> None:
    (folder / "dpo" / "more.parquet").write_bytes(b"")
    done = follow_the_page(folder)
    assert (done.returncode, "> dpo/more.parquet" in done.stdout) == (1, True)
    (folder / "dpo" / "more.parquet").unlink()
    (folder / "README.md").unlink()
    assert follow_the_page(folder).returncode != 0


def test_the_page_works_for_a_release_of_many_files(folder: Path, key: Signer) -> None:
    """OpenSSL reads base64 in one line of any length; older tools cut it off."""
    (folder / "many").mkdir()
    for number in range(400):
        (folder / "many" / f"{number:05d}-of-00400.txt").write_text(str(number))
    seal(folder, lambda manifest: _listed_anew(folder, manifest))
    signing.attest(folder, manifests.read(folder), key)
    done = follow_the_page(folder)
    assert done.returncode == 0, done.stderr
    flip(folder / "many" / "00399-of-00400.txt")
    assert follow_the_page(folder).returncode != 0


def test_the_page_names_what_is_signed() -> None:
    page = PAGE.read_text("utf-8")
    assert signing.PREDICATE in page
    assert f"DSSEv1 {len(signing.PAYLOAD)} {signing.PAYLOAD} " in page
