"""Loading: `labeler batch load` of a file in labeler's own layout."""

import json
from pathlib import Path

from bench import processes
from bench.data import SLUG
from bench.figures import Found, Table, Target, Verdict, spread
from bench.plan import FULL, Plan
from bench.processes import Ran
from bench.sites import ONCE, Backend
from bench.texts import Texts
from tests.labeler.cli.processes import LABELER, environment

RATE = {
    "sqlite": Target("rows a second, largest file", 15_000, at_most=False),
    "postgresql": Target("rows a second, largest file", 10_000, at_most=False),
}
MEMORY = Target("memory while loading, largest file", 300, " MB")
HEADS = ("database", "rows", "file MB", "rows/s", "memory at most, MB")


def measure(backend: Backend, plan: Plan) -> Found:
    """Load files of every size into sites of their own."""
    table, verdicts = Table("Loading", HEADS), []
    for count in sorted(plan.loads):
        file = plan.folder / f"{count}.jsonl"
        write(file, count)
        ran = [_load(backend, file) for _ in range(1 if count >= ONCE else plan.runs)]
        rates, peaks = [count / each.seconds for each in ran], [each.peak_mb for each in ran]
        size = f"{file.stat().st_size / 1e6:,.0f}"
        table.rows.append([backend.name, f"{count:,}", size, spread(rates), spread(peaks)])
        where = f"{backend.name}, {count:,} rows"
        verdicts = [Verdict(RATE[backend.name], where, rates), Verdict(MEMORY, where, peaks)]
        file.unlink()
    return Found([table], verdicts)


def write(file: Path, count: int) -> None:
    """Write so many made-up comparisons."""
    texts = Texts()
    with file.open("w") as out:
        for number in range(count):
            answers = [{"text": texts.some(FULL.answer), "model": f"model-{n}"} for n in (0, 1)]
            prompt = f"{number}: {texts.some(FULL.prompt)}"
            row = {"id": f"c-{number}", "prompt": prompt, "language": "en", "responses": answers}
            out.write(json.dumps(row) + "\n")


def _load(backend: Backend, file: Path) -> Ran:
    site = backend.new()
    settings = environment(database_url=site.address, data=str(file.parent))
    try:
        return processes.run([LABELER, "batch", "load", SLUG, file], settings)
    finally:
        backend.drop(site)
