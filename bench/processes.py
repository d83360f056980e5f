"""Processes: running work in several at once, and what others take of processor and memory.

Reads /proc, so all of this needs Linux.
"""

import os
import resource
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
Ready = Callable[[], object]
"""Waits until everybody is ready."""

PATIENCE_S = 120
_POLL_S = 0.02
_TICKS_S = os.sysconf("SC_CLK_TCK")


def at_once(work: Callable[..., T], parts: Sequence[tuple[Any, ...]]) -> list[T]:
    """Call `work(*part, ready)` for each part in a process of its own; return what they return."""
    context = get_context("spawn")
    barrier = context.Barrier(len(parts))
    pipes = [context.Pipe(duplex=False) for _ in parts]
    processes = [
        context.Process(target=_child, args=(sends, work, part, barrier), daemon=True)
        for part, (_, sends) in zip(parts, pipes, strict=True)
    ]
    for process in processes:
        process.start()
    for _, sends in pipes:
        sends.close()  # so that a process that ends without a word is noticed
    told = [receives.recv() for receives, _ in pipes]
    for process in processes:
        process.join()
    return told


def _child(sends: Connection, work: Callable[..., T], part: tuple[Any, ...], barrier: Any) -> None:
    sends.send(work(*part, lambda: barrier.wait(PATIENCE_S)))


def processor_s(pid: int) -> float:
    """Return the processor time, in seconds, of a process and of its children so far."""
    children = [_times(path.name) for path in Path("/proc").glob("[0-9]*")]
    live = sum(own for own, _, parent in children if parent == pid)
    own, ended, _ = _times(str(pid))
    return own + ended + live


def _times(pid: str) -> tuple[float, float, int]:
    """Return a process's own seconds, those of children that have ended, and its parent."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0, 0.0, 0
    user, system, ended_user, ended_system = (int(each) / _TICKS_S for each in fields[11:15])
    return user + system, ended_user + ended_system, int(fields[1])


@dataclass(frozen=True)
class Ran:
    """How long a command took, its processor time, and how much memory it had at most."""

    seconds: float
    processor_s: float
    peak_mb: float


def run(command: Sequence[str | Path], environ: dict[str, str]) -> Ran:
    """Run a command that must succeed."""
    began, used = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    with subprocess.Popen(
        command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        peak: list[float] = [0.0]
        watching = threading.Thread(target=_watch, args=(process.pid, peak))
        watching.start()
        said, _ = process.communicate()
        seconds = time.monotonic() - began
        watching.join()
    if process.returncode != 0:
        raise RuntimeError(f"{command} failed: {said}")
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor_s = ended.ru_utime + ended.ru_stime - used.ru_utime - used.ru_stime
    return Ran(seconds, processor_s, peak[0])


def _watch(pid: int, peak: list[float]) -> None:
    """Note the highest resident memory of a process, in MB, until it ends."""
    while (found := peak_mb(pid)) is not None:
        peak[0] = max(peak[0], found)
        time.sleep(_POLL_S)


def peak_mb(pid: int) -> float | None:
    """Return the highest resident memory of a process so far, in MB; None when it has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # What has ended and was not waited for has no memory.
    found = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
    return int(found[0]) / 1024 if found else None
