"""Releases on the command line, on both databases."""

import json
import os
import pty
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from exports.making import cutting
from labeler.cli import bars, main
from labeler.database import Database
from tests.exports.stories import Said, contents, tell
from tests.labeler.cli.processes import LABELER

VOTES: dict[str, list[Said]] = {f"p{n}": [n % 2, n % 2] for n in range(12)} | {"t": ["tie", 0]}


@pytest.fixture
def told(database: Database, address: str, tmp_path: Path) -> Iterator[Path]:
    """Settings for a judged project; the folder in which commands write."""
    tell(database, VOTES)
    others = {name: None for name in os.environ if name.startswith("LABELER_")}
    given = {"LABELER_DATABASE_URL": address, "LABELER_DATA": str(tmp_path)}
    with pytest.MonkeyPatch.context() as patch:
        for name in others:
            patch.delenv(name)
        for name, value in given.items():
            patch.setenv(name, value)
        yield tmp_path


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(one) for one in ("release", *arguments)])


def good(*arguments: str | Path) -> str:
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_cut_verify_list_and_again(told: Path) -> None:
    out = told / "out"
    assert good("cut", "helpful", "--out", out) == (
        f"Release 1 is in {out}: 12 comparisons with a better answer; left out: 1.\n"
    )
    assert good("verify", out) == f"{out} is whole.\n"
    good("cut", "helpful", "--out", told / "same")
    good("again", "helpful", "1", "--out", told / "again")
    assert contents(out) == contents(told / "same") == contents(told / "again")
    number, _, pairs, folder = good("list", "helpful").strip().split("\t")
    assert (number, pairs, folder) == ("1", "12", "out")


def test_how_far_it_is_stands_on_a_terminal_and_nowhere_else(told: Path) -> None:
    screen, terminal = pty.openpty()
    command = [LABELER, "release", "cut", "helpful", "--out", str(told / "out")]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=terminal, check=True, text=True)
    shown = os.read(screen, 65_536).decode()
    for end in (screen, terminal):
        os.close(end)
    lines = [line.removesuffix("\x1b[K") for line in shown.split("\r")]
    assert any(line.startswith(cutting.READ) for line in lines)
    assert lines[-1] == ""  # when it is over there is room for what was asked for
    assert done.stdout.startswith("Release 1 is in ")
    piped = run("cut", "helpful", "--out", told / "same")
    assert (piped.exit_code, piped.stderr) == (0, "")


def test_a_bar_says_what_is_done_of_how_much(capsys: pytest.CaptureFixture[str]) -> None:
    assert bars._line(0, 0, "Read") == "Read"
    assert bars._line(12_000, 0, "Read") == "Read 12,000"
    half = f"[{'#' * 12}{'.' * 12}]  50%  Read 600 of 1,200"
    assert bars._line(600, 1200, "Read") == half
    assert bars._line(3, 2, "Read").startswith(f"[{'#' * 24}] 100%")
    with bars.bar() as progress:
        progress(1, 2, "Read")
    assert capsys.readouterr().err == ""


def test_rules_are_taken(told: Path) -> None:
    rules = ["--min-judgments", "1", "--test-share", "0", "--licence", "mit", "--language", "en"]
    good("cut", "helpful", "--out", told / "out", *rules)
    manifest = json.loads((told / "out" / "MANIFEST.json").read_text())
    assert manifest["criteria"] == {
        "formats": ["comparisons", "dpo"],
        "min_judgments": 1,
        "aggregation": "majority",
        "min_margin": 1,
        "min_agreement": 0.0,
        "min_posterior": 0.0,
        "ranking_pairs": "all",
        "languages": ["en"],
        "batches": None,
        "guidelines": None,
        "since": None,
        "until": None,
        "max_tokens": None,
        "free_text": False,
        "held_back": "",
        "test_share": 0.0,
        "licence": "mit",
    }
    assert manifest["counts"]["formats"]["dpo"] == {"rows": 12, "splits": {"train": 12}}


def test_rules_come_from_a_file_and_what_is_said_goes_before_them(told: Path) -> None:
    rules = told / "rules.toml"
    rules.write_text(
        'formats = ["sft", "kto"]\nmin_judgments = 1\naggregation = "one_coin"\n'
        "since = 2026-11-01\ntest_share = 0.5\n"
    )
    said = ["--rules", rules, "--test-share", "0", "--format", "axolotl", "--max-tokens", "900"]
    good("cut", "helpful", "--out", told / "out", *said)
    manifest = json.loads((told / "out" / "MANIFEST.json").read_text())
    criteria, counts = manifest["criteria"], manifest["counts"]
    assert criteria["formats"] == ["dpo", "axolotl"]  # which needs the pairs that it tells of
    assert (criteria["aggregation"], criteria["since"]) == ("one_coin", "2026-11-01")
    assert (criteria["test_share"], criteria["max_tokens"]) == (0.0, 900)
    assert manifest["aggregation"] == "one_coin 1"
    assert list(counts["formats"]) == ["dpo"]
    assert (told / "out" / "axolotl" / "dpo.yaml").is_file()
    good("cut", "helpful", "--out", told / "all", "--format", "all")
    assert good("verify", told / "all") == f"{told / 'all'} is whole.\n"


def test_a_file_of_rules_that_cannot_be_read_is_refused(told: Path) -> None:
    rules = told / "rules.toml"
    for text, word in (("min_judgments = ", "rules.toml cannot be read"), ("colour = 1", "colour")):
        rules.write_text(text)
        wrong = run("cut", "helpful", "--out", told / "out", "--rules", rules)
        assert (wrong.exit_code, word in wrong.stderr) == (2, True)
    assert not (told / "out").exists()


def test_refusals_say_what_is_wrong(told: Path) -> None:
    wrong = run("cut", "helpful", "--out", told / "out", "--min-agreement", "2")
    assert wrong.exit_code == 2
    assert "min_agreement" in wrong.stderr
    nothing = run("cut", "helpful", "--out", told / "out", "--language", "sw")
    assert "There is nothing to release" in nothing.stderr
    unknown = run("cut", "nowhere", "--out", told / "out")
    assert "There is no project called nowhere" in unknown.stderr
    annotator = run("cut", "helpful", "--out", told / "out", "--as", "ada@example.org")
    assert "Only an owner" in annotator.stderr
    assert [one.exit_code for one in (nothing, unknown, annotator)] == [2, 1, 1]
    assert not (told / "out").exists()


def test_verify_names_what_was_changed(told: Path) -> None:
    good("cut", "helpful", "--out", told / "out")
    lines = told / "out" / "jsonl" / "dpo-train.jsonl"
    lines.write_bytes(lines.read_bytes().replace(b"It is", b"It ix", 1))
    found = run("verify", told / "out")
    assert found.exit_code == 1
    assert "jsonl/dpo-train.jsonl was changed" in found.stderr
