"""mlcroissant reads croissant.json of a release, and every row through it."""

import json
import shutil
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

mlcroissant = pytest.importorskip("mlcroissant", reason="mlcroissant is not installed here")


@pytest.fixture(scope="module")
def said(release: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((release / "croissant.json").read_text("utf-8"))
    return found


@pytest.fixture(scope="module")
def dataset(release: Path) -> Any:
    return mlcroissant.Dataset(jsonld=release / "croissant.json")


def configs(said: dict[str, Any]) -> list[str]:
    return [one["@id"] for one in said["recordSet"] if one["@id"] != "splits"]


def test_it_has_no_errors_and_no_warnings(dataset: Any) -> None:
    issues = dataset.metadata.ctx.issues
    assert (list(issues.errors), list(issues.warnings)) == ([], [])


def test_every_config_is_described(release: Path, said: dict[str, Any]) -> None:
    folders = {path.parent.name for path in release.glob("*/*.parquet")}
    assert sorted(configs(said)) == sorted(folders) != []


def test_every_row_comes_back(release: Path, said: dict[str, Any], dataset: Any) -> None:
    for config in configs(said):
        read = list(dataset.records(config))
        kept = list(rows(release, config))
        assert len(read) == len(kept) > 0
        for split in ("train", "test"):
            ours = [row for row in kept if row["split"] == split]
            theirs = [row for row in read if text(row[f"{config}/split"]) == split]
            for row, found in zip(ours, theirs, strict=True):
                compare(config, row, found)


def compare(config: str, row: dict[str, Any], found: dict[str, Any]) -> None:
    """Compare what is flat, and lists of messages and the like part by part."""
    for name, value in row.items():
        path = f"{config}/{name}"
        if value and isinstance(value, list) and isinstance(value[0], dict):
            for part in flat_parts(value[0]):
                got = [text(one[f"{path}/{part}"]) for one in found[path]]
                assert got == [one[part] for one in value], path
        elif value != []:
            assert text(found[path]) == value, path


def flat_parts(one: dict[str, Any]) -> list[str]:
    """Return the parts that hold no things of their own: mlcroissant gives the first of those."""
    return [name for name, value in one.items() if not isinstance(value, list)]


def text(value: Any) -> Any:
    """Return what mlcroissant gives as bytes and arrays as the rows have it."""
    if isinstance(value, bytes):
        return value.decode()
    if hasattr(value, "tolist"):
        return text(value.tolist())
    return [text(one) for one in value] if isinstance(value, list) else value


def rows(release: Path, config: str) -> Iterator[dict[str, Any]]:
    for path in sorted((release / config).glob("*.parquet")):
        table: pa.Table = pq.read_table(path)
        split = path.name.partition("-")[0]
        yield from (row | {"split": split} for row in table.to_pylist())


def test_facts_about_the_judging_are_read(said: dict[str, Any], dataset: Any) -> None:
    metadata = dataset.metadata
    read = {
        "rai:dataAnnotationProtocol": metadata.data_annotation_protocol,
        "rai:dataAnnotationPlatform": metadata.data_annotation_platform,
        "rai:dataAnnotationAnalysis": metadata.data_annotation_analysis,
        "rai:annotationsPerItem": metadata.annotations_per_item,
        "rai:dataManipulationProtocol": metadata.data_manipulation_protocol,
        "rai:dataPreprocessingProtocol": metadata.data_preprocessing_protocol,
        "rai:dataLimitations": metadata.data_limitations,
        "rai:dataBiases": metadata.data_biases,
        "rai:personalSensitiveInformation": metadata.personal_sensitive_information,
    }
    assert "rai:dataAnnotationProtocol" in said
    for name, value in read.items():
        if name in said:
            assert as_list(value) == as_list(said[name]), name
    days = [f"{day:%Y-%m-%d}" for day in as_list(metadata.data_collection_timeframe)]
    # Where all was judged on one day, the two ends are one value of a set.
    assert days == sorted(set(said["rai:dataCollectionTimeframe"]))


def as_list(value: Any) -> list[Any]:
    """Return one value or several in an order of our own: in JSON-LD they have none."""
    return sorted(value) if isinstance(value, list) else [value]


def test_another_column_is_not_found(release: Path, tmp_path: Path, said: dict[str, Any]) -> None:
    """The rows come from where the description says: nothing is guessed."""
    config = configs(said)[0]
    shutil.copytree(release / config, tmp_path / config)
    sets = json.dumps(said["recordSet"]).replace('"column": "', '"column": "no_')
    wrong = {**said, "recordSet": json.loads(sets)}
    (tmp_path / "croissant.json").write_text(json.dumps(wrong), "utf-8")
    with pytest.raises(Exception) as caught:
        list(mlcroissant.Dataset(jsonld=tmp_path / "croissant.json").records(config))
    assert "no_" in "".join(traceback.format_exception(caught.value))
