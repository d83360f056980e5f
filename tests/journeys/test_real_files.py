"""Real files of pairs, all the way: loaded, judged over HTTP, released, and read by a trainer."""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import make_url

from labeler.demo.simulation import Leaning
from tests.gunicorn import running
from tests.journeys.opening import open_projects
from tests.journeys.raters import Leans, Said, judge_everything
from tests.journeys.realfiles import FILES, FOLDER, RealFile
from tests.journeys.wire import Wire
from tests.labeler.cli.conftest import Terminal

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not FOLDER.is_dir(), reason=f"The real files are not in {FOLDER}."),
]
ACCURACIES = (0.95, 0.9, 0.7)
SHARES = {"sqlite": FILES[:1], "postgresql": FILES[1:]}
"""What each back end is given where there is no time to give both everything."""
LINES = {"mistral-large_vs_gpt-4o.jsonl": 280}
FEW_LINES = 60
"""How much of each file there is time for; of the one with a bad line, that one too."""


def test_releases_say_what_the_majority_said(
    address: str, terminal: Terminal, tmp_path: Path, offline: str, soak: bool
) -> None:
    files = FILES if soak else _heads(address, tmp_path)
    slugs = [file.slug for file in files]
    opened = open_projects(terminal, tmp_path, slugs, annotators=len(ACCURACIES))

    def judge(file: RealFile) -> list[Said]:
        tokens = opened.annotators
        return judge_everything(server.url, file.slug, tokens, ACCURACIES, _truth(file))

    with running(address, tmp_path) as server, closing(Wire(server.url, opened.owner)) as owner:
        for file in files:
            _load(file, terminal, owner, tmp_path)
        with ThreadPoolExecutor() as pool:
            heard = list(pool.map(judge, files))
        names = {file.slug: _names(file.slug, owner) for file in files}
    for file, said in zip(files, heard, strict=True):
        assert len(said) == len(ACCURACIES) * file.rows
        out = _release(file.slug, terminal, tmp_path)
        judged = _by_comparison(said, names[file.slug])
        _compare(judged, _rows(out, offline), _left_out(out), file.models())
    assert terminal.good("verify")


def _heads(address: str, folder: Path) -> Sequence[RealFile]:
    share = SHARES[make_url(address).get_backend_name()]
    return [file.head(folder, LINES.get(file.name, FEW_LINES)) for file in share]


@pytest.fixture
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A cache for Hugging Face's loader, which is told that there is no network."""
    for name in ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    return str(tmp_path / "cache")


def _load(file: RealFile, terminal: Terminal, owner: Wire, folder: Path) -> None:
    """Load a file: through the API if it is sound, else by command, after it was refused."""
    if file.bad_line is None:
        path = f"/projects/{file.slug}/batches?name={file.name}&language=en"
        told = owner.upload(path, file.path.read_bytes(), "application/x-ndjson")
        assert (told.status, told.json["comparisons"]) == (201, file.rows), told
        return
    refused = terminal.refused(2, "batch", "load", file.slug, file.path)
    assert f"line {file.bad_line}" in refused.lower()
    assert "the same" in refused
    leftovers = folder / "leftovers.jsonl"
    load = ("batch", "load", file.slug, file.path, "--skip-bad", "--refused", leftovers)
    assert f": {file.rows} loaded, 1 left out" in terminal.good(*load)
    (row,) = leftovers.read_text("utf-8").splitlines()
    assert json.loads(row)["line"] == file.bad_line


def _truth(file: RealFile) -> Leans:
    """Say which answer is better by the file; of every twelfth pair say that neither is."""
    better = {frozenset(pair): pair[0] for pair in file.pairs()}
    assert len(better) == file.rows

    def leans(answers: Sequence[str]) -> Leaning:
        right = better[frozenset(answers)]
        draw = hashlib.sha256(right.encode()).digest()[0] % 24
        return answers.index(right) if draw > 1 else ("both_bad", None)[draw]

    return leans


def _names(slug: str, owner: Wire) -> dict[int, str]:
    """Return the comparison's name of each assignment that was judged, as the API tells it."""
    names: dict[int, str] = {}
    after: int | None = 0
    while after is not None:
        told = owner.get(f"/projects/{slug}/judgments?limit=1000&after={after}").json
        names |= {judgment["assignment"]: judgment["comparison"] for judgment in told["judgments"]}
        after = told["next"]
    return names


def _by_comparison(said: Iterable[Said], names: dict[int, str]) -> dict[str, list[Said]]:
    found = defaultdict(list)
    for one in said:
        found[names[one.assignment]].append(one)
    return found


def _release(slug: str, terminal: Terminal, folder: Path) -> Path:
    out = folder / f"release-{slug}"
    terminal.good("release", "cut", slug, "--out", out)
    assert terminal.good("release", "verify", out) == f"{out} is whole.\n"
    return out


def _rows(out: Path, cache: str) -> list[dict[str, Any]]:
    import datasets

    loaded = datasets.load_dataset(str(out), cache_dir=cache)
    assert set(loaded) == {"train", "test"}
    return [row for part in loaded.values() for row in part]


def _left_out(out: Path) -> dict[str, str]:
    manifest = json.loads((out / "MANIFEST.json").read_text("utf-8"))
    return {entry["id"]: entry["reason"] for entry in manifest["left_out"]}


def _compare(
    judged: dict[str, list[Said]],
    rows: list[dict[str, Any]],
    left_out: dict[str, str],
    models: dict[str, str],
) -> None:
    """Compare a release with what was sent, row by row, until nothing is left of either."""
    by_answers = {frozenset((_text(row, "chosen"), _text(row, "rejected"))): row for row in rows}
    assert len(by_answers) == len(rows)
    for name, said in judged.items():
        assert len(said) == len(ACCURACIES)
        most, count = Counter(one.vote for one in said).most_common(1)[0]
        row = by_answers.pop(frozenset(said[0].answers), None)
        if row is None:
            # Whether a prompt is nearly another one is the subject of other tests.
            reasons = _reasons(said[0], most, count) | {"near_duplicate"}
            assert left_out.pop(name) in reasons, name
            continue
        chosen, rejected = _text(row, "chosen"), _text(row, "rejected")
        assert (chosen, count > 1) == (most, True), name
        assert row["prompt"] == said[0].prompt
        assert (row["n_votes"], row["agreement"]) == (len(said), count / len(said))
        assert (row["chosen_model"], row["rejected_model"]) == (models[chosen], models[rejected])
    assert (by_answers, left_out) == ({}, {})


def _reasons(said: Said, most: str, count: int) -> set[str]:
    """Return why a comparison may be missing, whatever the release says."""
    asked = said.prompt[-1]["content"]
    unfit = {"prompt_in_answer"} if any(one.startswith(asked) for one in said.answers) else set()
    if count == 1:
        return {"both_bad", "split", "tie"} | unfit
    return unfit if most in said.answers else {most} | unfit


def _text(row: dict[str, Any], side: str) -> str:
    (turn,) = row[side]
    assert turn["role"] == "assistant"
    return str(turn["content"])
