"""Endings: a conversation ends, and then its person may learn who answered."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from labeler.arena.conversations import Conversation
from labeler.people.accounts import Person


@dataclass(frozen=True)
class Named:
    """Who answered at which place in a turn."""

    number: int
    models: tuple[str, ...]
    """The names of the endpoints at A and at B."""


def end(session: Session, conversation: Conversation, *, by: Person) -> None:
    """End a conversation; nothing if it has ended. What was still being written is left out."""
    raise NotImplementedError


def reveal(session: Session, conversation: Conversation, *, by: Person) -> list[Named]:
    """Tell who answered, turn by turn; from now on no vote is taken or changed.

    Raises Conflict before the end.
    """
    raise NotImplementedError


def named(session: Session, conversation: Conversation) -> list[Named]:
    """Return who answered, if the person was told before; else nothing. It changes nothing."""
    raise NotImplementedError
