"""Votes: what a person says of the answers in their chat becomes a judgment like any other.

The comparison, the assignment with its places as they were shown, and the judgment are made in one
transaction: pay, quality and releases work as for all other judgments.
"""

import secrets
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from labeler.arena import conversations, exchanges, histories, rules, turns
from labeler.arena.conversations import Conversation
from labeler.arena.exchanges import Both
from labeler.arena.rules import ChatRules, GoesOn, Vote
from labeler.arena.turns import Turn
from labeler.endpoints import calls
from labeler.errors import Conflict
from labeler.people.accounts import Person
from labeler.said import Said, say
from labeler.work import additions, answers, judgments, rubrics
from labeler.work.additions import Collection
from labeler.work.assignments import Assignment, AssignmentState
from labeler.work.judgments import Receipt
from labeler.work.layouts import Message, ResponseIn, Row
from labeler.work.projects import Project
from labeler.work.questions.seen import Seen
from labeler.work.rubrics import Answer, Rubric

REVEALED = say("You have seen which models answered, so nothing more can be said of the answers.")
DRAWN_AGAIN = say("These answers were written again meanwhile. Please look at the new ones.")
NOT_YET = say("Please end the conversation first: then you compare the two as a whole.")
SAME_TALKS = say("Both conversations are the same, so there is nothing to compare.")


def rubric_of(session: Session, turn: Turn) -> Rubric:
    """Return the form by which a turn is judged."""
    conversation = session.get_one(Conversation, turn.conversation_id)
    return rubrics.version(session, conversation.project_id, turn.rubric_number)


def read_form(session: Session, turn: Turn, fields: Mapping[str, str]) -> Answer:
    """Read a filled-in form about the answers of a turn, as they stand there; raises Invalid."""
    return rubrics.read_form(rubric_of(session, turn), fields, _seen(session, turn))


def read(session: Session, turn: Turn, given: Mapping[str, Any]) -> Answer:
    """Read what was said by kind of question; raises Invalid."""
    return rubrics.read(rubric_of(session, turn), given, _seen(session, turn))


def vote(
    session: Session, turn: Turn, answer: Answer, *, key: str, by: Person, active_ms: int = 0
) -> Receipt:
    """Keep what the person says of a turn's answers, or of both conversations; pay it.

    The same key with the same answer is the same vote. Raises Conflict for answers that are not
    there yet, cannot be compared, were voted on before, or whose models were named.
    """
    key = answers.read_key(key)
    conversation = conversations.hold(session, turn.conversation_id, by=by)
    session.refresh(turn)
    if turn.assignment_id is not None:
        before = session.get_one(Assignment, turn.assignment_id)
        return judgments.submit(session, before, answer, by=by, key=key)
    found = turns.current(session, conversation)
    both = exchanges.find(session, (each.call_ids for each in found))
    if why := hindrance(conversation, found, both, turn):
        raise Conflict(why)
    comparison_id = _compare(session, conversation, found, both)
    assignment = _assign(session, conversation, turn, both[-1], comparison_id)
    receipt = judgments.submit(session, assignment, answer, by=by, key=key, active_ms=active_ms)
    turn.assignment_id = assignment.id
    _go_on(conversation, turn, answer)
    session.flush()
    return receipt


def hindrance(
    conversation: Conversation, found: Sequence[Turn], both: Sequence[Both], turn: Turn
) -> Said | None:
    """Say why there can be no vote on this turn now; None if there can."""
    if conversation.revealed_at is not None:
        return REVEALED
    if not found or turn.id != found[-1].id:
        return DRAWN_AGAIN
    if turn.assignment_id is not None:
        return turns.VOTED
    if conversation.vote is Vote.turn:
        return both[-1].hindrance
    if conversation.ended_at is None:
        return NOT_YET
    if len(found) == 1:
        return both[0].hindrance
    alike = all(one.strip() == other.strip() for one, other in (each.texts for each in both))
    return SAME_TALKS if alike else None


