"""One byte changed anywhere is found, and so is what was forged with care."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exports import manifests, verification
from exports.formats import dpo
from tests.exports.conftest import Judged
from tests.exports.stories import plan, write

FILES = [
    "MANIFEST.json",
    "MANIFEST.sha256",
    "README.md",
    "dpo/test-00000-of-00001.parquet",
    "dpo/train-00000-of-00001.parquet",
    "jsonl/dpo-test.jsonl",
    "jsonl/dpo-train.jsonl",
]


@pytest.fixture
def folder(judged: Judged, tmp_path: Path) -> Path:
    database, _, project = judged
    write(database, plan(database, project, test_share=0.3), tmp_path / "out")
    return tmp_path / "out"


def test_these_are_all_files(folder: Path) -> None:
    assert sorted(p.relative_to(folder).as_posix() for p in manifests.found(folder)) == FILES
    assert verification.verify(folder) == []


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(FILES), place=st.floats(0, 1, exclude_max=True), flip=st.integers(1, 255)
)
def test_one_changed_byte_is_found(folder: Path, name: str, place: float, flip: int) -> None:
    path = folder / name
    before = path.read_bytes()
    at = int(place * len(before))
    path.write_bytes(before[:at] + bytes([before[at] ^ flip]) + before[at + 1 :])
    faults = verification.verify(folder)
    path.write_bytes(before)
    assert len(faults) == 1
    assert name in faults[0]


def test_a_missing_file_is_named(folder: Path) -> None:
    for name in FILES:
        (folder / name).rename(folder.parent / "aside")
        assert any(f"{name} is missing" in fault for fault in verification.verify(folder))
        (folder.parent / "aside").rename(folder / name)


def test_what_does_not_belong_is_named(folder: Path) -> None:
    (folder / "dpo" / "extra.parquet").write_bytes(b"")
    assert verification.verify(folder) == ["dpo/extra.parquet does not belong to the release"]


def test_a_link_is_no_file(folder: Path) -> None:
    (folder / "README.md").rename(folder.parent / "elsewhere")
    (folder / "README.md").symlink_to(folder.parent / "elsewhere")
    assert verification.verify(folder) == ["README.md is not a file"]


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    assert verification.verify(tmp_path) == ["MANIFEST.json is missing"]


def forge(folder: Path, name: str, change: Callable[[pa.Table], pa.Table]) -> None:
    """Change a Parquet file and make the manifest agree, as somebody with a purpose would."""
    table = change(pq.read_table(folder / name))
    pq.write_table(table, folder / name)
    seal(folder, {name: table.num_rows})


def seal(folder: Path, rows: dict[str, int]) -> None:
    manifest = manifests.read(folder)
    known = {folder / entry.path: entry.rows for entry in manifest.files if entry.rows}
    known |= {folder / name: count for name, count in rows.items()}
    for name in (manifests.NAME, manifests.SEAL):
        (folder / name).unlink()
    files = manifests.entries(folder, known)
    manifests.write(folder, manifest.model_copy(update={"files": files}))


def test_files_that_disagree_are_found_although_their_hashes_are_right(folder: Path) -> None:
    name = "dpo/train-00000-of-00001.parquet"
    shutil.copytree(folder, folder.parent / "other")
    forge(folder, name, lambda table: table.slice(1))
    assert any("is not row 1" in fault for fault in verification.verify(folder))
    forge(
        folder.parent / "other",
        name,
        lambda table: table.append_column("margin", table["strength"]),
    )
    faults = verification.verify(folder.parent / "other")
    assert any("does not have the columns of this format" in fault for fault in faults)


def test_a_prompt_in_both_splits_is_found(folder: Path) -> None:
    """The train rows take the place of the test rows, in both kinds of file."""
    shutil.copy(folder / "jsonl/dpo-train.jsonl", folder / "jsonl/dpo-test.jsonl")
    shutil.copy(
        folder / "dpo/train-00000-of-00001.parquet", folder / "dpo/test-00000-of-00001.parquet"
    )
    count = manifests.read(folder).counts.splits["train"]
    seal(folder, {"jsonl/dpo-test.jsonl": count, "dpo/test-00000-of-00001.parquet": count})
    faults = verification.verify(folder)
    assert any("a prompt that belongs to another split" in fault for fault in faults)


def test_texts_that_were_exchanged_are_found(folder: Path) -> None:
    rows = list(dpo.read_lines(folder / "jsonl/dpo-train.jsonl"))
    rows[0]["chosen"][0]["content"] = "Something else."
    (work := folder.parent / "work").mkdir()
    with dpo.Writer(work) as writer:
        for row in rows:
            writer.add(json.dumps(row, ensure_ascii=False).encode(), "train")
        made = writer.finish()
    for path in made:
        shutil.copy(path, folder / path.relative_to(work))
    seal(folder, {})
    assert verification.verify(folder) == ["train: row 1 has other texts than its pair_id says"]
