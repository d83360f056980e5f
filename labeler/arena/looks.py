"""Looks: what a person sees of a conversation, derived from its calls when it is read.

Both answers of a turn appear at the same moment. Nothing here tells which of the two is done, how
long either took, or who it is from.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from labeler.arena import exchanges, turns, votes
from labeler.arena.conversations import Conversation
from labeler.arena.exchanges import Both, Standing
from labeler.arena.turns import Turn

__all__ = ["Exchange", "Look", "Standing", "look"]


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
    found = turns.current(session, conversation)
    both = exchanges.find(session, (turn.call_ids for turn in found))
    why = turns.hindrance(conversation, found, both)
    may_draw = bool(found) and not turns.draw_hindrance(conversation, found, both, found[-1])
    can_vote = bool(found) and not votes.hindrance(conversation, found, both, found[-1])
    return Look(
        conversation,
        tuple(_exchange(turn, answered) for turn, answered in zip(found, both, strict=True)),
        may_say=why is None,
        may_draw_again=may_draw,
        votes_on=found[-1] if can_vote else None,
        hindrance=why or "",
    )


def _exchange(turn: Turn, both: Both) -> Exchange:
    if both.standing is not Standing.ready:
        return Exchange(turn, both.standing, hindrance=both.hindrance or "")
    shown = tuple(both.texts[number] for number in turn.places)
    return Exchange(turn, both.standing, shown, both.ready_at, both.hindrance or "")
