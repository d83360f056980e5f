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

from exports import formats
from exports.cards import croissant, labor_card
from exports.checking import verification
from exports.choosing.criteria import FORMATS
from exports.files import manifests, writing
from exports.files.manifests import FileEntry
from exports.formats.columns import Row
from exports.proof import signing
from exports.proof.envelopes import Signer
from labeler.database import Database
from tests.conftest import NewAddress
from tests.exports.conftest import Judged
from tests.exports.stories import plan, tell_orders, write

FILES = [
    "LABOR_CARD.md",
    "LICENSE",
    "MANIFEST.json",
    "MANIFEST.sha256",
    "README.md",
    "attestation.dsse.json",
    "comparisons/test-00000-of-00001.parquet",
    "comparisons/train-00000-of-00001.parquet",
    "croissant.json",
    "dpo/test-00000-of-00001.parquet",
    "dpo/train-00000-of-00001.parquet",
    "eu_training_summary.md",
    "jsonl/comparisons-test.jsonl",
    "jsonl/comparisons-train.jsonl",
    "jsonl/dpo-test.jsonl",
    "jsonl/dpo-train.jsonl",
    "labor_card.json",
    "public_key.pem",
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
    """Make all documents agree with the files, and sign them with another key."""
    manifest = manifests.read(folder)
    known = {folder / entry.path: entry.rows for entry in manifest.files if entry.rows}
    known |= {folder / name: count for name, count in rows.items()}
    for name in manifests.UNLISTED:
        (folder / name).unlink()
    told = {each.path: each for each in manifests.entries(folder, manifests.found(folder), known)}
    card = json.loads((folder / labor_card.JSON_NAME).read_bytes())
    for each in card["dataset"]["files"]:
        each["sha256"], each["records"] = told[each["path"]].sha256, told[each["path"]].rows
    text = json.dumps(card, ensure_ascii=False, indent=1) + "\n"
    (folder / labor_card.JSON_NAME).write_text(text, "utf-8")
    _describe(folder, {**told, **_entries(folder, labor_card.JSON_NAME)})
    files = manifests.entries(folder, manifests.found(folder), known)
    sealed = manifest.model_copy(update={"files": files})
    manifests.write(folder, sealed)
    signing.attest(folder, sealed, Signer.make())


def _entries(folder: Path, name: str) -> dict[str, FileEntry]:
    return {each.path: each for each in manifests.entries(folder, [folder / name])}


def _describe(folder: Path, told: dict[str, FileEntry]) -> None:
    said = json.loads((folder / croissant.NAME).read_bytes())
    for each in said["distribution"]:
        if each["@type"] == "cr:FileObject":
            entry = told[each["contentUrl"]]
            each["sha256"], each["contentSize"] = entry.sha256, f"{entry.bytes} B"
    (folder / croissant.NAME).write_text(json.dumps(said, ensure_ascii=False), "utf-8")


def test_files_that_disagree_are_found_although_their_hashes_are_right(folder: Path) -> None:
    name = "dpo/train-00000-of-00001.parquet"
    shutil.copytree(folder, folder.parent / "other")
    forge(folder, name, lambda table: table.slice(1))
    assert any("is not row 1 of" in fault for fault in verification.verify(folder))
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
    count = manifests.read(folder).counts.formats["dpo"].splits["train"]
    seal(folder, {"jsonl/dpo-test.jsonl": count, "dpo/test-00000-of-00001.parquet": count})
    faults = verification.verify(folder)
    assert any("a prompt that belongs to another split" in fault for fault in faults)


@pytest.fixture
def whole(judged_in_every_way: Judged, tmp_path: Path) -> Path:
    """A release with every format."""
    database, _, project = judged_in_every_way
    rules = {"formats": FORMATS, "test_share": 0.3, "min_judgments": 1}
    write(database, plan(database, project, **rules), tmp_path / "whole")
    return tmp_path / "whole"


def test_a_release_with_every_format_is_whole(whole: Path) -> None:
    manifest = manifests.read(whole)
    assert {*manifest.counts.formats} == {*formats.WITH_ROWS}
    assert all(len(each.splits) == 2 for each in manifest.counts.formats.values())
    assert verification.verify(whole) == []


def test_one_changed_byte_is_found_in_every_file_of_every_format(whole: Path) -> None:
    names = sorted(path.relative_to(whole).as_posix() for path in manifests.found(whole))
    assert len(names) > 2 * len(formats.IN_PARQUET) * 2
    for name in names:
        before = (whole / name).read_bytes()
        at = len(before) // 2
        (whole / name).write_bytes(before[:at] + bytes([before[at] ^ 1]) + before[at + 1 :])
        faults = verification.verify(whole)
        (whole / name).write_bytes(before)
        assert (len(faults), name in faults[0]) == (1, True)
    assert verification.verify(whole) == []


def forge_row(folder: Path, name: str, change: Callable[[Row], object], at: int = 0) -> list[str]:
    """Change a row for training in both kinds of file, seal it, and return what is found."""
    module, is_parquet = formats.MODULES[name], name in formats.IN_PARQUET
    path = writing.lines_of(folder, name, "train", in_parquet=is_parquet)
    rows = list(writing.read_lines(path))
    change(rows[at])
    (work := folder.parent / "work").mkdir()
    with writing.Writers(work, {name: module.SCHEMA}) as writers:
        for row in rows:
            writers.add(name, row, "train")
        writers.finish()
    shutil.copy(work / f"{name}-train.jsonl", path)
    if is_parquet:
        whole = folder / name / "train-00000-of-00001.parquet"
        shutil.copy(work / f"{name}-train.parquet", whole)
    shutil.rmtree(work)
    seal(folder, {})
    return verification.verify(folder)


def swap(row: Row) -> None:
    row["chosen"], row["rejected"] = row["rejected"], row["chosen"]


def turn_over(row: Row) -> None:
    row["label"] = not row["label"]


def say(side: str) -> Callable[[Row], None]:
    def change(row: Row) -> None:
        row[side] = [{"role": "assistant", "content": "Buy our rice."}]

    return change


FORGED: list[tuple[str, Callable[[Row], object], str]] = [
    ("dpo", swap, "does not follow"),
    ("dpo", lambda row: row.update(n_votes=9), "does not follow"),
    ("dpo", lambda row: row.update(annotator_ids=["0" * 12]), "does not follow"),
    ("dpo_per_vote", swap, "does not follow"),
    ("reward", lambda row: row.update(margin=0.9), "does not follow"),
    ("kto", turn_over, "do not follow"),
    ("kto", say("completion"), "do not follow"),
    ("sft", say("completion"), "does not follow"),
    ("ranking", lambda row: row["answers"].reverse(), "does not follow"),
    ("criteria", swap, "does not follow"),
    ("edits", say("chosen"), "does not follow"),
    ("openai", lambda row: row.update(preferred_output=[]), "does not follow"),
    ("llamafactory", lambda row: row.update(system="Sell rice."), "does not follow"),
    ("nemo", lambda row: row["completions"].reverse(), "does not follow"),
    ("comparisons", lambda row: row.update(n_votes=9), "has not as many votes"),
    ("comparisons", lambda row: row["judgments"].pop(), "has not as many votes"),
    ("comparisons", lambda row: row.update(language="sw"), "counts other languages"),
    ("comparisons", lambda row: row.update(outcome="tie", preferred=-1), "left out as tie"),
]


@pytest.mark.parametrize(("name", "change", "words"), FORGED, ids=map(str, range(len(FORGED))))
def test_a_row_that_was_forged_is_found_although_its_hash_is_right(
    whole: Path, name: str, change: Callable[[Row], object], words: str
) -> None:
    at = _first_that_is_preferred(whole) if name == "comparisons" else 0
    faults = forge_row(whole, name, change, at)
    assert any(words in fault and name.split("_")[0] in str(faults) for fault in faults), faults


def _first_that_is_preferred(folder: Path) -> int:
    rows = writing.read_lines(folder / "jsonl" / "comparisons-train.jsonl")
    return next(n for n, row in enumerate(rows) if row["outcome"] == "preferred")


def test_an_agreement_that_the_judgments_do_not_say_is_found(whole: Path) -> None:
    at = _first_that_is_preferred(whole)
    faults = forge_row(whole, "comparisons", lambda row: row.update(agreement=0.5), at)
    assert any("has another agreement" in fault for fault in faults)


def test_a_row_in_another_place_or_twice_is_found_without_comparisons(
    judged: Judged, tmp_path: Path
) -> None:
    database, _, project = judged
    cut = plan(database, project, formats=("dpo", "kto", "sft"), test_share=0)
    write(database, cut, tmp_path / "out")
    assert verification.verify(tmp_path / "out") == []
    lines = {
        name: list(writing.read_lines(tmp_path / "out" / "jsonl" / f"{name}-train.jsonl"))
        for name in ("dpo", "kto", "sft")
    }
    for name, rows in lines.items():
        changed = tmp_path / name
        shutil.copytree(tmp_path / "out", changed)
        faults = forge_row(changed, name, lambda row, to=rows[9]: row.update(to))
        assert any("is not in its place" in fault for fault in faults)
    shutil.copytree(tmp_path / "out", tmp_path / "twice")
    faults = forge_row(tmp_path / "twice", "sft", lambda row: row.update(lines["sft"][1]))
    assert any("is there twice" in fault for fault in faults)


def test_a_row_that_is_hardly_one_is_a_fault_and_no_crash(whole: Path) -> None:
    for name, change in (
        ("dpo", lambda row: row.update(chosen=[])),
        ("kto", lambda row: row.update(prompt=[])),
        ("comparisons", lambda row: row.update(responses=[])),
        ("comparisons", lambda row: row.update(prompt_id=None)),
        ("comparisons", lambda row: row.update(preferred=7)),
    ):
        copy = whole.parent / f"copy-{name}"
        shutil.copytree(whole, copy)
        assert forge_row(copy, name, change)
        shutil.rmtree(copy)


@pytest.mark.parametrize("others", [(), ("comparisons",)])
def test_pairs_of_orders_are_whole(
    new_address: NewAddress, tmp_path: Path, others: tuple[str, ...]
) -> None:
    """They have ids of their own, which are in no order."""
    database = Database(new_address("sqlite"))
    _, project = tell_orders(database)
    cut = plan(database, project, formats=("dpo", "reward", "ranking", *others))
    manifest = write(database, cut, tmp_path / "out")
    assert (manifest.counts.used, manifest.counts.rows("dpo")) == (12, 36)
    ids = [row["pair_id"] for row in writing.read_lines(tmp_path / "out/jsonl/dpo-train.jsonl")]
    assert ids != sorted(ids)
    assert verification.verify(tmp_path / "out") == []
    database.close()


def test_texts_that_were_exchanged_are_found(folder: Path) -> None:
    faults = forge_row(folder, "dpo", say("chosen"))
    assert "dpo, train: row 1 has other texts than its pair_id says" in faults
