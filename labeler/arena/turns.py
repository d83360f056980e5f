"""Turns: a message, and the answers of both models to it, in an order that the server draws.

A turn that is drawn again stays on record beside the one that takes its place. What was promised
for judging it, and by which form, is written down when it is asked.

Where each model goes on from its own answers, a place is a conversation: the order that was drawn
for the first turn stays. Else it is drawn for every turn, and whenever one is drawn again.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import SystemRandom

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from labeler import clock, said, schema
from labeler.arena import admission, conversations, exchanges, histories, pairs
from labeler.arena.conversations import Conversation
from labeler.arena.exchanges import Both, Standing
from labeler.arena.histories import Past
from labeler.arena.rules import GoesOn, Vote
from labeler.endpoints import calls
from labeler.endpoints.calls import Call
from labeler.errors import Conflict, Forbidden, Invalid, NotFound
from labeler.people.accounts import Person
from labeler.said import Said
from labeler.schema import Base, BigInt, Id, reference
from labeler.work import answers
from labeler.work.projects import Project
from labeler.work.rows import EMPTY, is_blank

LONGEST = 10_000
"""How many characters a message has at most."""
MOST_DRAWS = 5
"""How often a turn is answered at most."""
FORGOTTEN = timedelta(days=1)
"""After so long nothing is kept back of a budget for a vote that has not come."""
IS_CURRENT = sa.text("superseded_at IS NULL")
TOO_LONG = said.say("This is too long: %(most)s characters at most.", most=LONGEST)
ENDED = said.say("This conversation has ended.")
LAST_TURN = said.say("This was the last message of the conversation. You can end it now.")
VOTE_FIRST = said.say("Please say first which answer is better.")
GONE = said.say("One of the two models can no longer be asked. Please end this conversation.")
OTHER_MESSAGE = said.say("This key was used for another message.")
VOTED = said.say("You have said which of these answers is better, so they stay.")
ENOUGH_DRAWS = said.say("These answers were written as often as may be.")
NOT_THE_LAST = said.say("The conversation has gone on since.")
_random = SystemRandom()


class Turn(Base):
    """One message and two calls. `places` says which response stands at A, B."""

    __tablename__ = "turns"
    __table_args__ = (
        sa.UniqueConstraint("conversation_id", "number", "draw"),
        sa.Index(
            "uq_turns_current",
            "conversation_id",
            "number",
            unique=True,
            sqlite_where=IS_CURRENT,
            postgresql_where=IS_CURRENT,
        ),
    )

    id: Mapped[Id]
    conversation_id: Mapped[int] = reference("conversations.id")
    number: Mapped[int]
    """Counted from 1."""
    draw: Mapped[int]
    """Counted from 1: a turn that is drawn again has a row for each draw."""
    key: Mapped[str | None] = mapped_column(unique=True)
    """The idempotency key of the message; None of what was drawn again."""
    text: Mapped[str]
    first_call_id: Mapped[int] = reference("calls.id")
    """Response number 0: the call of the conversation's first endpoint."""
    second_call_id: Mapped[int] = reference("calls.id")
    places: Mapped[list[int]]
    guideline_number: Mapped[int]
    rubric_number: Mapped[int]
    pay_minor: Mapped[BigInt]
    currency: Mapped[str]
    rate_id: Mapped[int | None] = reference("rates.id")
    created_at: Mapped[datetime]
    superseded_at: Mapped[datetime | None]
    """When another draw took its place, or the conversation ended without it."""
    goes_on: Mapped[int | None]
    """The number of the response that the conversation goes on from, where it is one for both."""
    is_lot: Mapped[bool] = mapped_column(default=False)
    """Whether the server drew that one, as neither was better."""
    assignment_id: Mapped[int | None] = reference("assignments.id", unique=True)
    """Once the person has voted: where it is kept."""

    @property
    def call_ids(self) -> tuple[int, int]:
        """The calls for the responses number 0 and 1."""
        return self.first_call_id, self.second_call_id


