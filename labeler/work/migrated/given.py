"""What a source tells of a comparison: who said what of it, when, and what stood where."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from labeler.work.assignments import SkipReason
from labeler.work.judgments import JudgmentState
from labeler.work.layouts import Row
from labeler.work.layouts.shapes import Label


@dataclass(frozen=True, slots=True)
class Given:
    """What one person said of a comparison, or that they handed it back."""

    who: str
    """What the source calls them; empty if nothing is known of them any more."""
    label: Label | None = None
    """What was found; a verdict of criteria alone has no more than the criteria."""
    skipped: SkipReason | None = None
    """Why it was handed back; then nothing was found."""
    reason: str = ""
    criteria: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """By name: `preferred` and `strength`, or `points` by the number of the response."""
    edit: tuple[int, str] | None = None
    """The number of the response that was improved, and its text."""
    shown: tuple[int, ...] = ()
    """Which response stood at A, B and so on; empty: as they are numbered."""
    at: datetime | None = None
    """When; None if the source does not say."""
    seconds: float = 0.0
    state: JudgmentState = JudgmentState.accepted
    place: str = ""
    """Where it stands in the source, such as annotations.3, for refusals."""


@dataclass(frozen=True, slots=True)
class Brought:
    """A comparison with all that was said of it."""

    row: Row
    given: tuple[Given, ...] = ()