def texts(
    conversation: Conversation, found: Sequence[Turn], both: Sequence[Both]
) -> tuple[str, str]:
    """Return what is compared, by number: the last answers, or two conversations as texts."""
    if not _are_talks(conversation, found):
        return both[-1].texts
    said = turns.past(found, both)
    one, other = (histories.written(histories.transcript(n, said)) for n in (0, 1))
    return one, other


def _are_talks(conversation: Conversation, found: Sequence[Turn]) -> bool:
    """Say whether what is compared is more than one answer to the same messages."""
    return conversation.goes_on is GoesOn.own and len(found) > 1


def _seen(session: Session, turn: Turn) -> Seen:
    conversation = session.get_one(Conversation, turn.conversation_id)
    found = turns.current(session, conversation)
    both = exchanges.find(session, (each.call_ids for each in found))
    return Seen(turn.places, texts(conversation, found, both) if found else ())


def _compare(
    session: Session, conversation: Conversation, found: Sequence[Turn], both: Sequence[Both]
) -> int:
    """Make the comparison, in the batch of the project's chats; return its id."""
    are_talks, last = _are_talks(conversation, found), found[-1]
    said = turns.past(found, both)
    prompt = histories.read_by(0, said[:-1], last.text)
    row = Row(
        line=0,
        id=f"chat-{secrets.token_hex(8)}",
        messages=tuple(
            Message.model_validate(each) for each in (prompt[:1] if are_talks else prompt)
        ),
        language=conversation.language,
        responses=_responses(session, conversation, found, both),
        gold=None,
        metadata={"conversation": conversation.id, "turn": last.number, "transcripts": are_talks},
    )
    project = session.get_one(Project, conversation.project_id)
    ruler = session.get_one(Person, session.get_one(ChatRules, project.id).set_by)
    wanted = 1 + conversation.further
    return additions.add(session, project, row, to=Collection.chats, by=ruler, wanted=wanted)


def _responses(
    session: Session, conversation: Conversation, found: Sequence[Turn], both: Sequence[Both]
) -> tuple[ResponseIn, ...]:
    """Return what is compared, each with where it comes from."""
    said, compared = turns.past(found, both), texts(conversation, found, both)
    names = rules.model_names(session, session.get_one(ChatRules, conversation.project_id))
    made = []
    for number, endpoint in enumerate(conversations.endpoints(session, conversation)):
        origin = calls.provenance(both[-1].calls[number], endpoint)
        if _are_talks(conversation, found):
            origin |= {"transcript": histories.transcript(number, said)}
        model = names.get(endpoint.name, endpoint.written.model)[:200]
        made.append(ResponseIn(**origin | {"text": compared[number], "model": model}))
    return tuple(made)


def _assign(
    session: Session, conversation: Conversation, turn: Turn, both: Both, comparison_id: int
) -> Assignment:
    """Write down what was shown, and what was promised for it.

    It begins as one whose slot is free again: so it takes its slot when it is judged, and stands in
    the way of nothing that its person has open.
    """
    shown_at = conversation.ended_at if conversation.vote is Vote.end else both.ready_at
    assert shown_at is not None
    project = session.get_one(Project, conversation.project_id)
    assignment = Assignment(
        project_id=project.id,
        comparison_id=comparison_id,
        person_id=conversation.person_id,
        state=AssignmentState.expired,
        places=list(turn.places),
        guideline_number=turn.guideline_number,
        rubric_number=turn.rubric_number,
        pay_minor=turn.pay_minor,
        currency=turn.currency,
        rate_id=turn.rate_id,
        opened_at=shown_at,
        deadline=shown_at + timedelta(seconds=project.time_limit_s),
    )
    session.add(assignment)
    session.flush()
    return assignment


def _go_on(conversation: Conversation, turn: Turn, answer: Answer) -> None:
    """Go on from the better answer; of two that are alike, or both bad, the lot says which."""
    if conversation.goes_on is not GoesOn.better:
        return
    if answer.preferred is None:
        turns.draw_lot(turn, (0, 1))
    else:
        turn.goes_on = answer.preferred
