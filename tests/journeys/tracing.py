"""What a server asks of the system, watched by strace from outside."""

import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PATIENCE_S = 30


def worker(leader: int) -> int:
    """Return the process that gunicorn's first one has started."""
    children = Path(f"/proc/{leader}/task/{leader}/children")
    if not children.exists():
        pytest.skip("Whose process to watch is known on Linux alone.")
    (child,) = children.read_text().split()
    return int(child)


@contextmanager
def traced(process: int, calls: Path, names: str, *options: str) -> Iterator[None]:
    """Write down the system calls of these names; skips if it cannot."""
    if shutil.which("strace") is None:
        pytest.skip("To watch a process takes strace.")
    command = ["strace", "-f", "-e", f"trace={names}", "-e", "signal=none", *options]
    with subprocess.Popen(
        [*command, "-o", calls, "-p", str(process)], stderr=subprocess.PIPE, text=True
    ) as watching:
        assert watching.stderr is not None
        said = watching.stderr.readline()
        if "attached" not in said:
            pytest.skip(f"This machine does not let us watch a process: {said}")
        wait_until_attached(process)
        try:
            yield
        finally:
            watching.send_signal(signal.SIGINT)


def wait_until_attached(process: int) -> None:
    until = time.monotonic() + PATIENCE_S
    threads = Path(f"/proc/{process}/task")
    while any("TracerPid:\t0\n" in (one / "status").read_text() for one in threads.iterdir()):
        assert time.monotonic() < until
        time.sleep(0.01)
