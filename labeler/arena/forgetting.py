"""Forgetting: what becomes of the chats of somebody who is erased.

What they wrote is emptied, here and in the calls that carried it, with what was answered. Of what
they said which answer is better a comparison was made: that is the project's, and names nobody.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler.arena.conversations import Conversation
from labeler.arena.turns import Turn
from labeler.endpoints import calls
from labeler.endpoints.calls import Call
from labeler.people.accounts import Person


def forget(session: Session, person: Person, *, at: datetime) -> None:
    """End the person's chats, and empty what was never voted on. Again, it changes nothing."""
    chats = sa.select(Conversation).where(Conversation.person_id == person.id)
    for chat in session.scalars(chats.order_by(Conversation.id)).all():
        chat.ended_at = chat.ended_at or at
        chat.revealed_at = chat.revealed_at or at
        session.flush()
        calls.cancel_all(session, chat.kin)
        _empty(session, chat)


def _empty(session: Session, chat: Conversation) -> None:
    """Empty the turns of a chat of which no comparison was made."""
    unvoted = Turn.conversation_id == chat.id, Turn.assignment_id.is_(None)
    turns = session.scalars(sa.select(Turn).where(*unvoted).order_by(Turn.id)).all()
    ids = [turn.id for turn in turns]
    carried = [call_id for turn in turns for call_id in turn.call_ids]
    session.execute(sa.update(Turn).where(Turn.id.in_(ids)).values(text="", key=None))
    session.execute(
        sa.update(Call).where(Call.id.in_(carried)).values(messages=[], text=None, thinking=None)
    )
