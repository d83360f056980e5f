"""What a calculation costs: processor time and memory, in a fresh process that does nothing else.

Processor time, not time on the clock: that of one core, whatever else the machine does meanwhile.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bench.processes import Ready, at_once, peak_mb


@dataclass(frozen=True)
class Cost:
    """Seconds of one core, and the highest resident memory of the process, its data included."""

    seconds: float
    peak_mb: float

    def __str__(self) -> str:
        return f"{self.seconds:.2f} s, {self.peak_mb:.0f} MB"


def alone(make: Callable[[], Any], work: Callable[[Any], object]) -> Cost:
    """Make data and work on them in a process of their own; only the work is timed."""
    return at_once(_timed, [(make, work)])[0]


def _timed(make: Callable[[], Any], work: Callable[[Any], object], _ready: Ready) -> Cost:
    data = make()
    began = time.process_time()
    work(data)
    seconds = time.process_time() - began
    return Cost(seconds, peak_mb(os.getpid()) or 0.0)
