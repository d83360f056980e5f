"""Looks: what a person sees of a conversation, derived from its calls when it is read.

Both answers of a turn appear at the same moment. Nothing here tells which of the two is done, how
long either took, or who it is from.
"""

import enum
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from labeler.arena.conversations import Conversation
from labeler.arena.turns import Turn


class Standing(enum.Enum):
    """How far the answers of a turn are."""

    writing = "writing"
    """Not both are there."""
    ready = "ready"
    """Both are there."""
    failed = "failed"
    """One of the two failed for good: the turn can be drawn again."""


@dataclass(frozen=True)
class Exchange:
    """A turn as its person sees it: the message, and both answers or none."""

    turn: Turn
    standing: Standing
    answers: tuple[str, ...] = ()
    """The answers at A and at B; none before both are there."""
    ready_at: datetime | None = None
    hindrance: str = ""
    """Why these answers cannot be voted on, as a sentence; empty: they can."""

    @property
    def goes_on(self) -> int | None:
        """The place of the answer that the conversation goes on from: 0 for A, 1 for B."""
        went = self.turn.goes_on
        return None if went is None else self.turn.places.index(went)

    @property
    def is_voted(self) -> bool:
        """Whether the person has said which is better."""
        return self.turn.assignment_id is not None


@dataclass(frozen=True)
class Look:
    """A conversation as its person sees it, and what they may do next."""

    conversation: Conversation
    exchanges: tuple[Exchange, ...]
    may_say: bool
    """Whether a next message can be written now."""
    may_draw_again: bool
    """Whether the last turn can be answered once more."""
    votes_on: Turn | None
    """The turn that can be voted on now; of whole conversations, the last one."""
    hindrance: str
    """Why there is no next message now, as a sentence; empty where there may be one."""


def look(session: Session, conversation: Conversation) -> Look:
    """Return what the person sees of their conversation just now."""
    raise NotImplementedError
