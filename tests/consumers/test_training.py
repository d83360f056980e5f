"""TRL's trainers learn from a release what people prefer, and its opposite from a swapped one.

What is run is the guide for those who train, as it stands.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.consumers import guide

METHODS = {
    "DPO": 4,
    "DPO with labels that may be wrong": 4,
    "A reward model": 2,
    "KTO": 3,
    "Supervised fine-tuning": 3,
}
"""Sections of the guide that train, with how often they go through the data here."""
BEFORE = {"KTO", "Supervised fine-tuning"}
MEASURE = "How good a language model has become"
LEARNT, SWAPPED = 0.9, 0.1


def test_every_section_with_python_is_run() -> None:
    written = {
        title
        for title, blocks in guide.sections().items()
        if any(block.language == "python" for block in blocks)
    }
    assert written == {"Begin", MEASURE, *METHODS}


@pytest.fixture(scope="module")
def swapped(release: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The release as a faulty exporter would write it: what is better and worse, swapped.

    Only what models learn from is changed, not what they are measured by.
    """
    folder = tmp_path_factory.mktemp("swapped") / "release"
    shutil.copytree(release, folder)
    rejected = {
        str(row["prompt"]): row["rejected"]
        for path in (folder / "dpo").glob("train-*.parquet")
        for row in pq.read_table(path).to_pylist()
    }
    changes: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
        "dpo": lambda row: row | {"chosen": row["rejected"], "rejected": row["chosen"]},
        "kto": lambda row: row | {"label": not row["label"]},
        "sft": lambda row: row | {"completion": rejected[str(row["prompt"])]},
    }
    changes["reward"] = changes["dpo"]
    for name, change in changes.items():
        for path in (folder / name).glob("train-*.parquet"):
            table = pq.read_table(path)
            rows = [change(row) for row in table.to_pylist()]
            pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), path)
    return folder


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.usefixtures("elsewhere")
def test_what_people_prefer_is_learnt(method: str, release: Path, model: Path) -> None:
    made = train(method, release, model)
    assert made["accuracy"] > LEARNT
    prepared, given = made["trainer"].train_dataset, rows_of(method, made)
    assert len(prepared) == len(given), "the trainer takes every row"


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.usefixtures("elsewhere")
def test_swapped_columns_are_noticed(method: str, swapped: Path, model: Path) -> None:
    assert train(method, swapped, model)["accuracy"] < SWAPPED


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let trainers write into a folder of the test's own."""
    monkeypatch.chdir(tmp_path)


def train(method: str, release: Path, model: Path) -> dict[str, Any]:
    titles = ["Begin", *([MEASURE] if method in BEFORE else []), method]
    settings = {
        "use_cpu": True,
        "bf16": False,
        "gradient_checkpointing": False,
        "per_device_train_batch_size": 16,
        "learning_rate": 5e-3,
        "num_train_epochs": METHODS[method],
        "report_to": "none",
        "save_strategy": "no",
        "disable_tqdm": True,
    }
    return guide.run(titles, release, model, settings)


def rows_of(method: str, made: dict[str, Any]) -> Any:
    names = {"A reward model": "ranked", "KTO": "answers", "Supervised fine-tuning": "better"}
    return made[names.get(method, "pairs")]["train"]
