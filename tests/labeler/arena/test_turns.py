"""Turns: a message asks both models, both answers come at once, and their order is drawn."""

from collections import Counter

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler.arena import conversations, endings, exchanges, looks, turns
from labeler.arena.looks import Standing
from labeler.endpoints import calls
from labeler.endpoints.calls import CallState
from labeler.errors import Conflict, Invalid, NotFound
from tests.cast import Cast
from tests.chats import calls_of
from tests.labeler.arena.talks import (
    answer,
    begin,
    make_chat,
    make_endpoint,
    refuse,
    set_rules,
    vote,
    write,
)
from tests.make import new_key


def test_a_message_asks_both_models_first_of_all(session: Session, cast: Cast) -> None:
    chat = begin(session, make_chat(session, cast), cast.ada)
    turn = turns.say(session, chat, "  Hello,\r\nyou two.\n", key=new_key(), by=cast.ada)
    asked = calls_of(session, chat.kin)
    assert [each.id for each in asked] == list(turn.call_ids)
    assert [each.endpoint_id for each in asked] == [chat.first_id, chat.second_id]
    assert {each.priority for each in asked} == {calls.CHAT}
    assert all(each.messages == [{"role": "user", "content": "Hello,\nyou two."}] for each in asked)


@pytest.mark.parametrize("text", ["", " \n", "\u200b", "x" * (turns.LONGEST + 1), "a\x00b"])
def test_what_is_no_message_is_refused(session: Session, cast: Cast, text: str) -> None:
    chat = begin(session, make_chat(session, cast), cast.ada)
    with pytest.raises(Invalid) as refusal:
        turns.say(session, chat, text, key=new_key(), by=cast.ada)
    assert list(refusal.value.fields) == ["text"]
    assert calls_of(session, chat.kin) == []


def test_the_same_key_is_the_same_message(session: Session, cast: Cast) -> None:
    project = make_chat(session, cast)
    chat, key = begin(session, project, cast.ada), new_key()
    turn = turns.say(session, chat, "Hello", key=key, by=cast.ada)
    assert turns.say(session, chat, "Hello\n", key=key, by=cast.ada) is turn
    with pytest.raises(Conflict, match="key"):
        turns.say(session, chat, "Good-bye", key=key, by=cast.ada)
    with pytest.raises(Conflict, match="key"):
        turns.say(session, begin(session, project, cast.bea), "Hello", key=key, by=cast.bea)
    with pytest.raises(Invalid):
        turns.say(session, chat, "Hello", key="one", by=cast.ada)
    with pytest.raises(Conflict, match="still writing"):
        turns.say(session, chat, "Hello", key=new_key(), by=cast.ada)
    with pytest.raises(NotFound):
        turns.say(session, chat, "Hello", key=new_key(), by=cast.bea)
    answer(session)
    endings.end(session, chat, by=cast.ada)
    assert turns.say(session, chat, "Hello", key=key, by=cast.ada) is turn
    assert len(calls_of(session, chat.kin)) == 2


def test_both_answers_come_at_the_same_moment(session: Session, cast: Cast) -> None:
    chat = begin(session, make_chat(session, cast), cast.ada)
    turns.say(session, chat, "Hello", key=new_key(), by=cast.ada)
    before = looks.look(session, chat)
    answer(session, most=1)
    assert looks.look(session, chat) == before
    (exchange,) = before.exchanges
    assert (exchange.standing, exchange.answers) == (Standing.writing, ())
    assert not (before.may_say or before.may_draw_again or before.votes_on)
    answer(session, lambda _taken: "Good morning.")
    (exchange,) = looks.look(session, chat).exchanges
    assert exchange.standing is Standing.ready
    assert sorted(exchange.answers)[0] == "Good morning."


def test_the_order_is_drawn_for_every_turn_and_stays(session: Session, cast: Cast) -> None:
    project = make_chat(session, cast)
    drawn: list[tuple[int, ...]] = []
    while len(set(drawn)) < 2 and len(drawn) < 30:  # by chance one in a billion is not enough
        chat = begin(session, project, cast.ada)
        turn = turns.say(session, chat, "Hello", key=new_key(), by=cast.ada)
        drawn.append(tuple(turn.places))
        places = drawn[-1]
        if len(set(drawn)) == 2:
            answer(session)
        endings.end(session, chat, by=cast.ada)
    assert sorted(set(drawn)) == [(0, 1), (1, 0)]
    first, second = (session.get_one(calls.Call, each).text for each in turn.call_ids)
    (shown,) = looks.look(session, chat).exchanges
    assert shown.answers == tuple((first, second)[place] for place in places)


