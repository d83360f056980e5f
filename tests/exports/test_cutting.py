"""From judgments to files: what is in them, that they are the same again, and all or nothing."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from exports import formats
from exports.checking import verification
from exports.choosing.criteria import FORMATS
from exports.choosing.pairs import Reason
from exports.files import writing
from exports.formats import dpo
from exports.making import cutting, shards
from labeler.database import Database
from labeler.errors import Conflict, Invalid
from labeler.quality import decisions
from labeler.work import judgments, listings
from labeler.work.layouts import Message, ResponseIn
from tests.conftest import NewAddress, StoppedClock
from tests.exports.stories import (
    SIGNER,
    Said,
    contents,
    judge_all,
    known_key,
    plan,
    tell,
    tell_everything,
    write,
)
from tests.make import load_rows, make_row

VOTES: dict[str, list[Said]] = {
    "first": [0, 0],
    "second": [1, 1],
    "split": [0, 1],
    "tie": ["tie", 0],
    "bad": ["both_bad", 1],
    "one": [0, None],
    "nobody": [None, None],
} | {f"more-{number}": [number % 2, number % 2] for number in range(18)}
DOCUMENTS = {
    *("LABOR_CARD.md", "LICENSE", "README.md", "croissant.json", "eu_training_summary.md"),
    "labor_card.json",
}
FEW = dict(list(VOTES.items())[:14])


def lines(folder: Path, name: str = "dpo") -> list[dict[str, Any]]:
    paths = sorted((folder / "jsonl").glob(f"{name}-*.jsonl"))
    return [json.loads(line) for path in paths for line in path.read_bytes().splitlines()]


def test_what_people_preferred_is_chosen(database: Database, tmp_path: Path) -> None:
    _, project = tell(database, VOTES)
    manifest = write(database, plan(database, project), tmp_path / "out")
    rows = {row["prompt"][-1]["content"]: row for row in lines(tmp_path / "out")}
    first, second = rows["What is 0 plus one?"], rows["What is 1 plus one?"]
    assert first["chosen"] == [{"role": "assistant", "content": "It is 1."}]
    assert first["rejected"] == [{"role": "assistant", "content": "It is 0."}]
    assert second["chosen"] == [{"role": "assistant", "content": "It is 1."}]
    assert (first["chosen_model"], second["chosen_model"]) == ("model-x", "model-y")
    assert (first["n_votes"], first["agreement"], first["strength"]) == (2, 1.0, 2.0)
    assert len(set(first["annotator_ids"])) == 2
    left_out = {entry.id: entry.reason for entry in manifest.left_out or ()}
    assert left_out == {
        "split": Reason.split,
        "tie": Reason.tie,
        "bad": Reason.both_bad,
        "one": Reason.too_few_judgments,
    }
    assert len(rows) == manifest.counts.used == manifest.counts.rows("dpo") == 20
    assert manifest.counts.comparisons == manifest.counts.rows("comparisons") == 24
    assert verification.verify(tmp_path / "out") == []


def test_gold_stays_out(database: Database, tmp_path: Path) -> None:
    cast, project = tell(database, {"a": [0, 0]}, gold_share=0.5)
    with database.writing() as session:
        rows = [make_row(9, id="known", gold=0), make_row(10, id="b")]
        rows += [make_row(number) for number in range(11, 30)]
        load_rows(session, project, rows, by=cast.olga)
        for person in (cast.ada, cast.bea):
            judge_all(session, project, person, lambda _: 0)
        session.commit()
    manifest = write(database, plan(database, project), tmp_path / "out")
    assert [(entry.id, entry.reason) for entry in manifest.left_out or ()] == [
        ("known", Reason.gold)
    ]


def test_an_equal_pair_comes_once_and_a_contradicted_one_not_at_all(
    database: Database, tmp_path: Path
) -> None:
    votes: dict[str, list[Said]] = {
        "once": [0, 0],
        "again": [0, 0],
        "yes": [0, 0],
        "no": [1, 1],
        "alone": [1, 1],
    }
    cast, project = tell(database, {})
    with database.writing() as session:
        swapped = tuple(reversed(make_row(1).responses))
        rows = [
            make_row(1, id="once"),
            make_row(1, id="again"),
            make_row(2, id="yes"),
            make_row(2, id="no"),
            make_row(3, id="alone"),
            make_row(1, id="swapped", responses=swapped),
        ]
        load_rows(session, project, rows, by=cast.olga)
        for place, person in enumerate((cast.ada, cast.bea)):
            judge_all(session, project, person, lambda n, at=place: votes.get(n, [1, 1])[at])
        session.commit()
    manifest = write(database, plan(database, project), tmp_path / "out")
    assert {entry.id: entry.reason for entry in manifest.left_out or ()} == {
        "once": Reason.repeated,
        "swapped": Reason.repeated,
        "yes": Reason.contradicted,
        "no": Reason.contradicted,
    }
    assert len(lines(tmp_path / "out")) == 2


def test_the_same_cut_gives_the_same_bytes_in_every_database(
    new_address: NewAddress, tmp_path: Path, frozen: StoppedClock
) -> None:
    found = []
    for backend in ("sqlite", "sqlite", "postgresql"):
        database = Database(new_address(backend))
        _, project = tell(database, FEW)
        cut = known_key(plan(database, project, test_share=0.3, formats=FORMATS), database)
        target = tmp_path / str(len(found))
        write(database, cut, target)
        found.append(contents(target))
        database.close()
    assert found[0] == found[1] == found[2]
    assert {"README.md", "MANIFEST.json", "jsonl/dpo-test.jsonl"} < set(found[0])


def test_every_format_has_the_same_bytes_in_every_database(
    new_address: NewAddress, tmp_path: Path, frozen: StoppedClock
) -> None:
    """Orders, points, improvements and reasons too, by a model, in several files each."""
    rules = {"test_share": 0.3, "formats": FORMATS, "aggregation": "one_coin", "free_text": True}
    found = []
    for backend in ("sqlite", "postgresql"):
        database = Database(new_address(backend))
        _, project = tell_everything(database)
        cut = known_key(plan(database, project, **rules), database)
        target = tmp_path / str(len(found))
        manifest = write(database, cut, target)
        found.append(contents(target))
        database.close()
    assert {name for name in found[0] if found[0][name] != found[1][name]} == set()
    assert set(manifest.counts.formats) == set(formats.WITH_ROWS)
    assert verification.verify(target) == []


def test_reasons_are_in_no_file_unless_that_is_asked(
    new_address: NewAddress, tmp_path: Path
) -> None:
    database = Database(new_address("sqlite"))
    _, project = tell_everything(database)
    for free_text in (False, True):
        cut = plan(database, project, formats=FORMATS, free_text=free_text)
        write(database, cut, tmp_path / str(free_text))
        files = contents(tmp_path / str(free_text))
        told = [path for path in files if b"Rosa" in files[path]]
        lines = [path for path in told if path.endswith(".jsonl")]
        there = [f"jsonl/comparisons-{split}.jsonl" for split in ("test", "train")]
        assert lines == (there if free_text else [])
        assert bool(told) is free_text
    database.close()


def test_batches_guidelines_and_languages_are_chosen(
    new_address: NewAddress, tmp_path: Path
) -> None:
    database = Database(new_address("sqlite"))
    _, project = tell_everything(database)
    cut = plan(database, project, formats=("dpo", "ranking"), batches=("orders",))
    manifest = write(database, cut, tmp_path / "out")
    assert (manifest.counts.used, manifest.counts.rows("ranking")) == (10, 10)
    assert manifest.counts.reasons == {Reason.batch: 30}
    assert verification.verify(tmp_path / "out") == []
    for rules in ({"guidelines": (2,)}, {"languages": ("sw",)}, {"since": "2300-01-01"}):
        with pytest.raises(Invalid, match="nothing to release"):
            write(database, plan(database, project, **rules), tmp_path / "none")
    database.close()


BROKEN = {
    "blank": ("responses", "text", " \n", Reason.empty_text),
    "zero": ("responses", "text", "Two\x00hours.", Reason.unreadable),
    "half": ("prompts", "messages", '[{"role":"user","content":"\\ud83d"}]', Reason.unreadable),
    "robot": ("prompts", "messages", '[{"role":"robot","content":"Hi."}]', Reason.unknown_role),
    "end": ("prompts", "messages", '[{"role":"assistant","content":"Hi."}]', Reason.no_user_turn),
    "same": ("responses", "text", "It is 6.", Reason.same_answers),
    "glued": ("responses", "text", "What is 6 plus one? 7.", Reason.prompt_in_answer),
    "long": ("responses", "text", "So it is. " * 100, Reason.too_long),
    "terms": ("responses", "provenance", '{"output_use":"research-only"}', Reason.held_back),
}
SAID: dict[str, tuple[list[Said], Reason]] = {
    "unlike": ([0, 1], Reason.split),
    "alike": (["tie", "tie"], Reason.tie),
    "worst": (["both_bad", "both_bad"], Reason.both_bad),
    "once": ([0, None], Reason.too_few_judgments),
}


def test_what_is_refused_is_named_with_its_reason_and_counted(
    new_address: NewAddress, tmp_path: Path
) -> None:
    """Texts that no door lets in are put into the database by force: files may be older."""
    database = Database(new_address("sqlite"))
    votes: dict[str, list[Said]] = {name: [0, 0] for name in BROKEN}
    votes |= {name: said for name, (said, _) in SAID.items()}
    _, project = tell(database, votes | {f"good-{n}": [n % 2, n % 2] for n in range(4)})
    with database.writing() as session:
        for name, (table, column, value, _) in BROKEN.items():
            session.execute(sa.text(_DAMAGE[table].format(column)), {"to": value, "name": name})
        session.commit()
    rules = {"formats": FORMATS, "test_share": 0, "max_tokens": 100}
    manifest = write(database, plan(database, project, **rules), tmp_path / "out")
    expected = {name: reason for name, (_, _, _, reason) in BROKEN.items()}
    expected |= {name: reason for name, (_, reason) in SAID.items()}
    assert {entry.id: entry.reason for entry in manifest.left_out or ()} == expected
    assert manifest.counts.reasons == Counter(expected.values())
    assert (manifest.counts.used, manifest.counts.left_out) == (4, len(expected))
    assert manifest.counts.comparisons == 4 + len(expected)
    for name in ("dpo", "reward", "sft"):
        assert manifest.counts.rows(name) == 4
    # Two readable lines less, and the one that is held back; vote by vote those unlike too.
    assert manifest.counts.rows("comparisons") == 4 + len(expected) - 3
    assert manifest.counts.rows("dpo_per_vote") == 2 * 4 + 2
    assert manifest.counts.rows("kto") == 2 * 4 + 2  # both bad
    assert verification.verify(tmp_path / "out") == []
    told = plan(database, project, **rules, held_back="Our lawyers agreed.")
    again = write(database, told, tmp_path / "released")
    assert Reason.held_back not in again.counts.reasons
    assert again.criteria.held_back == "Our lawyers agreed."
    assert again.counts.rows("dpo") == 5
    database.close()


_OF = "WHERE external_id = :name"
_DAMAGE = {
    "responses": "UPDATE responses SET {} = :to WHERE number = 1 AND comparison_id ="
    f" (SELECT id FROM comparisons {_OF})",
    "prompts": "UPDATE prompts SET {} = :to WHERE id ="
    f" (SELECT prompt_id FROM comparisons {_OF})",
}


def test_files_that_lead_elsewhere_are_there_where_there_are_rows(
    new_address: NewAddress, tmp_path: Path
) -> None:
    database = Database(new_address("sqlite"))
    _, project = tell(database, VOTES)
    rules = {"formats": ("llamafactory", "axolotl", "openrlhf", "edits"), "test_share": 0}
    manifest = write(database, plan(database, project, **rules), tmp_path / "out")
    named = {entry.path for entry in manifest.files} - DOCUMENTS
    assert named == {
        "axolotl/dpo.yaml",
        "dpo/train-00000-of-00001.parquet",
        "jsonl/dpo-train.jsonl",
        "jsonl/reward-train.jsonl",
        "llamafactory/dataset_info.json",
        "llamafactory/train.jsonl",
        "openrlhf/train.sh",
        "reward/train-00000-of-00001.parquet",
    }
    told = json.loads((tmp_path / "out/llamafactory/dataset_info.json").read_text())
    assert list(told) == ["labeler_dpo_train"]  # the other split has no file
    database.close()


def test_what_happens_later_does_not_change_a_cut(
    database: Database, tmp_path: Path, frozen: StoppedClock
) -> None:
    cast, project = tell(database, VOTES)
    cut = plan(database, project)
    write(database, cut, tmp_path / "before")
    frozen.forward(minutes=1)
    with database.writing() as session:
        for judgment in listings.page(session, project.id)[:6]:
            decisions.exclude(session, judgment, "Too fast.", by=cast.rex)
        mine = listings.of_person(session, cast.bea, project_id=project.id)[0]
        answer = judgments.rubrics.read_answer(
            judgments.rubrics.version(session, project.id, 1), "both_bad"
        )
        judgments.change(session, project, mine, answer, key="5e2f0c5c-8d6b-4b39-9f0e-2f4c6a1d7e11")
        load_rows(session, project, [make_row(99)], by=cast.olga)
        session.merge(project).title = "Another title"
        session.commit()
    write(database, cut, tmp_path / "after")
    assert contents(tmp_path / "before") == contents(tmp_path / "after")


def test_many_rows_go_into_numbered_files(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """24 records with about 6 in a file: 4 files, by the first digits of their ids."""
    monkeypatch.setattr(writing, "GROUP", 4)
    monkeypatch.setattr(shards, "RECORDS", 6)
    monkeypatch.setattr(cutting, "LISTED", 2)
    _, project = tell(database, VOTES)
    rules = {"test_share": 0, "formats": ("dpo", "kto")}
    manifest = write(database, plan(database, project, **rules), tmp_path / "out")
    assert [entry.path for entry in manifest.files if entry.path not in DOCUMENTS] == [
        *(f"dpo/train-0000{number}-of-00004.parquet" for number in range(4)),
        "jsonl/dpo-train.jsonl",
        "jsonl/kto-train.jsonl",
        *(f"kto/train-0000{number}-of-00004.parquet" for number in range(4)),
        "left_out.jsonl",
    ]
    assert manifest.left_out is None
    found = []
    for number in range(4):
        path = tmp_path / "out" / f"dpo/train-0000{number}-of-00004.parquet"
        rows = list(writing.read_parquet(path, dpo.SCHEMA))
        assert {int(row["pair_id"][0], 16) // 4 for row in rows} == {number}
        found += rows
    assert found == lines(tmp_path / "out")
    assert [row["pair_id"] for row in found] == sorted(row["pair_id"] for row in found)
    assert verification.verify(tmp_path / "out") == []


def test_any_language_any_number_of_turns(database: Database, tmp_path: Path) -> None:
    cast, project = tell(database, {})
    talk = (
        Message(role="system", content="Jibu kwa kifupi."),
        Message(role="user", content="Habari?"),
        Message(role="assistant", content="Nzuri. \u2028 😀"),
        Message(role="user", content="Mtoto anaweza kunywa chai?"),
    )
    answers = (ResponseIn(text="Ni bora kusubiri.\n\n| a |\n|---|"), ResponseIn(text="হ্যাঁ।"))
    with database.writing() as session:
        row = make_row(1, messages=talk, responses=answers, language="sw")
        load_rows(session, project, [row], by=cast.olga)
        for person in (cast.ada, cast.bea):
            judge_all(session, project, person, lambda _: 0)
        session.commit()
    write(database, plan(database, project), tmp_path / "out")
    (found,) = lines(tmp_path / "out")
    assert found["prompt"] == [turn.model_dump(exclude_none=True) for turn in talk]
    assert (found["chosen_model"], found["language"]) == ("", "sw")
    assert verification.verify(tmp_path / "out") == []


@pytest.mark.parametrize("backend", ["sqlite"])
def test_nothing_is_left_if_it_breaks_off(
    backend: str, new_address: NewAddress, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(new_address(backend))
    _, project = tell(database, VOTES)
    cut = plan(database, project)
    place = tmp_path / "place"

    def out_of_disk(*_: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr("exports.files.manifests.write", out_of_disk)
    with pytest.raises(OSError, match="No space"):
        write(database, cut, place / "out")
    monkeypatch.undo()
    assert list(place.iterdir()) == []
    with (
        pytest.raises(RuntimeError),
        cutting.staged(cut, database.reading, place / "out", signer=SIGNER),
    ):
        raise RuntimeError("the database went away before the release was recorded")
    assert list(place.iterdir()) == []
    database.close()


def test_nothing_is_overwritten(new_address: NewAddress, tmp_path: Path) -> None:
    database = Database(new_address("sqlite"))
    _, project = tell(database, VOTES)
    cut = plan(database, project)
    (tmp_path / "empty").mkdir()
    write(database, cut, tmp_path / "empty")
    before = contents(tmp_path / "empty")
    with pytest.raises(Conflict):
        write(database, replace(cut, number=2), tmp_path / "empty")
    assert contents(tmp_path / "empty") == before
    database.close()


def test_nothing_to_release_says_why(new_address: NewAddress, tmp_path: Path) -> None:
    database = Database(new_address("sqlite"))
    _, project = tell(database, {"a": ["tie", "tie"], "b": [0, 1], "c": [1, 0]})
    with pytest.raises(Invalid) as refusal:
        write(database, plan(database, project), tmp_path / "out")
    assert refusal.value.fields == {"People disagree": "2", "About the same": "1"}
    assert not (tmp_path / "out").exists()
    database.close()
