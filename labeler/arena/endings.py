"""Endings: a conversation ends, and then its person may learn who answered."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler import clock
from labeler.arena import conversations, exchanges, turns
from labeler.arena.conversations import Conversation
from labeler.arena.exchanges import Both, Standing
from labeler.arena.rules import Vote
from labeler.endpoints import calls
from labeler.errors import Conflict
from labeler.people.accounts import Person
from labeler.said import say
from labeler.work.assignments import Assignment

NOT_ENDED = say("Please end the conversation first: then you are told who answered.")


@dataclass(frozen=True)
class Named:
    """Who answered in a turn, at A and at B."""

    number: int
    """The turn's, from 1."""
    endpoints: tuple[str, ...]
    """What the endpoints are called here."""
    models: tuple[str, ...]
    """What their models are called."""


def end(session: Session, conversation: Conversation, *, by: Person) -> None:
    """End a conversation; nothing if it has ended. What was still being written is left out."""
    conversation = conversations.hold(session, conversation.id, by=by)
    if conversation.ended_at is not None:
        return
    found = turns.current(session, conversation)
    both = exchanges.find(session, (turn.call_ids for turn in found))
    conversation.ended_at = clock.now()
    if found and not _stays(conversation, both[-1]):
        found[-1].superseded_at = conversation.ended_at
    session.flush()
    calls.cancel_all(session, conversation.kin)


def reveal(session: Session, conversation: Conversation, *, by: Person) -> Sequence[Named]:
    """Tell who answered, turn by turn; from now on no vote is taken or changed.

    Raises Conflict before the end.
    """
    conversation = conversations.hold(session, conversation.id, by=by)
    if conversation.ended_at is None:
        raise Conflict(NOT_ENDED)
    if conversation.revealed_at is None:
        conversation.revealed_at = clock.now()
        mine = sa.select(turns.Turn.assignment_id).where(
            turns.Turn.conversation_id == conversation.id, turns.Turn.assignment_id.is_not(None)
        )
        told = sa.update(Assignment).where(Assignment.id.in_(mine), Assignment.told_at.is_(None))
        session.execute(told.values(told_at=conversation.revealed_at))
        session.flush()
    return named(session, conversation)


def named(session: Session, conversation: Conversation) -> Sequence[Named]:
    """Return who answered, if the person was told before; else nothing. It changes nothing."""
    if conversation.revealed_at is None:
        return ()
    both = conversations.endpoints(session, conversation)
    return [
        Named(
            turn.number,
            tuple(both[number].name for number in turn.places),
            tuple(both[number].written.model for number in turn.places),
        )
        for turn in turns.current(session, conversation)
    ]


def _stays(conversation: Conversation, both: Both) -> bool:
    """Say whether the last turn is a part of the conversation: of whole ones, only a whole one."""
    if conversation.vote is Vote.end:
        return both.is_whole
    return both.standing is Standing.ready