def test_the_better_answer_is_gone_on_from(session: Session, cast: Cast) -> None:
    chat = begin(session, make_chat(session, cast), cast.ada)
    turn = write(session, chat, "Hello", cast.ada)
    better = looks.look(session, chat).exchanges[0].answers[1]
    with pytest.raises(Conflict, match="which answer is better"):
        turns.say(session, chat, "And?", key=new_key(), by=cast.ada)
    vote(session, turn, 7, cast.ada)
    assert (turn.goes_on, turn.is_lot) == (turn.places[1], False)
    assert looks.look(session, chat).exchanges[0].goes_on == 1
    again = turns.say(session, chat, "And?", key=new_key(), by=cast.ada)
    said = [
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": better},
        {"role": "user", "content": "And?"},
    ]
    assert [session.get_one(calls.Call, each).messages for each in again.call_ids] == [said, said]


@pytest.mark.parametrize("choice", ["tie", "both_bad"])
def test_where_neither_is_better_the_lot_says_from_which(
    session: Session, cast: Cast, choice: str
) -> None:
    chat = begin(session, make_chat(session, cast), cast.ada)
    turn = write(session, chat, "Hello", cast.ada)
    vote(session, turn, choice, cast.ada)
    assert (turn.goes_on in (0, 1), turn.is_lot) == (True, True)


def test_each_model_goes_on_from_its_own(session: Session, cast: Cast) -> None:
    chat = begin(session, make_chat(session, cast, goes_on="own"), cast.ada)
    first = write(session, chat, "Hello", cast.ada)
    vote(session, first, 1, cast.ada)
    second = write(session, chat, "And?", cast.ada)
    assert second.places == first.places  # a place is a conversation
    assert first.goes_on is None
    for place, call_id in zip((0, 1), second.call_ids, strict=True):
        name = conversations.endpoints(session, chat)[place].name
        assert session.get_one(calls.Call, call_id).messages[1]["content"] == f"{name}: Hello (1)"


def test_answers_are_drawn_again_and_stay_on_record(session: Session, cast: Cast) -> None:
    chat = begin(session, make_chat(session, cast), cast.ada)
    turn = write(session, chat, "Hello", cast.ada)
    again = turns.draw_again(session, turn, by=cast.ada)
    assert turns.draw_again(session, turn, by=cast.ada) is again
    assert (again.number, again.draw, again.text) == (1, 2, "Hello")
    with pytest.raises(Conflict, match="still writing"):
        turns.draw_again(session, again, by=cast.ada)
    answer(session, lambda taken: f"{taken.line} once more")
    (shown,) = looks.look(session, chat).exchanges
    assert all(text.endswith("once more") for text in shown.answers)
    texts = [each.text for each in calls_of(session, chat.kin)]
    assert texts[:2] == [f"{each}: Hello (1)" for each in _names(session, chat)]
    with pytest.raises(Conflict, match="written again"):
        vote(session, turn, 1, cast.ada)
    vote(session, again, 1, cast.ada)
    with pytest.raises(Conflict, match="so they stay"):
        turns.draw_again(session, again, by=cast.ada)


def _names(session: Session, chat: conversations.Conversation) -> list[str]:
    return [endpoint.name for endpoint in conversations.endpoints(session, chat)]


def test_nobody_draws_without_end(session: Session, cast: Cast) -> None:
    chat = begin(session, make_chat(session, cast), cast.ada)
    turn = write(session, chat, "Hello", cast.ada)
    for _ in range(turns.MOST_DRAWS - 1):
        turn = turns.draw_again(session, turn, by=cast.ada)
        answer(session)
    assert not looks.look(session, chat).may_draw_again
    with pytest.raises(Conflict, match="as often as may be"):
        turns.draw_again(session, turn, by=cast.ada)


def test_what_failed_is_drawn_again(session: Session, cast: Cast) -> None:
    chat = begin(session, make_chat(session, cast), cast.ada)
    turn = turns.say(session, chat, "Hello", key=new_key(), by=cast.ada)
    refuse(session)
    (shown,) = looks.look(session, chat).exchanges
    assert shown.standing is Standing.writing  # else it would tell which of the two is done
    answer(session)
    found = looks.look(session, chat)
    (shown,) = found.exchanges
    assert (shown.standing, shown.answers) == (Standing.failed, ())
    assert (shown.hindrance, found.hindrance) == (exchanges.FAILED, exchanges.FAILED)
    assert (found.may_say, found.may_draw_again, found.votes_on) == (False, True, None)
    with pytest.raises(Conflict, match="could not be written"):
        vote(session, turn, 1, cast.ada)
    again = turns.draw_again(session, turn, by=cast.ada)
    answer(session)
    assert looks.look(session, chat).votes_on is again


