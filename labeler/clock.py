"""The only reader of the clock, so that tests can stop it."""

from collections.abc import Callable
from datetime import UTC, datetime


def _system() -> datetime:
    return datetime.now(UTC)


_read: Callable[[], datetime] = _system


def now() -> datetime:
    """Return the present moment, aware, in UTC."""
    return _read()


def stopped() -> datetime | None:
    """Return the present moment if it is read from elsewhere than the system's clock, else None."""
    return None if _read is _system else _read()


def use(reader: Callable[[], datetime] | None) -> None:
    """Read the time from `reader` from now on; None goes back to the system's clock."""
    global _read
    _read = reader or _system
