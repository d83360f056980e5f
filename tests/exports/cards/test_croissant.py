"""croissant.json tells the truth about a release, and what does not is named."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from exports.cards import croissant, croissant_faults, croissant_records
from exports.cards.croissant import Facts
from exports.files import manifests
from exports.files.manifests import FileEntry, Manifest
from exports.formats import dpo
from tests.exports.conftest import Judged
from tests.exports.stories import plan, write

FACTS = Facts(
    title="Helpful answers",
    description="Pairs of answers that people compared.",
    licence="cc-by-4.0",
    url="https://labeler.example.org/projects/helpful",
    creator="Ministry of Bread",
    published=date(2026, 11, 28),
    languages=("en", "sw-KE"),
    keywords=("preference", "dpo"),
    cite_as="Ministry of Bread (2026). Helpful answers.",
    collected=(date(2026, 11, 2), date(2026, 11, 23)),
    said={
        "annotationsPerItem": ("2 judgments.",),
        "dataAnnotationProtocol": ("Two answers side by side.", "Their order was drawn."),
        "dataAnnotationAnalysis": ("Alpha is 0.8.", "Ties are left out."),
        "dataManipulationProtocol": ("Half characters were refused.",),
        "dataLimitations": (),
    },
    models=("model-x", "model-y"),
    sources=("https://example.org/prompts",),
    uses=("Not for training models that compete with model-x.",),
    columns={"agreement": "Share of the votes that were for the chosen answer."},
)


@pytest.fixture
def folder(judged: Judged, tmp_path: Path) -> Path:
    """A release with pairs, and with records in which lists hold lists."""
    database, _, project = judged
    write(database, plan(database, project, test_share=0.3), tmp_path / "out")
    return tmp_path / "out"


@pytest.fixture
def manifest(folder: Path) -> Manifest:
    """The manifest of all that is in the folder, as it is before croissant.json is written."""
    found = manifests.read(folder)
    for name in (*manifests.UNLISTED, croissant.NAME):
        (folder / name).unlink(missing_ok=True)
    files = manifests.entries(folder, list(manifests.found(folder)))
    return found.model_copy(update={"files": files})


@pytest.fixture
def text(manifest: Manifest) -> str:
    return croissant.text(manifest, FACTS)


@pytest.fixture
def said(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text)
    return found


def test_what_is_written_has_no_fault(folder: Path, text: str, manifest: Manifest) -> None:
    assert list(croissant_faults.faults(folder, text, manifest)) == []
    (folder / croissant.NAME).write_text(text, "utf-8")
    own = manifests.entries(folder, list(manifests.found(folder)))
    with_itself = manifest.model_copy(update={"files": own})
    assert list(croissant_faults.faults(folder, text, with_itself)) == []


def test_the_same_release_gives_the_same_bytes(manifest: Manifest, text: str) -> None:
    again = croissant.text(manifest, FACTS)
    assert again == text


def test_every_file_is_there_with_its_hash(
    folder: Path, said: dict[str, Any], manifest: Manifest
) -> None:
    files = [one for one in said["distribution"] if one["@type"] == "cr:FileObject"]
    assert {one["contentUrl"]: one["sha256"] for one in files} == {
        path.relative_to(folder).as_posix(): manifests.digest(path)
        for path in manifests.found(folder)
    }
    sets = {one["@id"]: one for one in said["distribution"] if one["@type"] == "cr:FileSet"}
    assert {name: one["includes"] for name, one in sets.items()} == {
        "dpo-parquet": "dpo/*.parquet",
        "comparisons-parquet": "comparisons/*.parquet",
    }
    assert not any("containedIn" in one for one in sets.values())


def test_a_list_of_messages_is_read_part_by_part(said: dict[str, Any]) -> None:
    fields = column_by_name(said, "dpo")
    prompt = fields["prompt"]
    assert (prompt["isArray"], prompt["arrayShape"]) == (True, "-1")
    assert [part["@id"] for part in prompt["subField"]] == ["dpo/prompt/role", "dpo/prompt/content"]
    content = prompt["subField"][1]
    assert content["dataType"] == "sc:Text"
    assert content["source"]["extract"] == {"column": "prompt"}
    assert content["source"]["transform"] == {"jsonPath": "$[*].content"}
    assert fields["agreement"]["dataType"] == "sc:Float"
    assert fields["agreement"]["description"] == FACTS.columns["agreement"]
    assert fields["n_votes"]["dataType"] == "sc:Integer"
    assert fields["adjudicated"]["dataType"] == "sc:Boolean"
    assert fields["annotator_ids"]["isArray"]
    assert list(fields) == ["split", *dpo.SCHEMA]


def test_lists_in_lists_have_their_shape(said: dict[str, Any]) -> None:
    judgments = column_by_name(said, "comparisons")["judgments"]
    parts = {part["name"]: part for part in judgments["subField"]}
    assert parts["ranking"]["arrayShape"] == "-1,-1"
    assert parts["shown"]["arrayShape"] == "-1"
    assert parts["ranking"]["source"]["transform"] == {"jsonPath": "$[*].ranking"}
    points = next(part for part in parts["criteria"]["subField"] if part["name"] == "points")
    assert points["source"]["transform"] == {"jsonPath": "$[*].criteria[*].points"}
    assert "isArray" not in points


def test_splits_are_those_of_the_files(said: dict[str, Any], manifest: Manifest) -> None:
    splits = said["recordSet"][0]
    assert splits["dataType"] == "cr:Split"
    assert [one["splits/name"] for one in splits["data"]] == ["train", "test"]
    split = column_by_name(said, "dpo")["split"]
    assert split["references"] == {"field": {"@id": "splits/name"}}
    pattern = split["source"]["transform"]["regex"]
    for entry in manifest.files:
        found = croissant_records.SHARD.fullmatch(entry.path)
        if found and found["config"] == "dpo":
            for path in (entry.path, f"/somewhere/dpo/else/{entry.path}"):
                read = re.match(pattern, path)
                assert read is not None
                assert read[1] == found["split"]


def test_facts_are_said_in_the_spelling_of_the_standard_and_of_its_reader(
    said: dict[str, Any],
) -> None:
    assert said["rai:dataAnnotationProtocol"] == "Two answers side by side. Their order was drawn."
    assert said["rai:dataAnnotationAnalysis"] == ["Alpha is 0.8.", "Ties are left out."]
    assert said["rai:dataCollectionTimeframe"] == ["2026-11-02", "2026-11-23"]
    assert said["rai:dataCollectionTimeFrame"] == said["rai:dataCollectionTimeframe"]
    assert said["rai:dataDataManipulationProtocol"] == said["rai:dataManipulationProtocol"]
    assert "rai:dataLimitations" not in said
    assert {name for name in said if name.startswith("rai:")} == {
        "rai:annotationsPerItem",
        "rai:dataAnnotationAnalysis",
        "rai:dataAnnotationProtocol",
        "rai:dataCollectionTimeFrame",
        "rai:dataCollectionTimeframe",
        "rai:dataDataManipulationProtocol",
        "rai:dataManipulationProtocol",
    }


def test_where_it_comes_from_and_what_it_is_for(said: dict[str, Any]) -> None:
    assert said["license"] == "https://creativecommons.org/licenses/by/4.0/"
    assert said["usageInfo"] == [{"@type": "sc:CreativeWork", "text": FACTS.uses[0]}]
    assert said["prov:wasDerivedFrom"] == [{"@id": "https://example.org/prompts"}]
    made_by, *models = said["prov:wasAttributedTo"]
    assert made_by == {"@type": "prov:Agent", "prov:label": "Ministry of Bread"}
    assert {(one["@type"], one["prov:label"]) for one in models} == {
        ("prov:SoftwareAgent", "model-x"),
        ("prov:SoftwareAgent", "model-y"),
    }


def test_no_trait_of_those_who_judged_is_described(said: dict[str, Any]) -> None:
    """The example of the standard has the age and the gender of whoever judged on each row."""
    names = {one["name"] for one in croissant_faults.nodes(said) if "name" in one}
    assert "annotator" in names
    assert names.isdisjoint({"age", "gender", "sex", "country", "birth", "ethnicity", "income"})
    types = {one.get("@type") for one in said["prov:wasAttributedTo"]}
    assert types == {"prov:Agent", "prov:SoftwareAgent"}


def test_with_fewest_facts_it_is_whole(folder: Path, manifest: Manifest) -> None:
    least = Facts("T", "D", "other", "https://example.org", "", date(2026, 1, 1))
    text = croissant.text(manifest, least)
    assert list(croissant_faults.faults(folder, text, manifest)) == []
    said = json.loads(text)
    assert said["license"] == "LICENSE"
    assert said["creator"]["name"] == "the makers of this dataset"
    assert said["citeAs"] == "the makers of this dataset (2026): T, release 1. https://example.org"
    day = date(2026, 1, 2)
    again = json.loads(croissant.text(manifest, replace(least, collected=(day, day))))
    assert again["rai:dataCollectionTimeframe"] == ["2026-01-02"]
    with pytest.raises(AssertionError, match="has no dataPay"):
        croissant.text(manifest, replace(least, said={"dataPay": ("Well.",)}))


def column_by_name(said: dict[str, Any], config: str) -> dict[str, Any]:
    [found] = [one for one in said["recordSet"] if one["@id"] == config]
    return {field["name"]: field for field in found["field"]}


Change = Callable[[dict[str, Any]], Any]
FILE, SET, DPO = 0, -1, -1
LIES: list[tuple[str, Change]] = [
    ("has no url", lambda said: said.pop("url")),
    ("has no description", lambda said: said.update(description="")),
    ("has a creator without a name", lambda said: said["creator"].update(name=" ")),
    ("is of no dataset", lambda said: said.update({"@type": "sc:Thing"})),
    ("does not say that it conforms to", lambda said: said["conformsTo"].pop()),
    ("says no day", lambda said: said.update(datePublished="soon")),
    ("has no version", lambda said: said.update(version="1")),
    ("something else by rai", lambda said: said["@context"].pop("rai")),
    ("something else by column", lambda said: said["@context"].update(column="cr:colum")),
    ("the prefix dc,", lambda said: said.update({"dc:title": "T"})),
    ("which RAI 1.0 does not know", lambda said: said.update({"rai:annotationPlatform": "x"})),
    ("more than once", lambda said: said.update({"rai:dataSocialImpact": ["a", "b"]})),
    ("and says nothing", lambda said: said.update({"rai:dataBiases": [" "]})),
    (
        "one thing as rai:dataCollectionTimeFrame and another",
        lambda said: said.update({"rai:dataCollectionTimeFrame": ["2020-01-01"]}),
    ),
    ("another hash", lambda said: said["distribution"][FILE].update(sha256="0" * 64)),
    ("another size", lambda said: said["distribution"][FILE].update(contentSize="1 B")),
    ("does not describe", lambda said: said["distribution"].pop(FILE)),
    (
        "no file of the release",
        lambda said: said["distribution"][FILE].update(contentUrl="../secret"),
    ),
    ("neither a file nor", lambda said: said["distribution"].append({"@type": "sc:Thing"})),
    (
        "contained in something",
        lambda said: said["distribution"][SET].update(containedIn={"@id": "LICENSE"}),
    ),
    ("has no file for", lambda said: said["distribution"][SET].update(includes="none/*")),
    ("which is not there", lambda said: said["distribution"].pop(SET)),
    ("calls two things", lambda said: said["distribution"].append(said["distribution"][SET])),
    ("the splits that there are", lambda said: said["recordSet"][0]["data"].pop()),
    ("does not describe the rows of dpo", lambda said: said["recordSet"].pop()),
    ("of which there are no files", lambda said: said["recordSet"][DPO].update({"@id": "kto"})),
    (
        "does not describe the column dpo/prompt",
        lambda said: said["recordSet"][DPO]["field"].pop(1),
    ),
    (
        "dpo/margin, which is no column",
        lambda said: said["recordSet"][DPO]["field"].append(
            {"@id": "dpo/margin", "@type": "cr:Field", "dataType": "sc:Float"}
        ),
    ),
    (
        "describes dpo/pair_id as something that it is not",
        lambda said: said["recordSet"][DPO]["field"][4].update(dataType="sc:Integer"),
    ),
    (
        "describes dpo/prompt as something that it is not",
        lambda said: said["recordSet"][DPO]["field"][1]["subField"][0]["source"][
            "transform"
        ].update(jsonPath="$[*].content"),
    ),
    ("is not built as a description", lambda said: said.update(recordSet=["dpo"])),
]


@pytest.mark.parametrize(("words", "change"), LIES, ids=[words for words, _ in LIES])
def test_what_readers_let_pass_is_named(
    folder: Path, said: dict[str, Any], manifest: Manifest, words: str, change: Change
) -> None:
    change(said)
    found = list(croissant_faults.faults(folder, json.dumps(said), manifest))
    assert found != []
    assert all(fault.startswith("croissant.json ") for fault in found)
    assert any(words in fault for fault in found), found


def test_a_file_with_other_columns_is_noticed(folder: Path, text: str, manifest: Manifest) -> None:
    path = folder / "dpo" / "train-00000-of-00001.parquet"
    table = pq.read_table(path)
    pq.write_table(table.rename_columns({"strength": "margin"}), path)
    found = list(croissant_faults.faults(folder, text, manifest))
    assert "croissant.json does not describe the column dpo/margin" in found
    assert "croissant.json describes dpo/strength, which is no column" in found
    days = pa.array([date(2026, 1, 1)] * len(table))
    pq.write_table(table.set_column(0, "prompt", days), path)
    [fault] = croissant_faults.faults(folder, text, manifest)
    assert fault == "croissant.json describes rows in which prompt holds date32[day]"
    path.write_bytes(b"")
    [fault] = croissant_faults.faults(folder, text, manifest)
    assert fault == (
        "croissant.json describes dpo/train-00000-of-00001.parquet, which cannot be read"
    )


def test_what_is_no_json_is_no_description(folder: Path, manifest: Manifest) -> None:
    for text in ("{", "[]"):
        assert len(list(croissant_faults.faults(folder, text, manifest))) == 1


def test_a_file_that_is_new_in_the_manifest_has_to_be_described(
    folder: Path, text: str, manifest: Manifest
) -> None:
    more = FileEntry(path="more.md", bytes=1, sha256="0" * 64)
    with_more = manifest.model_copy(update={"files": (*manifest.files, more)})
    found = list(croissant_faults.faults(folder, text, with_more))
    assert found == ["croissant.json does not describe more.md"]