def say(session: Session, conversation: Conversation, text: str, *, key: str, by: Person) -> Turn:
    """Write a message, which both models are asked to answer; the same key is the same message.

    Raises Invalid for a text that is blank or too long; Conflict after the end or the last turn,
    while the turn before waits for its answers or its vote, and as `begin` does.
    """
    key, text = answers.read_key(key), _read(text)
    conversation = conversations.hold(session, conversation.id, by=by)
    if repeated := session.scalar(sa.select(Turn).where(Turn.key == key)):
        return _repeated(repeated, conversation, text)
    before = current(session, conversation)
    both = exchanges.find(session, (turn.call_ids for turn in before))
    if why := hindrance(conversation, before, both):
        raise Conflict(why)
    project = session.get_one(Project, conversation.project_id)
    promise = admission.require(session, project, by)
    admission.require_room(session, project, promise, in_chats=promised(session, project.id))
    _go_on(conversation, before, both)
    turn = Turn(conversation_id=conversation.id, number=len(before) + 1, draw=1, key=key, text=text)
    turn.places = _places(conversation, before)
    turn.guideline_number, turn.rubric_number = project.guideline_number, project.rubric_number
    turn.pay_minor, turn.currency, turn.rate_id = (
        *(promise.pay_minor, promise.currency),
        promise.rate_id,
    )
    return _ask(session, conversation, turn, past(before, both))


def draw_again(session: Session, turn: Turn, *, by: Person) -> Turn:
    """Ask both models again; the answers so far stay on record. Doing it again is no error.

    Raises Conflict while they are writing, after the vote or the end, and beyond `MOST_DRAWS`.
    """
    conversation = conversations.hold(session, turn.conversation_id, by=by)
    session.refresh(turn)
    turns = current(session, conversation)
    if turn.superseded_at is not None and turn.number <= len(turns):
        return turns[turn.number - 1]
    both = exchanges.find(session, (each.call_ids for each in turns))
    if why := draw_hindrance(conversation, turns, both, turn):
        raise Conflict(why)
    again = Turn(
        **{name: getattr(turn, name) for name in _KEPT},
        draw=turn.draw + 1,
        places=_places(conversation, turns[:-1] or turns),
    )
    turn.superseded_at = clock.now()
    session.flush()
    return _ask(session, conversation, again, past(turns[:-1], both[:-1]))


def find(session: Session, turn_id: int, *, by: Person) -> Turn:
    """Return a turn of the person's own conversation; raises NotFound."""
    mine = sa.select(Turn).join(Conversation, Conversation.id == Turn.conversation_id)
    found = session.scalar(mine.where(Turn.id == turn_id, Conversation.person_id == by.id))
    if found is None:
        raise NotFound("There is no such message.")
    return found


def current(session: Session, conversation: Conversation) -> Sequence[Turn]:
    """Return the turns of a conversation in order, each as it was drawn last."""
    mine = sa.select(Turn).where(Turn.conversation_id == conversation.id, IS_CURRENT)
    ordered = mine.order_by(Turn.number).execution_options(populate_existing=True)
    return session.scalars(ordered).all()


def hindrance(
    conversation: Conversation, turns: Sequence[Turn], both: Sequence[Both]
) -> Said | None:
    """Say why there can be no next message now; None if there can."""
    if conversation.ended_at is not None:
        return ENDED
    if not turns:
        return None
    last, answered = turns[-1], both[-1]
    if answered.standing is not Standing.ready:
        return answered.hindrance
    is_own = conversation.goes_on is GoesOn.own
    if not answered.usable or (is_own and not answered.is_whole):
        return answered.hindrance
    waits = conversation.vote is Vote.turn and last.assignment_id is None
    if waits and answered.hindrance is None:
        return VOTE_FIRST
    return LAST_TURN if len(turns) >= conversation.most_turns else None


