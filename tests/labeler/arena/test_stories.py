"""What always holds of a chat, whatever its person does in whatever order, and however often.

On each database some stories are told, each step at random and often twice.
"""

from collections.abc import Callable, Sequence
from itertools import count
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy.orm import Session

from labeler import audit
from labeler.arena import endings, looks, turns, votes
from labeler.arena.conversations import Conversation
from labeler.arena.looks import Exchange, Look, Standing
from labeler.arena.turns import Turn
from labeler.errors import Conflict
from labeler.work.assignments import Assignment
from labeler.work.comparisons import Comparison, Prompt, Response
from labeler.work.judgments import Judgment
from tests.cast import Cast
from tests.labeler.arena.talks import answer, begin, make_chat, refuse, vote
from tests.make import new_key

RULES = (("turn", "better"), ("turn", "own"), ("end", "own"))
ACTS = 5 * ["whole"] + 3 * ["say", "ready", "vote"] + 2 * ["draw_again", "half", "end", "begin"]
ACTS += ["fail", "broken", "same", "reveal"]
CHOICES = (1, 7, "tie", "both_bad")
STORIES, STEPS = 6, 20


class Chat(RuleBasedStateMachine):
    """Ada chats by one of three rules, says everything twice now and then, and reloads."""

    def __init__(self, session: Session, cast: Cast, number: int) -> None:
        super().__init__()
        self.session, self.cast = session, cast
        when, goes_on = RULES[number % len(RULES)]
        rules: dict[str, Any] = {"vote": when, "goes_on": goes_on, "most_turns": 4}
        self.project = make_chat(session, cast, slug=f"chat-{number}", **rules)
        self.chat: Conversation = begin(session, self.project, cast.ada)
        self.places: dict[int, list[int]] = {}
        self.shown: dict[int, tuple[str, ...]] = {}
        self.judged_at_reveal: dict[int, int] = {}
        self.checked = set[int]()
        """Assignments whose comparison was looked at: what it says never changes."""
        self.did: list[Callable[[], Any]] = []

    # Drawn by a number: of a list Hypothesis takes what stands first far too often.
    @rule(number=st.integers(0, 2**32))
    def something_happens(self, number: int) -> None:
        lot = Random(number)
        act, choice, again = lot.choice(ACTS), lot.choice(CHOICES), lot.random() < 0.5
        match act:
            case "whole":
                self.say(choice)
                answer(self.session)
                self.vote(choice)
            case "ready" | "half":
                answer(self.session, most=1 if act == "half" else 9)
            case "fail":
                if self.look().exchanges and self._is_writing:
                    refuse(self.session)
            case "broken":
                answer(self.session, most=1, finish_reason="length")
            case "same":
                answer(self.session, lambda _taken: "Yes.")
            case _:
                getattr(self, act)(choice)
        if again and self.did:
            self.did[-1]()

    @property
    def _is_writing(self) -> bool:
        return self.look().exchanges[-1].standing is Standing.writing

    def look(self) -> Look:
        return looks.look(self.session, self.chat)

    # What she does; each leaves a step that does the same once more

    def say(self, _choice: str | int) -> None:
        key, may, text = new_key(), self.look().may_say, f"Number {len(self.look().exchanges)}?"

        def act() -> Turn:
            return turns.say(self.session, self.chat, text, key=key, by=self.cast.ada)

        if not may:
            with pytest.raises(Conflict):
                act()
            return
        turn = act()
        self._once_more(act, turn)

    def vote(self, choice: str | int) -> None:
        turn, key = self.look().votes_on, new_key()
        if turn is None:
            if exchanges := self.look().exchanges:
                with pytest.raises(Conflict):
                    vote(self.session, exchanges[-1].turn, choice, self.cast.ada)
            return
        said = votes.read(self.session, turn, {"pairwise": choice})

        def act() -> Judgment:
            receipt = votes.vote(self.session, turn, said, key=key, by=self.cast.ada)
            return receipt.judgment

        self._once_more(act, act())

    def draw_again(self, _choice: str | int) -> None:
        found = self.look()
        if not found.exchanges:
            return
        turn = found.exchanges[-1].turn

        def act() -> Turn:
            return turns.draw_again(self.session, turn, by=self.cast.ada)

        if not found.may_draw_again:
            with pytest.raises(Conflict):
                act()
            return
        again = act()
        assert (again.number, again.draw) == (turn.number, turn.draw + 1)
        self.did.append(act)

    def end(self, _choice: str | int) -> None:
        def act() -> None:
            return endings.end(self.session, self.chat, by=self.cast.ada)

        act()
        self._once_more(act, None)

    def reveal(self, _choice: str | int) -> None:
        def act() -> Any:
            return endings.reveal(self.session, self.chat, by=self.cast.ada)

        if self.chat.ended_at is None:
            with pytest.raises(Conflict):
                act()
            return
        told = act()
        self.judged_at_reveal.setdefault(self.chat.id, self._judged())
        self._once_more(act, told)

    def begin(self, _choice: str | int) -> None:
        chat = begin(self.session, self.project, self.cast.ada)
        assert (chat is self.chat) == (self.chat.ended_at is None)
        self.chat = chat
        self.did.clear()

    def _once_more(self, act: Callable[[], Any], came: Any) -> None:
        def again() -> None:
            assert act() == came

        self.did.append(again)

    # What always holds

    @invariant()
    def what_always_holds(self) -> None:
        found = self.look()
        self.both_answers_come_together_and_their_order_stays(found)
        self.there_is_one_judgment_at_most_of_a_turn(found)
        self.prompts_are_what_was_said(found)

    def both_answers_come_together_and_their_order_stays(self, found: Look) -> None:
        for each in found.exchanges:
            places = self.places.setdefault(each.turn.id, list(each.turn.places))
            assert each.turn.places == places
            assert len(each.answers) == (2 if each.standing is Standing.ready else 0)
            if each.answers:
                assert self.shown.setdefault(each.turn.id, each.answers) == each.answers

    def there_is_one_judgment_at_most_of_a_turn(self, found: Look) -> None:
        mine = sa.select(Turn).where(Turn.conversation_id == self.chat.id)
        voted = [each for each in self.session.scalars(mine) if each.assignment_id is not None]
        assert self._judged() == len(voted)
        assert len({each.number for each in voted}) == len(voted)
        if self.chat.id in self.judged_at_reveal:
            assert self._judged() == self.judged_at_reveal[self.chat.id]
            assert found.votes_on is None

    def prompts_are_what_was_said(self, look: Look) -> None:
        found = look.exchanges
        for at, each in enumerate(found):
            if each.turn.assignment_id is None or each.turn.assignment_id in self.checked:
                continue
            self.checked.add(each.turn.assignment_id)
            given = self.session.get_one(Assignment, each.turn.assignment_id)
            comparison = self.session.get_one(Comparison, given.comparison_id)
            prompt = self.session.get_one(Prompt, comparison.prompt_id)
            is_talk = self.chat.goes_on.value == "own" and at > 0
            assert comparison.details["transcripts"] is is_talk
            assert given.places == each.turn.places
            if is_talk:
                assert [m["content"] for m in prompt.messages] == [found[0].turn.text]
                self._holds_both_talks(comparison.id, found[: at + 1])
            else:
                assert [m["content"] for m in prompt.messages] == self._said_until(found, at)
                texts = self._responses(comparison.id)
                assert tuple(texts[place] for place in given.places) == each.answers

    def _said_until(self, found: Sequence[Exchange], at: int) -> list[str]:
        said = list[str]()
        for each in found[:at]:
            assert each.goes_on is not None
            said += [each.turn.text, each.answers[each.goes_on]]
        return [*said, found[at].turn.text]

    def _holds_both_talks(self, comparison_id: int, found: Sequence[Exchange]) -> None:
        for number, text in enumerate(self._responses(comparison_id)):
            place = found[0].turn.places.index(number)
            said = [found[0].answers[place]]
            for each in found[1:]:
                said += [each.turn.text, each.answers[place]]
            parts = [part for part in text.split("\n\n") if part not in ("[assistant]", "[user]")]
            assert parts == said

    def _responses(self, comparison_id: int) -> list[str]:
        mine = sa.select(Response.text).where(Response.comparison_id == comparison_id)
        return list(self.session.scalars(mine.order_by(Response.number)))

    def _judged(self) -> int:
        mine = sa.select(Turn.assignment_id).where(Turn.conversation_id == self.chat.id)
        judged = sa.select(sa.func.count(Judgment.id)).where(Judgment.assignment_id.in_(mine))
        return self.session.scalar(judged) or 0

    def teardown(self) -> None:
        self.session.flush()
        assert list(audit.faults(self.session)) == []


def test_whatever_happens_in_a_chat(session: Session, cast: Cast) -> None:
    numbers = count()
    run_state_machine_as_test(
        lambda: Chat(session, cast, next(numbers)),
        settings=settings(
            max_examples=STORIES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            # Models and orders are drawn at random, so a shorter story would be another story.
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
