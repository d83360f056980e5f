"""Run the benchmark: `python -m bench`, or a part of it such as `python -m bench annotate`."""

import argparse
import os
import shlex
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bench import annotate, dashboard, judging, load, machine, release, report, sites
from bench.figures import Found
from bench.plan import Plan
from bench.sites import Backend

PARTS: dict[str, Callable[[Backend, Plan], Found]] = {
    "annotate": annotate.measure,
    "dashboard": dashboard.measure,
    "judging": judging.measure,
    "load": load.measure,
    "release": release.measure,
}
BACKENDS = ("sqlite", "postgresql")
WHOLE: dict[str, Any] = {
    "comparisons": [1_000, 100_000, 1_000_000],
    "judgments": [0, 3_000_000],
    "annotators": [1, 8, 32],
    "loads": [1_000, 100_000, 1_000_000],
    "releases": [100_000, 1_000_000],
    "pages": 3_000_000,
    "seconds": 5.0,
    "runs": 3,
    "claims": 30,
}
QUICK: dict[str, Any] = {
    "comparisons": [1_000, 10_000],
    "judgments": [0, 30_000],
    "annotators": [1, 8, 32],
    "loads": [1_000, 10_000],
    "releases": [30_000],
    "pages": 30_000,
    "seconds": 1.0,
    "runs": 2,
    "claims": 30,
}


def main(arguments: Sequence[str]) -> None:
    """Measure, and print what was found; with --write put it into the documentation too."""
    options = _parser().parse_args(arguments)
    load_before = os.getloadavg()
    # Whoever is asked to end stops its servers and removes its databases first.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended from outside"))
    with tempfile.TemporaryDirectory(prefix="labeler-bench-", dir=options.folder) as name:
        folder = Path(name)
        folder.chmod(0o711)  # PostgreSQL may run as somebody else
        found = _measure(options, _plan(options, folder))
        facts = machine.described(folder, load_before)
    command = shlex.join(["python", "-m", "bench", *arguments])
    told = report.text(found, facts, command)
    print(told)
    if options.write:
        report.write(told)


def _measure(options: argparse.Namespace, plan: Plan) -> Found:
    found = Found()
    for name in plan.backends:
        with sites.opened(name, plan.folder) as backend:
            for part in options.parts or PARTS:
                began = time.monotonic()
                found.add(PARTS[part](backend, plan))
                took = time.monotonic() - began
                print(f"{part}, {name}: took {took:.0f} s", file=sys.stderr, flush=True)
    return found


def _plan(options: argparse.Namespace, folder: Path) -> Plan:
    sizes = QUICK if options.quick else WHOLE
    asked = {name: getattr(options, name) for name in sizes if getattr(options, name) is not None}
    backends = tuple(options.backend or BACKENDS)
    return Plan(backends=backends, folder=folder, **(sizes | asked))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m bench", description=__doc__)
    add = parser.add_argument
    add("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}; all if left out")
    add("--backend", action="append", choices=BACKENDS, help="one database only")
    add("--quick", action="store_true", help="small sizes: for a first look, not for figures")
    add("--comparisons", nargs="+", type=int, help="that wait to be judged, in `annotate`")
    add(
        "--judgments",
        nargs="+",
        type=int,
        help="that are stored before, each with each of those, in `annotate`",
    )
    add("--annotators", nargs="+", type=int, help="who work at once, in `annotate`")
    add("--loads", nargs="+", type=int, help="rows of the files in `load`")
    add("--releases", nargs="+", type=int, help="judgments of the releases in `release`")
    add("--pages", type=int, help="judgments behind the pages in `dashboard`")
    add("--seconds", type=float, help="how long annotators work in one run")
    add("--runs", type=int, help="how often everything is measured")
    add("--claims", type=int, help="how many claims of one person a run has, in `annotate`")
    add("--folder", type=Path, help="where databases are made; else where temporary files are")
    add("--write", action="store_true", help=f"write into {report.PAGE.name}")
    return parser


if __name__ == "__main__":
    main(sys.argv[1:])
