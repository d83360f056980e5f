"""Votes: what is said in a chat is a judgment like any other, of what was shown and as it stood."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler import audit
from labeler.arena import conversations, endings, exchanges, looks, turns, votes
from labeler.arena.conversations import Conversation
from labeler.errors import Conflict, Invalid, NotFound
from labeler.pay import ledger
from labeler.work import assignments, comparisons, judgments, projects, queue
from labeler.work.assignments import Assignment, AssignmentState
from labeler.work.batches import Batch
from labeler.work.comparisons import Comparison, Prompt
from labeler.work.judgments import Judgment
from labeler.work.projects import ProjectState
from labeler.work.rubrics import Verdict
from tests.cast import Cast
from tests.conftest import StoppedClock
from tests.labeler.arena.talks import answer, begin, make_chat, set_rules, vote, write
from tests.make import make_batch, new_key


def comparison_of(session: Session, judgment: Judgment) -> tuple[Comparison, Prompt]:
    comparison = session.get_one(Comparison, judgment.comparison_id)
    return comparison, session.get_one(Prompt, comparison.prompt_id)


def test_a_vote_is_a_judgment_of_what_was_shown(
    session: Session, cast: Cast, frozen: StoppedClock
) -> None:
    project = make_chat(session, cast)
    chat = begin(session, project, cast.ada, "de")
    turn = turns.say(session, chat, "Hallo", key=new_key(), by=cast.ada)
    frozen.forward(seconds=5)
    answer(session)
    frozen.forward(seconds=40)
    shown = looks.look(session, chat).exchanges[0]
    judgment = vote(session, turn, 6, cast.ada)
    comparison, prompt = comparison_of(session, judgment)
    assert prompt.messages == [{"role": "user", "content": "Hallo"}]
    assert (comparison.language, comparison.wanted, comparison.judged) == ("de", 1, 1)
    responses = comparisons.responses(session, comparison.id)
    assert tuple(responses[place].text for place in turn.places) == shown.answers
    models = [each.written.model for each in conversations.endpoints(session, chat)]
    assert [each.model for each in responses] == models
    assert [each.provenance["model_requested"] for each in responses] == models
    assert responses[judgment.preferred or 0].text == shown.answers[1]
    assignment = session.get_one(Assignment, judgment.assignment_id)
    assert (assignment.places, assignment.state) == (turn.places, AssignmentState.judged)
    assert assignment.opened_at == shown.ready_at == frozen.time - timedelta(seconds=40)
    assert judgment.duration_ms == 40_000
    assert ledger.earned(session, person_id=cast.ada.id) == {"EUR": 35}
    assert session.get_one(Batch, comparison.batch_id).name == "Chats"


def test_what_a_chat_leaves_adds_up(session: Session, cast: Cast) -> None:
    project = make_chat(session, cast, further=1)
    chat = begin(session, project, cast.ada)
    vote(session, write(session, chat, "Hello", cast.ada), 1, cast.ada)
    vote(session, write(session, chat, "And?", cast.ada), "both_bad", cast.ada)
    session.flush()
    assert list(audit.faults(session)) == []


def test_the_conversation_so_far_is_the_prompt(session: Session, cast: Cast) -> None:
    chat = begin(session, make_chat(session, cast), cast.ada)
    vote(session, write(session, chat, "Hello", cast.ada), 1, cast.ada)
    went_on = looks.look(session, chat).exchanges[0].answers[0]
    turn = write(session, chat, "And?", cast.ada)
    _, prompt = comparison_of(session, vote(session, turn, 1, cast.ada))
    assert prompt.messages == [
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": went_on},
        {"role": "user", "content": "And?"},
    ]


def test_the_same_key_is_the_same_vote(session: Session, cast: Cast) -> None:
    chat = begin(session, make_chat(session, cast), cast.ada)
    turn, key = write(session, chat, "Hello", cast.ada), new_key()
    said = votes.read(session, turn, {"pairwise": 1})
    first = votes.vote(session, turn, said, key=key, by=cast.ada)
    again = votes.vote(session, turn, said, key=key, by=cast.ada)
    assert (first.repeated, again.repeated) == (False, True)
    assert again.judgment is first.judgment
    other = votes.read(session, turn, {"pairwise": 7})
    with pytest.raises(Conflict, match="key"):
        votes.vote(session, turn, other, key=key, by=cast.ada)
    with pytest.raises(Conflict, match="already judged"):
        votes.vote(session, turn, said, key=new_key(), by=cast.ada)
    with pytest.raises(NotFound):
        votes.vote(session, turn, said, key=new_key(), by=cast.bea)
    with pytest.raises(Invalid):
        votes.vote(session, turn, said, key="one", by=cast.ada)
    assert session.scalar(sa.select(sa.func.count(Judgment.id))) == 1
    assert ledger.earned(session, person_id=cast.ada.id) == {"EUR": 35}


def test_there_is_no_vote_before_both_are_there(session: Session, cast: Cast) -> None:
    chat = begin(session, make_chat(session, cast), cast.ada)
    turn = turns.say(session, chat, "Hello", key=new_key(), by=cast.ada)
    answer(session, most=1)
    with pytest.raises(Conflict, match="still writing"):
        vote(session, turn, 1, cast.ada)
    assert session.scalar(sa.select(sa.func.count(Comparison.id))) == 0


def test_a_form_is_read_as_it_was_when_it_was_asked(session: Session, cast: Cast) -> None:
    project = make_chat(session, cast)
    chat = begin(session, project, cast.ada)
    turn = write(session, chat, "Hello", cast.ada)
    from labeler.work import drafts

    projects.ask(session, project, drafts.read_rubric({"steps": 2, "tie": False}), by=cast.olga)
    given = votes.read_form(session, turn, {"choice": "7", "reason": "Warmer."})
    judgment = votes.vote(session, turn, given, key=new_key(), by=cast.ada).judgment
    assert (judgment.rubric_number, judgment.step, judgment.reason) == (1, 7, "Warmer.")


def test_what_somebody_holds_is_not_in_the_way(session: Session, cast: Cast) -> None:
    project = make_chat(session, cast)
    make_batch(session, project, cast)
    held = queue.claim(session, project, by=cast.ada)
    chat = begin(session, project, cast.ada)
    vote(session, write(session, chat, "Hello", cast.ada), 1, cast.ada)
    assert assignments.open_of(session, project, cast.ada) is held


def test_others_are_given_the_frozen_pair_and_its_author_is_not(
    session: Session, cast: Cast
) -> None:
    project = make_chat(session, cast, further=1)
    chat = begin(session, project, cast.ada)
    judgment = vote(session, write(session, chat, "Hello", cast.ada), 1, cast.ada)
    assert queue.claim(session, project, by=cast.ada) is None
    given = queue.claim(session, project, by=cast.bea)
    assert given is not None and given.comparison_id == judgment.comparison_id
    assert queue.claim(session, project, by=cast.rex) is None
    set_rules(session, project, cast, further=0)
    endings.end(session, chat, by=cast.ada)
    alone = begin(session, project, cast.ada)
    vote(session, write(session, alone, "Hi", cast.ada), 1, cast.ada)
    assert queue.claim(session, project, by=cast.rex) is None


def test_what_was_begun_can_be_voted_on_in_a_project_that_closed(
    session: Session, cast: Cast
) -> None:
    project = make_chat(session, cast)
    chat = begin(session, project, cast.ada)
    turn = write(session, chat, "Hello", cast.ada)
    projects.move(session, project, ProjectState.closed, by=cast.olga)
    assert vote(session, turn, 1, cast.ada).counts
    with pytest.raises(Conflict, match="closed"):
        write(session, chat, "And?", cast.ada)


def test_both_bad_is_a_vote(session: Session, cast: Cast) -> None:
    chat = begin(session, make_chat(session, cast), cast.ada)
    judgment = vote(session, write(session, chat, "Hello", cast.ada), "both_bad", cast.ada)
    assert (judgment.verdict, judgment.preferred) == (Verdict.both_bad, None)


# Votes on whole conversations


def talk(session: Session, cast: Cast, *texts: str, **draft: str) -> Conversation:
    """Chat with two models that each go on from their own answers."""
    chat = begin(session, make_chat(session, cast, goes_on="own", **draft), cast.ada)
    for text in texts:
        turn = write(session, chat, text, cast.ada)
        if chat.vote.value == "turn":
            vote(session, turn, 1, cast.ada)
    return chat


def test_at_the_end_two_conversations_are_compared(
    session: Session, cast: Cast, frozen: StoppedClock
) -> None:
    chat = talk(session, cast, "Hello", "And?", vote="end")
    last = turns.current(session, chat)[-1]
    with pytest.raises(Conflict, match="end the conversation first"):
        vote(session, last, 1, cast.ada)
    frozen.forward(minutes=1)
    endings.end(session, chat, by=cast.ada)
    assert looks.look(session, chat).votes_on is last
    frozen.forward(minutes=2)
    judgment = vote(session, last, 1, cast.ada)
    comparison, prompt = comparison_of(session, judgment)
    assert prompt.messages == [{"role": "user", "content": "Hello"}]
    assert comparison.details["transcripts"] is True
    assert judgment.duration_ms == 120_000
    for response, endpoint in zip(
        comparisons.responses(session, comparison.id),
        conversations.endpoints(session, chat),
        strict=True,
    ):
        name = endpoint.name
        assert response.text == (
            f"[assistant]\n\n{name}: Hello (1)\n\n[user]\n\nAnd?\n\n[assistant]\n\n{name}: And? (3)"
        )
        assert response.provenance["transcript"] == [
            {"role": "assistant", "content": f"{name}: Hello (1)"},
            {"role": "user", "content": "And?"},
            {"role": "assistant", "content": f"{name}: And? (3)"},
        ]
    with pytest.raises(Conflict, match="already judged"):
        vote(session, last, 1, cast.ada)


def test_one_message_at_the_end_is_a_plain_pair(session: Session, cast: Cast) -> None:
    chat = talk(session, cast, "Hello", vote="end")
    endings.end(session, chat, by=cast.ada)
    judgment = vote(session, turns.current(session, chat)[-1], 1, cast.ada)
    comparison, _ = comparison_of(session, judgment)
    assert comparison.details["transcripts"] is False
    responses = comparisons.responses(session, comparison.id)
    assert not any("transcript" in each.provenance for each in responses)


def test_each_its_own_by_turn_compares_all_that_was_said(session: Session, cast: Cast) -> None:
    chat = talk(session, cast, "Hello", "And?", vote="turn")
    made = session.scalars(sa.select(Comparison).order_by(Comparison.id)).all()
    assert [each.details["transcripts"] for each in made] == [False, True]
    assert [each.details["turn"] for each in made] == [1, 2]
    assert {each.details["conversation"] for each in made} == {chat.id}


def test_a_last_turn_that_is_broken_is_left_out_at_the_end(session: Session, cast: Cast) -> None:
    chat = talk(session, cast, "Hello", "And?", vote="end")
    turns.say(session, chat, "Then?", key=new_key(), by=cast.ada)
    answer(session, most=1, finish_reason="length")
    answer(session)
    endings.end(session, chat, by=cast.ada)
    found = looks.look(session, chat)
    assert [each.turn.text for each in found.exchanges] == ["Hello", "And?"]
    assert found.votes_on is found.exchanges[-1].turn


def test_two_conversations_that_are_the_same_are_not_compared(session: Session, cast: Cast) -> None:
    chat = begin(session, make_chat(session, cast, vote="end", goes_on="own"), cast.ada)
    for text in ("Hello", "And?"):
        turns.say(session, chat, text, key=new_key(), by=cast.ada)
        answer(session, lambda _taken: "Yes.")
    endings.end(session, chat, by=cast.ada)
    with pytest.raises(Conflict, match="are the same"):
        vote(session, turns.current(session, chat)[-1], 1, cast.ada)
    assert exchanges.SAME not in looks.look(session, chat).hindrance


# After the names


def test_names_come_after_the_end_and_close_the_vote(session: Session, cast: Cast) -> None:
    project = make_chat(session, cast)
    chat = begin(session, project, cast.ada)
    judgment = vote(session, write(session, chat, "Hello", cast.ada), 1, cast.ada)
    last = write(session, chat, "And?", cast.ada)
    with pytest.raises(Conflict, match="end the conversation first"):
        endings.reveal(session, chat, by=cast.ada)
    assert endings.named(session, chat) == ()
    endings.end(session, chat, by=cast.ada)
    assert endings.named(session, chat) == ()
    told = endings.reveal(session, chat, by=cast.ada)
    names = [endpoint.name for endpoint in conversations.endpoints(session, chat)]
    turn = turns.current(session, chat)[0]
    assert told[0].endpoints == tuple(names[place] for place in turn.places)
    assert told[0].models == tuple(f"model-{names[place]}" for place in turn.places)
    assert endings.reveal(session, chat, by=cast.ada) == told == endings.named(session, chat)
    with pytest.raises(Conflict, match="which models answered"):
        vote(session, last, 1, cast.ada)
    other = votes.read(session, turn, {"pairwise": 7})
    with pytest.raises(Conflict, match="names of the models"):
        judgments.change(session, project, judgment, other, key=new_key())
    with pytest.raises(NotFound):
        endings.reveal(session, chat, by=cast.bea)


def test_a_vote_is_repeated_and_not_changed_after_the_names(session: Session, cast: Cast) -> None:
    chat = begin(session, make_chat(session, cast), cast.ada)
    turn, key = write(session, chat, "Hello", cast.ada), new_key()
    judgment = vote(session, turn, 1, cast.ada, key=key)
    endings.end(session, chat, by=cast.ada)
    endings.reveal(session, chat, by=cast.ada)
    assert vote(session, turn, 1, cast.ada, key=key) is judgment


def test_until_then_a_vote_can_be_changed_as_any_other(session: Session, cast: Cast) -> None:
    project = make_chat(session, cast)
    chat = begin(session, project, cast.ada)
    turn = write(session, chat, "Hello", cast.ada)
    judgment = vote(session, turn, 1, cast.ada)
    endings.end(session, chat, by=cast.ada)
    other = votes.read(session, turn, {"pairwise": 7})
    later = judgments.change(session, project, judgment, other, key=new_key()).judgment
    assert (later.version, later.preferred) == (2, turn.places[1])
