"""Exchanges: the two calls of a turn, and what can be said of both of them together.

Nothing here tells which of the two is done, how long either took, or who it is from.
"""

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler.endpoints.calls import Call, CallState
from labeler.said import Said, say
from labeler.work.rows import is_blank

INCOMPLETE = say(
    "An answer was broken off, so the two cannot be compared. You can have both written again."
)
EMPTY = say("An answer is empty, so the two cannot be compared. You can have both written again.")
SAME = say(
    "The two answers are the same, so there is nothing to compare. You can have both written again."
)
WRITING = say("Both are still writing. Please wait a moment.")
FAILED = say("The answers could not be written. You can have both written again.")


class Standing(enum.Enum):
    """How far the answers of a turn are."""

    writing = "writing"
    """Not both are there."""
    ready = "ready"
    """Both are there."""
    failed = "failed"
    """One of the two failed for good: the turn can be drawn again."""


@dataclass(frozen=True)
class Both:
    """The calls of a turn: those for the responses number 0 and 1."""

    calls: tuple[Call, Call]

    @property
    def standing(self) -> Standing:
        """How far they are; what has failed says so only when the other one is over, too."""
        if not all(call.is_over for call in self.calls):
            return Standing.writing
        done = all(call.state is CallState.done for call in self.calls)
        return Standing.ready if done else Standing.failed

    @property
    def texts(self) -> tuple[str, str]:
        """The answers, by number."""
        first, second = self.calls
        return first.text or "", second.text or ""

    @property
    def ready_at(self) -> datetime | None:
        """When both were there."""
        ended = [call.ended_at for call in self.calls if call.ended_at is not None]
        return max(ended) if self.standing is Standing.ready else None

    @property
    def usable(self) -> list[int]:
        """Which of them a conversation can go on from."""
        return [n for n in (0, 1) if self.calls[n].is_complete and not is_blank(self.texts[n])]

    @property
    def is_whole(self) -> bool:
        """Whether both are complete, and say something."""
        return len(self.usable) == 2

    @property
    def hindrance(self) -> Said | None:
        """Why they cannot be compared; None if they can."""
        if self.standing is Standing.writing:
            return WRITING
        if self.standing is Standing.failed:
            return FAILED
        if not all(call.is_complete for call in self.calls):
            return INCOMPLETE
        if not self.is_whole:
            return EMPTY
        first, second = self.texts
        return SAME if first.strip() == second.strip() else None


def find(session: Session, pairs: Iterable[tuple[int, int]]) -> list[Both]:
    """Return the calls of turns, in their order, as they are now."""
    wanted = list(pairs)
    query = sa.select(Call).where(Call.id.in_({each for pair in wanted for each in pair}))
    found = {
        call.id: call for call in session.scalars(query.execution_options(populate_existing=True))
    }
    return [Both((found[first], found[second])) for first, second in wanted]