@pytest.mark.parametrize(
    ("text", "finish_reason", "words"),
    [
        ("The same.", "stop", exchanges.SAME),
        ("Broken", "length", exchanges.INCOMPLETE),
        ("Broken", "content_filter", exchanges.INCOMPLETE),
        (" ", "stop", exchanges.EMPTY),
    ],
)
def test_what_cannot_be_compared_says_why(
    session: Session, cast: Cast, text: str, finish_reason: str, words: str
) -> None:
    chat = begin(session, make_chat(session, cast), cast.ada)
    turn = turns.say(session, chat, "Hello", key=new_key(), by=cast.ada)
    if words is exchanges.SAME:
        answer(session, lambda taken: text + "\n" * (taken.line == "one"))
    else:
        answer(session, lambda _taken: text, most=1, finish_reason=finish_reason)
        answer(session)
    with pytest.raises(Conflict) as refusal:
        vote(session, turn, 1, cast.ada)
    assert refusal.value.message == words
    found = looks.look(session, chat)
    assert (found.exchanges[0].hindrance, found.votes_on) == (words, None)
    assert found.may_say and found.may_draw_again
    turns.say(session, chat, "And?", key=new_key(), by=cast.ada)
    assert turn.is_lot
    asked = [session.get_one(calls.Call, each) for each in turn.call_ids]
    went = asked[turn.goes_on or 0]
    assert went.is_complete and (went.text or "").strip()


def test_nothing_is_gone_on_from_that_nobody_can_read(session: Session, cast: Cast) -> None:
    project = make_chat(session, cast)
    chat = begin(session, project, cast.ada)
    write(session, chat, "Hello", cast.ada)
    endings.end(session, chat, by=cast.ada)
    set_rules(session, project, cast, goes_on="own")
    for says, most in ((lambda _taken: "", 2), (lambda _taken: "", 1)):
        own = begin(session, project, cast.ada)
        turns.say(session, own, "Hello", key=new_key(), by=cast.ada)
        answer(session, says, most=most)
        answer(session)
        with pytest.raises(Conflict, match="empty"):
            turns.say(session, own, "And?", key=new_key(), by=cast.ada)
        endings.end(session, own, by=cast.ada)


def test_there_is_a_last_message(session: Session, cast: Cast) -> None:
    chat = begin(session, make_chat(session, cast, most_turns=2), cast.ada)
    for text in ("Hello", "And?"):
        vote(session, write(session, chat, text, cast.ada), 1, cast.ada)
    found = looks.look(session, chat)
    assert (found.may_say, found.hindrance) == (False, turns.LAST_TURN)
    with pytest.raises(Conflict, match="last message"):
        write(session, chat, "And then?", cast.ada)


def test_a_conversation_keeps_its_models_and_its_rules(session: Session, cast: Cast) -> None:
    project = make_chat(session, cast)
    chat = begin(session, project, cast.ada)
    make_endpoint(session, "three")
    make_endpoint(session, "four")
    set_rules(session, project, cast, endpoints=["three", "four"], goes_on="own", most_turns=1)
    vote(session, write(session, chat, "Hello", cast.ada), 1, cast.ada)
    write(session, chat, "And?", cast.ada)
    lines = {each.line for each in calls_of(session, chat.kin)}
    assert lines == {"one", "two"}


def test_what_was_under_way_at_the_end_is_left_out(session: Session, cast: Cast) -> None:
    chat = begin(session, make_chat(session, cast), cast.ada)
    vote(session, write(session, chat, "Hello", cast.ada), 1, cast.ada)
    turns.say(session, chat, "And?", key=new_key(), by=cast.ada)
    endings.end(session, chat, by=cast.ada)
    endings.end(session, chat, by=cast.ada)
    states = sa.select(calls.Call.state).where(calls.Call.kin == chat.kin)
    assert Counter(session.scalars(states)) == {CallState.done: 2, CallState.cancelled: 2}
    assert answer(session) == 0
    assert [each.turn.text for each in looks.look(session, chat).exchanges] == ["Hello"]
    with pytest.raises(Conflict, match="ended"):
        turns.say(session, chat, "Wait", key=new_key(), by=cast.ada)