def draw_hindrance(
    conversation: Conversation, turns: Sequence[Turn], both: Sequence[Both], turn: Turn
) -> Said | None:
    """Say why both answers to a message cannot be written again; None if they can."""
    if conversation.ended_at is not None:
        return ENDED
    if not turns or turn.id != turns[-1].id:
        return NOT_THE_LAST
    if turn.assignment_id is not None:
        return VOTED
    if both[-1].standing is Standing.writing:
        return exchanges.WRITING
    return ENOUGH_DRAWS if turn.draw >= MOST_DRAWS else None


def past(turns: Sequence[Turn], both: Sequence[Both]) -> list[Past]:
    """Return turns as what was said in them."""
    return [
        Past(turn.text, answered.texts, turn.goes_on)
        for turn, answered in zip(turns, both, strict=True)
    ]


def draw_lot(turn: Turn, usable: Sequence[int]) -> None:
    """Draw from which of these answers the conversation goes on, and write down that it was so."""
    turn.goes_on, turn.is_lot = _random.choice(usable), True


def promised(session: Session, project_id: int) -> int:
    """Return what votes in a project's chats will earn that are under way, in minor units."""
    query = (
        sa.select(sa.func.coalesce(sa.func.sum(Turn.pay_minor), 0))
        .join(Conversation, Conversation.id == Turn.conversation_id)
        .where(Conversation.project_id == project_id, Conversation.ended_at.is_(None))
        .where(IS_CURRENT, Turn.assignment_id.is_(None))
        .where(sa.or_(Conversation.vote == Vote.turn, Turn.number == 1))
        .where(Turn.created_at > clock.now() - FORGOTTEN)
    )
    return int(session.scalar(query) or 0)


_KEPT = (
    *("conversation_id", "number", "text", "guideline_number", "rubric_number"),
    *("pay_minor", "currency", "rate_id"),
)
"""What a turn that is drawn again has of the one before."""


def _read(text: str) -> str:
    text = text.replace("\r\n", "\n").strip()
    if is_blank(text):
        raise Invalid(EMPTY, fields={"text": EMPTY})
    if len(text) > LONGEST:
        raise Invalid(TOO_LONG, fields={"text": TOO_LONG})
    if not schema.is_storable(text):
        fault = said.say("The text holds a character that cannot be stored.")
        raise Invalid(fault, fields={"text": fault})
    return text


def _repeated(turn: Turn, conversation: Conversation, text: str) -> Turn:
    if turn.conversation_id != conversation.id or turn.text != text:
        raise Conflict(OTHER_MESSAGE)
    return turn


def _go_on(conversation: Conversation, turns: Sequence[Turn], both: Sequence[Both]) -> None:
    """Draw what to go on from where nothing could be said of the last answers."""
    if turns and conversation.goes_on is GoesOn.better and turns[-1].goes_on is None:
        draw_lot(turns[-1], both[-1].usable)


def _places(conversation: Conversation, before: Sequence[Turn]) -> list[int]:
    if before and conversation.goes_on is GoesOn.own:
        return list(before[0].places)
    return pairs.places()


def _ask(session: Session, conversation: Conversation, turn: Turn, before: Sequence[Past]) -> Turn:
    """Have both models answer, and keep the turn."""
    turn.created_at = clock.now()
    first, second = (_call(session, conversation, turn, number, before) for number in (0, 1))
    turn.first_call_id, turn.second_call_id = first.id, second.id
    session.add(turn)
    session.flush()
    return turn


def _call(
    session: Session, conversation: Conversation, turn: Turn, number: int, before: Sequence[Past]
) -> Call:
    try:
        return calls.ask(
            session,
            conversations.endpoints(session, conversation)[number],
            histories.read_by(number, before, turn.text),
            project_id=conversation.project_id,
            kin=conversation.kin,
            key=f"{conversation.kin}:{turn.number}:{turn.draw}:{number}",
            priority=calls.CHAT,
        )
    except (Conflict, Forbidden):  # whose words would name the model
        raise Conflict(GONE) from None
