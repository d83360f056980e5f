"""Releasing: `labeler release cut`, and what an annotator notices of it meanwhile."""

import shutil
import statistics
import threading
import time
from collections.abc import Callable
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
    *("database", "judgments", "judgments/s", "memory at most, MB"),
    *("median claim alone, ms", "meanwhile, ms"),
)
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
        data.grow(site, min(WAITING, judgments), SHORT)
        with running(site.address, plan.folder) as server:
            times = 1 if judgments >= ONCE else plan.runs
            runs = [_run(site, plan, server) for _ in range(times)]
        rates = [site.judgments / each.ran.seconds for each in runs]
        peaks = [each.ran.peak_mb for each in runs]
        alone, meanwhile = [r.alone_ms for r in runs], [r.meanwhile_ms for r in runs]
        shown = [spread(each) for each in (rates, peaks, alone, meanwhile)]
        table.rows.append([backend.name, f"{site.judgments:,}", *shown])
        where = f"{backend.name}, {site.judgments:,} judgments"
        slower = [each / statistics.median(alone) for each in meanwhile]
        found = ((RATE, rates), (MEMORY, peaks), (SLOWER, slower))
        verdicts = [Verdict(target, where, values) for target, values in found]
        backend.drop(site)
    return Found([table], verdicts)


def _run(site: Site, plan: Plan, server: Server) -> Run:
    first, second = data.add_annotators(site, 2)
    alone = _work_while(server, first.token, lambda: time.sleep(plan.seconds))[0]
    meanwhile, ran = _work_while(server, second.token, lambda: _cut(site, plan))
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


def _cut(site: Site, plan: Plan) -> Ran:
    out = plan.folder / "release"
    settings = environment(database_url=site.address, data=str(plan.folder))
    try:
        return processes.run([LABELER, "release", "cut", SLUG, "--out", out], settings)
    finally:
        shutil.rmtree(out, ignore_errors=True)
