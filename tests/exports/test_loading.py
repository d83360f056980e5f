"""Hugging Face's loader reads a release from its folder, as those who train do."""

from pathlib import Path

import pytest

from labeler.database import Database
from tests.conftest import NewAddress
from tests.exports.conftest import Judged
from tests.exports.stories import judge_all, plan, tell, write
from tests.make import load_rows, make_row


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    return str(tmp_path / "cache")


def test_the_folder_loads_with_both_splits(judged: Judged, tmp_path: Path, cache: str) -> None:
    import datasets

    database, _, project = judged
    manifest = write(database, plan(database, project, test_share=0.3), tmp_path / "out")
    loaded = datasets.load_dataset(str(tmp_path / "out"), cache_dir=cache)
    told = manifest.counts.formats["dpo"]
    assert {split: part.num_rows for split, part in loaded.items()} == told.splits
    features = loaded["train"].features
    assert features["n_votes"].dtype == "int32"
    assert features["prompt"].feature["content"].dtype == "string"
    for row in loaded["test"]:
        number = int(row["prompt"][0]["content"].split()[2])
        better = number + 1 if number % 2 == 0 else number
        assert row["chosen"] == [{"role": "assistant", "content": f"It is {better}."}]


def test_the_copy_loads_with_the_same_rows(judged: Judged, tmp_path: Path, cache: str) -> None:
    import datasets

    database, _, project = judged
    write(database, plan(database, project, test_share=0), tmp_path / "out")
    lines = str(tmp_path / "out" / "jsonl" / "dpo-train.jsonl")
    copy = datasets.load_dataset("json", data_files=lines, split="train", cache_dir=cache)
    files = datasets.load_dataset(str(tmp_path / "out"), split="train", cache_dir=cache)
    assert copy.to_list() == files.to_list()
    assert len(copy) == 30


def test_a_batch_that_is_named_like_a_date_stays_a_name(
    new_address: NewAddress, tmp_path: Path, cache: str
) -> None:
    import datasets

    database = Database(new_address("sqlite"))
    cast, project = tell(database, {})
    with database.writing() as session:
        load_rows(session, project, [make_row(1)], by=cast.olga, name="2026-11-23")
        for person in (cast.ada, cast.bea):
            judge_all(session, project, person, lambda _: 0)
        session.commit()
    write(database, plan(database, project, test_share=0), tmp_path / "out")
    lines = str(tmp_path / "out" / "jsonl" / "comparisons-train.jsonl")
    copy = datasets.load_dataset("json", data_files=lines, split="train", cache_dir=cache)
    assert copy["batch"][:] == ['"2026-11-23"']
    database.close()
