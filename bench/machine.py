"""The machine: what the figures were measured on, read when they are."""

import importlib.metadata
import os
import platform
import statistics
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from bench.figures import number
from labeler.database import Database
from tests import postgres

SYNCS = 200
BUSY = 0.25
"""From which load for each core on the machine was not ours alone."""
PACKAGES = ("gunicorn", "flask", "sqlalchemy", "psycopg")


def described(folder: Path, load_before: tuple[float, float, float]) -> str:
    """Describe this machine and its software in a list."""
    return "\n".join(f"- {each}" for each in _facts(folder, load_before))


def _facts(folder: Path, load_before: tuple[float, float, float]) -> Iterator[str]:
    yield f"Measured on {datetime.now(UTC):%Y-%m-%d}"
    yield f"{os.cpu_count()} cores ({processor()}), {memory_gb():.0f} GB of memory"
    yield (
        f"load average of the last minute before: {load_before[0]:.2f}; "
        f"at the end, with the benchmark's own: {os.getloadavg()[0]:.2f}"
    )
    if load_before[0] > BUSY * (os.cpu_count() or 1):
        yield "**something else was running**: these figures say less than they would"
    yield f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    yield f"SQLite {_sqlite(folder)}, {_postgresql()}"
    yield ", ".join(f"{name} {importlib.metadata.version(name)}" for name in PACKAGES)
    yield f"`fdatasync` of 4 kB where the databases lie: {_sync_ms(folder)} ms"


def processor() -> str:
    """Name the processor."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def memory_gb() -> float:
    """Return the machine's memory."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9


def _sqlite(folder: Path) -> str:
    database = Database(f"sqlite:///{folder / 'version.db'}")
    with database.reader.connect() as connection:
        found = str(connection.exec_driver_sql("SELECT sqlite_version()").scalar())
    database.close()
    return found


def _postgresql() -> str:
    said = subprocess.run([postgres.programs() / "postgres", "-V"], capture_output=True, text=True)
    return said.stdout.strip().replace("postgres (PostgreSQL)", "PostgreSQL")


def _sync_ms(folder: Path) -> str:
    took = []
    with (folder / "sync").open("wb") as file:
        for _ in range(SYNCS):
            file.write(bytes(4096))
            file.flush()
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            took.append(1000 * (time.perf_counter() - began))
    worst = sorted(took)[int(0.99 * SYNCS)]
    return f"median {number(statistics.median(took))}, 99th percentile {number(worst)}"
