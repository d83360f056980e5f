"""Estimates: a number, its 95 % interval and what it rests on, as a snapshot keeps them."""

from math import isfinite
from typing import Any, TypeAlias

from labeler import said
from labeler.stats.agreement import Interval
from labeler.stats.reliability import wilson_interval

Finding: TypeAlias = dict[str, Any]

DIGITS = 6
UNDEFINED = Interval(float("nan"), float("nan"))


def estimate(value: float, interval: Interval, n: int, why: str | None = None) -> Finding:
    """Keep a number with its interval; where there is none, `why` says so if n does not."""
    if not isfinite(value):
        reason = {"why": said.parts(why)} if why else {}
        return {"value": None, "low": None, "high": None, "n": n, **reason}
    ends = {"low": known(interval.low), "high": known(interval.high)}
    return {"value": round(value, DIGITS), **ends, "n": n}


def share(part: int, n: int) -> Finding:
    """Keep a share with Wilson's interval."""
    value = part / n if n else float("nan")
    return estimate(value, wilson_interval(part, n), n) | {"part": part}


def known(value: float) -> float | None:
    """Return the number, or None if it is none."""
    return round(value, DIGITS) if isfinite(value) else None
