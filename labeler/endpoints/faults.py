"""Faults: what went wrong with a call, in one shape for every server and for none that answers.

A fault that a server reported keeps the server's `code` and `type`. One that was found here has
the type `ours` and a code of `Ours`, and its message speaks to the reader.
"""

from dataclasses import asdict, dataclass
from typing import Any

OURS = "labeler"
"""The type of what no server reported."""


@dataclass(frozen=True)
class Fault:
    """Why a call brought no answer, and whether the same call may bring one later."""

    status: int | None
    """The HTTP status, if there was an answer."""
    code: str
    type: str
    message: str
    retryable: bool
    retry_after_s: float | None = None
    """How long the server asked to be left alone."""
    raw: str = ""
    """The beginning of what the server sent."""

    def as_json(self) -> dict[str, Any]:
        """Return what a database keeps of it."""
        return asdict(self)


class Failed(Exception):
    """A call that brought no answer; `fault` says why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault
