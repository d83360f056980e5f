"""Migration at the terminal: each source by its command, whole or not at all."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from labeler.people.accounts import Person
from labeler.work.judgments import Judgment
from labeler.work.projects import Project, ProjectState
from tests.cast import Cast
from tests.labeler.cli.conftest import Terminal, settle
from tests.labeler.work.migrated import told
from tests.labeler.work.sources import test_argilla, test_label_studio, test_potato
from tests.labeler.work.sources.test_datasets import FILES, MULTIPREF


def project(terminal: Terminal) -> "sa.Select[Project]":
    return sa.select(Project).where(Project.slug == "helpful")


def said(terminal: Terminal) -> object:
    with terminal.session() as session:
        return told.told(session, session.scalars(project(terminal)).one())


def judgments(terminal: Terminal) -> int | None:
    with terminal.session() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(Judgment))


@pytest.mark.both
def test_argilla_comes_whole_and_verify_finds_nothing(either: Terminal, tmp_path: Path) -> None:
    settle(either)
    file = test_argilla.write(tmp_path / "export.json", test_argilla.STORY)
    out = either.good("migrate", "argilla", "helpful", file, "--reason", "why")
    assert out == f"{file}: 3 comparisons, 4 judgments and 1 skips of 3 people.\n"
    assert said(either) == test_argilla.SAID
    either.good("verify")
    again = either.refused(1, "migrate", "argilla", "helpful", file)
    assert "loaded before" in again
    assert judgments(either) == 4


def test_a_bad_record_keeps_everything_out(
    terminal: Terminal, people: Cast, tmp_path: Path
) -> None:
    bad = test_argilla.record(9, ("neither", test_argilla.ADA, "submitted"))
    file = test_argilla.write(tmp_path / "export.json", [*test_argilla.STORY, bad])
    words = terminal.refused(2, "migrate", "argilla", "helpful", file)
    assert "line 4, ranking.responses.0" in words
    assert judgments(terminal) == 0
    with terminal.session() as session:
        assert session.scalar(sa.select(sa.func.count(Person.closed_at))) == 0
    left = tmp_path / "left.jsonl"
    out = terminal.good("migrate", "argilla", "helpful", file, "--skip-bad", "--refused", left)
    assert f"1 left out; {left} says why." in out
    assert json.loads(left.read_text("utf-8"))["field"] == "ranking.responses.0"
    assert judgments(terminal) == 4


def test_words_are_explained_on_the_command_line(
    terminal: Terminal, people: Cast, tmp_path: Path
) -> None:
    neither = test_argilla.record(9, ("neither", test_argilla.ADA, "submitted"))
    file = test_argilla.write(tmp_path / "export.jsonl", [neither])
    terminal.refused(2, "migrate", "argilla", "helpful", file, "--means", "neither")
    terminal.good("migrate", "argilla", "helpful", file, "--means", "neither=both-bad")
    assert [row[2] for row in said(terminal)] == ["both_bad"]  # type: ignore[attr-defined]


def test_label_studio_comes_whole(terminal: Terminal, people: Cast, tmp_path: Path) -> None:
    file = test_label_studio.write(tmp_path / "export.json", test_label_studio.STORY)
    models = ("--model", "model1", "--model", "model2")
    terminal.good("migrate", "label-studio", "helpful", file, *models)
    assert said(terminal) == test_label_studio.SAID
    terminal.good("verify")
    words = terminal.refused(2, "migrate", "label-studio", "helpful", file, *models[:2])
    assert "as many models as responses" in words


def test_potato_comes_whole(terminal: Terminal, people: Cast, tmp_path: Path) -> None:
    (items,), folder = test_potato.write(tmp_path)
    terminal.good(
        *("migrate", "potato", "helpful", folder, "--items", items, "--schema", "preference"),
        *("--response", "candidates", "--means", "B is better=2"),
    )
    assert said(terminal) == test_potato.SAID
    terminal.good("verify")


def test_public_datasets_come_with_their_judges(terminal: Terminal, people: Cast) -> None:
    terminal.good("migrate", "multipref", "helpful", FILES / "multipref.jsonl")
    assert said(terminal) == MULTIPREF
    for name, file in (("mt-bench", "mt_bench.jsonl"), ("arena", "arena.jsonl")):
        words = terminal.refused(2, "migrate", name, "helpful", FILES / file)
        assert "differ before their last answer" in words
    terminal.good("verify")


def test_only_owners_migrate(terminal: Terminal, people: Cast) -> None:
    file = FILES / "multipref.jsonl"
    refused = terminal.refused(
        1, "migrate", "multipref", "helpful", file, "--as", "ada@example.org"
    )
    assert refused
    assert judgments(terminal) == 0


def test_whoever_judged_elsewhere_is_listed_and_may_be_forgotten(
    terminal: Terminal, people: Cast, tmp_path: Path
) -> None:
    file = test_label_studio.write(tmp_path / "export.json", test_label_studio.STORY)
    terminal.good("migrate", "label-studio", "helpful", file)
    listed = terminal.good("migrate", "people", "helpful").splitlines()
    names = [line.split("\t")[0] for line in listed]
    assert names == ["3", "5", "7", "ann@example.org"]
    address = listed[-1].split("\t")[1]
    by = ("--reason", "A letter.", "--as", "root@example.org")
    terminal.good("person", "erase", address, *by)
    assert "ann@example.org" not in terminal.good("migrate", "people", "helpful")
    assert judgments(terminal) == 4
    terminal.good("verify")


def test_a_release_goes_to_another_installation(
    terminal: Terminal, people: Cast, tmp_path: Path, new_address: Callable[[str], str]
) -> None:
    terminal.good("migrate", "multipref", "helpful", FILES / "multipref.jsonl")
    folder = tmp_path / "first"
    rules = ("--format", "comparisons", "--min-judgments", "1")
    terminal.good("release", "cut", "helpful", "--out", folder, *rules)
    there = Terminal({"LABELER_DATABASE_URL": new_address("sqlite"), "LABELER_DATA": str(tmp_path)})
    there.good("person", "create", "root@example.org", "Root", "--admin")
    there.good("person", "create", "olga@example.org", "Olga")
    told_of = there.good("release", "load", folder, "--owner", "olga@example.org")
    assert told_of == f"{folder}: 3 comparisons, 8 judgments and 0 skips of 4 people.\n"
    with there.session() as session:
        made = session.scalars(sa.select(Project)).one()
        assert (made.slug, made.title, made.state) == (
            "helpful-answers",
            "Helpful answers",
            ProjectState.paused,
        )
        found = told.told(session, made)
    assert Counter((each[0], *each[2:]) for each in found.elements()) == Counter(
        (each[0], *each[2:]) for each in MULTIPREF.elements()
    )
    there.good("verify")
    again = there.refused(1, "release", "load", folder, "--project", "helpful-answers")
    assert "loaded before" in again


def test_what_is_no_whole_release_is_refused(
    terminal: Terminal, people: Cast, tmp_path: Path
) -> None:
    words = terminal.refused(1, "release", "load", tmp_path, "--project", "helpful")
    assert "is not a whole release" in words
    assert "Say --project or --owner" in terminal.refused(2, "release", "load", tmp_path)
