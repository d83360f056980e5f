"""The card: what stands in it is in the database, and its head can be read."""

import re
from pathlib import Path
from typing import Any

import yaml

from exports import formats, loading
from exports.cards import dataset_card
from exports.choosing.criteria import FORMATS
from labeler.database import Database
from labeler.people import remarks, representatives
from tests.conftest import StoppedClock
from tests.exports import released
from tests.exports.conftest import Judged
from tests.exports.stories import plan, release, tell, write


def card(folder: Path) -> tuple[dict[str, Any], str]:
    text = (folder / "README.md").read_text("utf-8")
    _, head, body = text.split("---\n", 2)
    return yaml.safe_load(head), body


def test_its_head_names_the_files_and_the_licence(judged: Judged, tmp_path: Path) -> None:
    database, _, project = judged
    write(database, plan(database, project, licence="cc-by-4.0"), tmp_path / "out")
    head, body = card(tmp_path / "out")
    assert head["license"] == "cc-by-4.0"
    assert head["language"] == ["en"]
    assert head["size_categories"] == ["n<1K"]
    configs = {config["config_name"]: config for config in head["configs"]}
    assert list(configs) == ["comparisons", "dpo"]
    assert [name for name, config in configs.items() if config.get("default")] == ["dpo"]
    for config in configs.values():
        for file in config["data_files"]:
            assert len(list((tmp_path / "out").glob(file["path"]))) == 1
    assert "No licence was stated" not in body
    assert 'load_dataset("path/to/this/folder", "dpo")' in body


def test_it_names_every_format_that_a_loader_finds(judged: Judged, tmp_path: Path) -> None:
    """Formats without rows are not named, nor those that other programs read."""
    database, _, project = judged
    cut = plan(database, project, formats=FORMATS)
    manifest = write(database, cut, tmp_path / "out")
    head, body = card(tmp_path / "out")
    there = ["comparisons", "dpo", "dpo_per_vote", "reward", "kto", "sft"]
    assert [config["config_name"] for config in head["configs"]] == there
    for name in there:
        assert f"| `{name}` | {manifest.counts.rows(name):,} | {dataset_card.ABOUT[name]} |" in body
    assert "| `edits` |" not in body
    assert set(dataset_card.ABOUT) == set(formats.IN_PARQUET)


def test_without_pairs_the_last_format_is_the_one_that_is_loaded(
    judged: Judged, tmp_path: Path
) -> None:
    database, _, project = judged
    write(database, plan(database, project, formats=("kto", "sft")), tmp_path / "out")
    head, body = card(tmp_path / "out")
    named = [config["config_name"] for config in head["configs"] if config.get("default")]
    assert named == ["sft"]
    assert '"path/to/this/folder", "sft")' in body


def test_its_numbers_are_those_of_the_judging(
    database: Database, tmp_path: Path, frozen: StoppedClock
) -> None:
    _, project = tell(
        database,
        {"a": [0, 0], "b": [1, 1], "c": [0, 1], "d": ["both_bad", "both_bad"], "e": [0, None]},
        question="Which answer would you *send*?",
    )
    write(database, plan(database, project), tmp_path / "out")
    head, body = card(tmp_path / "out")
    assert head["license_name"] == "not-stated"
    assert "Fewer than ten people gave the 9 judgments that count, on 2026-11-23." in body
    assert "Pay: 0.35 EUR for a judgment; 3.15 EUR for 9 judgments" in body
    assert "The question was: *Which answer would you \\*send\\*?*" in body
    assert "7 steps" in body
    assert "| share of equal pairs of votes | 0.750 |" in body  # three of four pairs of votes
    assert "5 comparisons had been judged; 3 of them make no pair." in body
    assert "| People disagree | 1 |" in body
    assert "| Too few judgments | 1 |" in body


def test_a_hostile_title_stays_a_title(database: Database, tmp_path: Path) -> None:
    title = 'A "b": {c}\\ # --- license: mit <script>x</script> [y](z) ভালো'
    _, project = tell(database, {"a": [0, 0]}, title=title)
    write(database, plan(database, project), tmp_path / "out")
    head, body = card(tmp_path / "out")
    assert head["pretty_name"] == title
    assert head["license"] == "other"
    assert "<script>" not in body
    assert "\\[y\\](z)" in body


def test_no_pay_is_said_to_be_none(database: Database, tmp_path: Path) -> None:
    _, project = tell(database, {"a": [0, 0]}, pay={"per_judgment": "0", "currency": "EUR"})
    write(database, plan(database, project), tmp_path / "out")
    assert "No pay is recorded" in card(tmp_path / "out")[1]


def test_pay_for_what_was_judged_elsewhere_is_not_said_to_be_none(
    database: Database, tmp_path: Path
) -> None:
    cast, project = tell(database, {})
    said = [released.judged(name, 0) for name in (released.ANN, released.BO)]
    folder = released.write(tmp_path / "r", [released.compared(1, *said)], [])
    with database.writing() as session:
        loading.load(session, project, folder, by=cast.olga)
        session.commit()
    write(database, plan(database, project), tmp_path / "out")
    body = card(tmp_path / "out")[1]
    assert "What was paid for them is not known here." in body
    assert "No pay is recorded" not in body


def test_it_says_how_many_rows_are_flipped_in_each_format(judged: Judged, tmp_path: Path) -> None:
    """Single votes are wrong more often than what they come to."""
    database, _, project = judged
    formats = ("comparisons", "dpo", "dpo_per_vote", "reward", "kto", "nemo")
    write(database, plan(database, project, formats=formats), tmp_path / "out")
    body = card(tmp_path / "out")[1]
    found = dict(re.findall(r"^\| `(\w+)` \| (0\.\d{3}) \|$", body, re.MULTILINE))
    assert list(found) == ["dpo", "dpo_per_vote", "nemo", "reward"]
    assert found["dpo"] == found["nemo"] == found["reward"]
    assert 0 < float(found["dpo"]) <= float(found["dpo_per_vote"]) < 0.5


def test_the_representative_s_words_are_published_or_that_an_owner_declined(
    judged: Judged, tmp_path: Path, frozen: StoppedClock
) -> None:
    database, cast, project = judged
    first = plan(database, project)
    release(database, first, tmp_path / "1", data=tmp_path, by=cast.olga)
    assert "representative" not in card(tmp_path / "1")[1]
    frozen.forward(days=1)
    with database.writing() as session:
        representatives.name(session, "ada@example.org", "By vote.", by=cast.root)
        remarks.write(session, project.id, "# We *waited*.\n\n1. <b>Weeks</b>.", by=cast.ada)
        session.commit()
    second = plan(database, project)
    assert second.number == 2  # nothing else has changed
    release(database, second, tmp_path / "2", data=tmp_path, by=cast.olga)
    said = "> \\# We \\*waited\\*.  \n>   \n> 1\\. &lt;b>Weeks&lt;/b>.\n"
    assert f"On 2026-11-24, word for word:\n\n{said}" in card(tmp_path / "2")[1]
    frozen.forward(days=1)
    with database.writing() as session:
        remarks.decline(session, project.id, 1, "It was days.", by=cast.olga)
        session.commit()
    third = plan(database, project)
    release(database, third, tmp_path / "3", data=tmp_path, by=cast.olga)
    body = card(tmp_path / "3")[1]
    assert "declined on 2026-11-25 to publish what was said on 2026-11-24" in body
    assert "waited" not in body
    # What was published before is made again as it was.
    release(database, second, tmp_path / "again", data=tmp_path, by=cast.olga)
    assert said in card(tmp_path / "again")[1]
