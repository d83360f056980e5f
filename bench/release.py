"""Releasing: `labeler release cut`, and what an annotator notices of it meanwhile.

The targets are those of what most releases are: all that was said, and pairs to train on.
"""

import shutil
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from bench import data, processes
from bench.client import Client, Worked
from bench.data import SLUG, Site
from bench.figures import Found, Table, Target, Verdict, percentile, spread
from bench.plan import FULL, SHORT, Plan
from bench.processes import Ran
from bench.sites import ONCE, Backend
from tests.gunicorn import Server, running
from tests.labeler.cli.processes import LABELER, environment

RATE = Target("judgments released a second, largest release", 50_000, at_most=False)
MEMORY = Target("memory while releasing, largest release", 400, " MB")
SLOWER = Target("median claim while a release is cut, against alone, largest release", 2)
HEADS = (
    *("database", "judgments", "formats", "judgments/s", "processor s", "memory at most, MB"),
    *("median claim alone, ms", "meanwhile, ms"),
)
FORMATS = {"comparisons, dpo": ["comparisons", "dpo"], "all": ["all"]}
"""What is cut: what most want, of which the targets are, and everything."""
AIMED_AT = "comparisons, dpo"
WAITING = 20_000

T = TypeVar("T")


@dataclass(frozen=True)
class Run:
    """One release, and the median claim before and while it was cut."""

    ran: Ran
    alone_ms: float
    meanwhile_ms: float


def measure(backend: Backend, plan: Plan) -> Found:
    """Cut releases of every size, each from a site of its own."""
    table, verdicts = Table("Releasing", HEADS), []
    for judgments in sorted(plan.releases):
        site = backend.with_past(judgments, FULL)
        where = f"{backend.name}, {site.judgments:,} judgments"
        data.grow(site, min(WAITING, judgments), SHORT)
        with running(site.address, plan.folder) as server:
            times = 1 if judgments >= ONCE else plan.runs
            for name in FORMATS:
                runs = [_run(site, plan, server, FORMATS[name]) for _ in range(times)]
                table.rows.append([backend.name, f"{site.judgments:,}", name, *_cells(site, runs)])
                if name == AIMED_AT:
                    verdicts = _verdicts(where, site, runs)
        backend.drop(site)
    return Found([table], verdicts)


def _cells(site: Site, runs: Sequence[Run]) -> list[str]:
    figures = (
        [site.judgments / each.ran.seconds for each in runs],
        [each.ran.processor_s for each in runs],
        [each.ran.peak_mb for each in runs],
        [each.alone_ms for each in runs],
        [each.meanwhile_ms for each in runs],
    )
    return [spread(each) for each in figures]


def _verdicts(where: str, site: Site, runs: Sequence[Run]) -> list[Verdict]:
    alone = statistics.median(each.alone_ms for each in runs)
    found = (
        (RATE, [site.judgments / each.ran.seconds for each in runs]),
        (MEMORY, [each.ran.peak_mb for each in runs]),
        (SLOWER, [each.meanwhile_ms / alone for each in runs]),
    )
    return [Verdict(target, where, values) for target, values in found]


def _run(site: Site, plan: Plan, server: Server, formats: Sequence[str]) -> Run:
    first, second = data.add_annotators(site, 2)
    alone = _work_while(server, first.token, lambda: time.sleep(plan.seconds))[0]
    meanwhile, ran = _work_while(server, second.token, lambda: _cut(site, plan, formats))
    return Run(ran, percentile(alone.claims, 0.5), percentile(meanwhile.claims, 0.5))


def _work_while(server: Server, token: str, act: Callable[[], T]) -> tuple[Worked, T]:
    """Let an annotator work for as long as something else lasts."""
    over = threading.Event()
    one = Client(server.port, SLUG, token)
    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(one.work, lambda: not over.is_set())
        try:
            done = act()
        finally:
            over.set()
        return working.result(), done


def _cut(site: Site, plan: Plan, formats: Sequence[str]) -> Ran:
    out = plan.folder / "release"
    settings = environment(database_url=site.address, data=str(plan.folder))
    try:
        wanted = [part for name in formats for part in ("--format", name)]
        return processes.run([LABELER, "release", "cut", SLUG, "--out", out, *wanted], settings)
    finally:
        shutil.rmtree(out, ignore_errors=True)
