"""Loading files from the command line."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from labeler.work.batches import Batch
from labeler.work.comparisons import Comparison
from tests.cast import Cast
from tests.labeler.cli.conftest import Terminal, settle
from tests.labeler.work.sources.test_datasets import FILES
from tests.wiretap import tapped

LOAD = ("batch", "load", "helpful")


def pair(number: int, **changes: Any) -> str:
    """Write a comparison as a line of a file."""
    given = {
        "id": f"pair-{number}",
        "prompt": f"What is {number} plus one?",
        "language": "en",
        "responses": [{"text": f"It is {number + 1}."}, {"text": f"It is {number}."}],
    }
    return json.dumps(given | changes)


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n")
    return path


def stored(terminal: Terminal) -> list[str]:
    """Return the ids of all comparisons that are given out, and make sure there are no others."""
    with terminal.session() as session:
        ids = list(session.scalars(sa.select(Comparison.external_id).order_by(Comparison.id)))
        promised = session.scalar(
            sa.select(sa.func.coalesce(sa.func.sum(Batch.comparisons), 0)).where(
                Batch.state == "ready"
            )
        )
    assert promised == len(ids)
    return ids


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which the command runs; the files lie elsewhere."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


def test_load(either: Terminal, tmp_path: Path) -> None:
    settle(either)
    one = write(tmp_path / "one.jsonl", pair(1), pair(2))
    two = tmp_path / "two.jsonl.gz"
    two.write_bytes(gzip.compress(pair(3).encode()))
    assert either.good(*LOAD, one, two).splitlines() == [
        f"{one}: 2 loaded.",
        f"{two}: 1 loaded.",
    ]
    assert stored(either) == ["pair-1", "pair-2", "pair-3"]


def test_a_load_that_lost_its_connection_is_run_again(
    new_address: Callable[[str], str], tmp_path: Path
) -> None:
    url = make_url(new_address("postgresql"))
    file = write(tmp_path / "many.jsonl", *(pair(n) for n in range(1201)))
    with tapped(Path(str(url.query["host"]))) as (folder, tap):
        address = url.set(query={"host": str(folder)}).render_as_string(hide_password=False)
        terminal = Terminal({"LABELER_DATABASE_URL": address, "LABELER_DATA": str(tmp_path)})
        settle(terminal)
        tap.before = b"INSERT INTO events"  # when all rows are stored
        assert "may be run again" in terminal.refused(1, *LOAD, file)
        assert terminal.good(*LOAD, file) == f"{file}: 1,201 loaded.\n"
        assert len(stored(terminal)) == 1201


def test_more_than_a_chunk(terminal: Terminal, people: Cast, tmp_path: Path) -> None:
    file = write(tmp_path / "many.jsonl", *(pair(n) for n in range(1201)))
    assert "1,201 loaded." in terminal.good(*LOAD, file)


def test_the_same_file_again(either: Terminal, tmp_path: Path) -> None:
    settle(either)
    file = write(tmp_path / "one.jsonl", pair(1))
    either.good(*LOAD, file)
    said = either.refused(1, *LOAD, file)
    assert "loaded before, as one.jsonl" in said
    assert stored(either) == ["pair-1"]


def test_one_bad_row_keeps_the_file_out_and_is_named(either: Terminal, tmp_path: Path) -> None:
    settle(either)
    same = [{"text": "Yes."}, {"text": "Yes."}]
    file = write(tmp_path / "bad.jsonl", pair(1), pair(2, responses=same), "{", pair(1))
    said = either.refused(2, *LOAD, file)
    assert said.startswith(f"{file}: 3 rows cannot be loaded, so nothing was.")
    assert "  line 2, responses: The two answers are the same." in said
    assert "  line 3, row: " in said
    assert "  line 4, id: " in said
    assert stored(either) == []


def test_a_bad_file_does_not_keep_the_next_one_out(
    terminal: Terminal, people: Cast, tmp_path: Path
) -> None:
    bad = write(tmp_path / "bad.jsonl", "{")
    good = write(tmp_path / "good.jsonl", pair(1))
    said = terminal.refused(2, *LOAD, bad, good)
    assert str(good) not in said
    assert stored(terminal) == ["pair-1"]


def test_skip_bad_writes_down_what_it_left_out(
    either: Terminal, tmp_path: Path, here: Path
) -> None:
    settle(either)
    empty = pair(2, prompt=" ")
    file = write(tmp_path / "mixed.jsonl", pair(1), "", empty, "nö", pair(3), pair(1))
    said = either.good(*LOAD, file, "--skip-bad")
    left_out = "mixed.jsonl.refused.jsonl"
    assert said == f"{file}: 2 loaded, 3 left out; {left_out} says why.\n"
    assert not file.with_name(left_out).exists()
    rows = [json.loads(line) for line in (here / left_out).read_text().splitlines()]
    assert [(row["line"], row["field"], row["text"]) for row in rows] == [
        (3, "prompt", empty),
        (4, "row", "nö"),
        (6, "id", pair(1)),
    ]
    assert all(row["reason"] for row in rows)
    assert stored(either) == ["pair-1", "pair-3"]


def test_what_was_left_out_can_be_mended_and_loaded(
    terminal: Terminal, people: Cast, tmp_path: Path
) -> None:
    file = tmp_path / "mixed.jsonl.gz"
    file.write_bytes(gzip.compress(f"{pair(1)}\n{pair(2, prompt='')}\n".encode()))
    left_out = tmp_path / "left" / "out.jsonl"
    left_out.parent.mkdir()
    terminal.good(*LOAD, file, "--skip-bad", "--refused", left_out)
    row = json.loads(json.loads(left_out.read_text())["text"])
    mended = write(tmp_path / "mended.jsonl", json.dumps(row | {"prompt": "What is two?"}))
    terminal.good(*LOAD, mended)
    assert stored(terminal) == ["pair-1", "pair-2"]


def test_a_row_beyond_all_bounds_is_left_out_without_its_text(
    terminal: Terminal, people: Cast, tmp_path: Path, here: Path
) -> None:
    long = pair(1, prompt="x" * 3_000_000)
    file = write(tmp_path / "long.jsonl", long, pair(2), pair(3, prompt=""))
    terminal.good(*LOAD, file, "--skip-bad")
    lines = (here / "long.jsonl.refused.jsonl").read_text().splitlines()
    first, last = map(json.loads, lines)
    assert (first["line"], "text" in first) == (1, False)
    assert (last["line"], last["text"]) == (3, pair(3, prompt=""))


def test_rows_of_a_table_are_left_out_without_their_text(
    terminal: Terminal, people: Cast, tmp_path: Path, here: Path
) -> None:
    table = write(
        tmp_path / "pairs.csv",
        "id,prompt,response_a,response_b",
        "1,Why?,Because.,So.",
        "2,Why?,Because.,Because.",
    )
    terminal.good(*LOAD, table, "--skip-bad", "--language", "en")
    (row,) = (here / "pairs.csv.refused.jsonl").read_text().splitlines()
    assert set(json.loads(row)) == {"line", "field", "reason"}


def test_layout_language_and_known_answers(
    terminal: Terminal, people: Cast, tmp_path: Path
) -> None:
    begin = "\n\nHuman: Habari?\n\nAssistant: "
    row = json.dumps({"chosen": f"{begin}Nzuri sana.", "rejected": f"{begin}Hapana."})
    file = write(tmp_path / "hh.jsonl", row)
    terminal.good(*LOAD, file, "--layout", "hh", "--language", "sw", "--known-answers")
    with terminal.session() as session:
        comparison = session.scalars(sa.select(Comparison)).one()
    assert (comparison.language, comparison.is_gold) == ("sw", True)


@pytest.mark.both
def test_every_public_dataset_is_loaded_as_it_is(
    either: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(either)
    monkeypatch.chdir(tmp_path)  # where --skip-bad writes what is left out
    form = tmp_path / "form.toml"
    form.write_text('[[rubric.questions]]\nkind = "ranking"\n')
    either.good("project", "ask", "helpful", form)
    files = sorted(FILES.iterdir())
    told = either.good(*LOAD, *files, "--skip-bad", "--known-answers", "--language", "en")
    assert told.count(" loaded") == len(files) > 10
    with either.session() as session:
        details = session.scalars(sa.select(Comparison.details)).all()
    assert len([each for each in details if "label" in each]) > 30
    either.good("verify")


def test_refusals(terminal: Terminal, people: Cast, tmp_path: Path) -> None:
    one, two = write(tmp_path / "1.jsonl", pair(1)), write(tmp_path / "2.jsonl", pair(2))
    ada = ("--as", "ada@example.org")
    assert "Only an owner" in terminal.refused(1, *LOAD, one, *ada)
    assert "no project called x" in terminal.refused(1, "batch", "load", "x", one)
    both = terminal.refused(2, *LOAD, one, two, "--refused", tmp_path / "out")
    assert "--refused goes with a single file" in both
    assert "language tag" in terminal.refused(2, *LOAD, one, "--language", "Klingon!")
    other = write(tmp_path / "pairs.txt", pair(1))
    assert "must end in .jsonl" in terminal.refused(2, *LOAD, other)
    assert "Missing argument" in terminal.refused(2, *LOAD)
    assert stored(terminal) == []


def test_arrange(either: Terminal, tmp_path: Path) -> None:
    settle(either)
    either.good(*LOAD, write(tmp_path / "one.jsonl", pair(1), pair(2)))
    arrange = ("batch", "arrange", "helpful", "1")
    listed = either.good("batch", "list", "helpful")
    as_loaded = "priority 0\tfor everybody\tat most all for one person\tjudgments 2\n"
    assert listed == f"1\tone.jsonl\t{as_loaded}"
    said = either.good(
        *arrange,
        *("--priority", "5", "--cohort", "experts", "--cohort", "Night"),
        *("--most-per-person", "50", "--judgments", "5"),
    )
    assert said == (
        "1\tone.jsonl\tpriority 5\tfor experts night\tat most 50 for one person\tjudgments 5\n"
    )
    assert either.good(*arrange) == said == either.good("batch", "list", "helpful")
    back = ("--everybody", "--no-limit", "--priority", "0", "--judgments", "2")
    assert either.good(*arrange, *back) == listed


def test_arrange_refuses(terminal: Terminal, people: Cast, tmp_path: Path) -> None:
    terminal.good(*LOAD, write(tmp_path / "one.jsonl", pair(1)))
    arrange = ("batch", "arrange", "helpful", "1")
    assert "cohorts.0: " in terminal.refused(2, *arrange, "--cohort", "a b")
    assert "judgments: " in terminal.refused(2, *arrange, "--judgments", "0")
    assert "undo" in terminal.refused(2, *arrange, "--everybody", "--cohort", "a")
    assert "undo" in terminal.refused(2, *arrange, "--no-limit", "--most-per-person", "1")
    assert "no such batch" in terminal.refused(1, "batch", "arrange", "helpful", "9")
    assert "Only an owner" in terminal.refused(1, *arrange, "--as", "rex@example.org")
    assert "Only an owner" in terminal.refused(
        1, "batch", "list", "helpful", "--as", "rex@example.org"
    )
